/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/loss_judge.h"

#define SILENT_LOOKS 12 /* who has heard nothing by then hears nothing at all */

struct heard_one {
	guint end;
	char *of;
	struct loss_test test;
	guint looks;
};

struct loss_judge {
	double limit_pct;
	unsigned burst_packets;
	GArray *list; /* struct heard_one */
};

static void heard_one_clear(gpointer data)
{
	g_free(((struct heard_one *)data)->of);
}

loss_judge *loss_judge_new(double limit_pct, unsigned burst_packets)
{
	loss_judge *j = g_new0(loss_judge, 1);

	j->limit_pct = limit_pct;
	j->burst_packets = burst_packets;
	j->list = g_array_new(FALSE, FALSE, sizeof(struct heard_one));
	g_array_set_clear_func(j->list, heard_one_clear);
	return j;
}

void loss_judge_free(loss_judge *j)
{
	if (!j)
		return;
	g_array_unref(j->list);
	g_free(j);
}

void loss_judge_add(loss_judge *j, guint end, const char *of)
{
	struct heard_one one = {.end = end, .of = g_strdup(of)};

	loss_test_init(&one.test, j->limit_pct, j->burst_packets);
	g_array_append_val(j->list, one);
}

/* The counts of the stream, or of the participant, in a report; NULL: none. */
static const json_t *counts_of(const json_t *event, const char *of)
{
	const json_t *source = json_object_get(json_object_get(event, "sources"), of),
		     *streams = json_object_get(event, "streams"), *stream;
	size_t i;

	if (source)
		return source;
	json_array_foreach(streams, i, stream) {
		const json_t *quality = json_object_get(stream, "quality");

		if (g_strcmp0(json_string_value(json_object_get(stream, "kind")), of) == 0)
			return quality ? quality : stream;
	}
	return NULL;
}

void loss_judge_hear(loss_judge *j, guint end, const json_t *event)
{
	for (guint i = 0; i < j->list->len; i++) {
		struct heard_one *one = &g_array_index(j->list, struct heard_one, i);
		const json_t *counts = counts_of(event, one->of);
		json_int_t expected = json_integer_value(json_object_get(counts, "expected")),
			   received = json_integer_value(json_object_get(counts, "received"));

		if (one->end != end)
			continue;
		one->looks++;
		if (expected > 0 && received >= 0)
			loss_test_count(&one->test, (guint64)expected, (guint64)received);
	}
}

/* It is decided, or will never be. */
static bool is_over(const struct heard_one *one)
{
	return one->test.decision != LOSS_OPEN ||
	       one->looks >= loss_test_max_ms(&one->test) / LOSS_LOOK_MS;
}

bool loss_judge_is_done(const loss_judge *j)
{
	bool all = true;

	for (guint i = 0; i < j->list->len; i++) {
		const struct heard_one *one = &g_array_index(j->list, struct heard_one, i);

		if (one->test.decision == LOSS_FAIL ||
		    (one->test.packets == 0 && one->looks >= SILENT_LOOKS))
			return true;
		all = all && is_over(one);
	}
	return all;
}

guint loss_judge_count(const loss_judge *j)
{
	return j->list->len;
}

struct loss_judged loss_judge_get(const loss_judge *j, guint index)
{
	const struct heard_one *one = &g_array_index(j->list, struct heard_one, index);

	return (struct loss_judged){
		.end = one->end, .of = one->of, .test = &one->test, .limit_pct = j->limit_pct};
}
