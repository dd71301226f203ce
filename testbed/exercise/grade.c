/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exercise/grade.h"

#define CAUSE_POINTS 40u
#define NODE_POINTS 40u
#define OBJECT_POINTS 20u
#define HARM_POINTS 25	   /* what a broken call costs at least */
#define NAMES_MAX 6	   /* calls that a sentence names */
#define OBJECT_WORDS_MAX 6 /* an answer that lists all that there is names nothing */

/* --- calls ------------------------------------------------------------------------------------ */

static const struct object_shape judged_shape =
	OBJECT_SHAPE(judged_call, NULL, OWNS_TEXT(judged_call, name), OWNS_TEXT(judged_call, a),
		     OWNS_TEXT(judged_call, b));

/* Adds the calls of a pair that should work. */
static void add_pair(GPtrArray *calls, const model *m, const struct scenario *sc, const char *a,
		     const char *b)
{
	for (enum media media = MEDIA_IM; media <= MEDIA_VIDEO; media++) {
		const struct expect *e = scenario_expect(m, sc, a, b, media);
		struct judged_call *c;

		if (e && e->verdict != VERDICT_PASS)
			continue;
		c = object_new(&judged_shape);
		c->name = g_strdup_printf("%s-%s/%s", a, b, media_name(media));
		c->a = g_strdup(a);
		c->b = g_strdup(b);
		c->media = media;
		c->path_mask = e ? e->path_mask : 0;
		g_ptr_array_add(calls, c);
	}
}

GPtrArray *judged_calls(const model *m, const struct scenario *sc)
{
	GPtrArray *calls = g_ptr_array_new_with_free_func(object_free);

	for (guint i = 0; i < m->nodes->len; i++) {
		const struct node *a = m->nodes->pdata[i];

		for (guint k = i + 1; a->endpoint && k < m->nodes->len; k++) {
			const struct node *b = m->nodes->pdata[k];

			if (b->endpoint)
				add_pair(calls, m, sc, a->name, b->name);
		}
	}
	return calls;
}

enum call_state judged_state(const struct judged_call *c, enum verdict verdict,
			     enum path_class path)
{
	if (verdict == VERDICT_FAIL)
		return CALL_FAILS;
	if (verdict != VERDICT_PASS)
		return CALL_UNKNOWN;
	return c->path_mask == 0 || (c->path_mask & 1u << path) ? CALL_WORKS : CALL_DETOUR;
}

bool judged_is_broken(const struct judged_call *c)
{
	return c->before == CALL_FAILS || c->before == CALL_DETOUR;
}

bool judged_is_mended(const struct judged_call *c, enum call_state s)
{
	return s == CALL_WORKS || (s == CALL_DETOUR && c->before == CALL_FAILS);
}

/* --- answers ---------------------------------------------------------------------------------- */

struct answer_grade grade_answer(const struct fault *f, const char *cause, const char *node,
				 const char *object)
{
	g_auto(GStrv) words = g_strsplit(object ? object : "", " ", 0);
	struct answer_grade g = {
		.cause = cause && fault_is_cause(f, cause),
		.node = fault_is_at(f, node),
		.object = g_strv_length(words) <= OBJECT_WORDS_MAX && fault_is_of(f, object),
	};

	g.percent = (g.cause ? CAUSE_POINTS : 0) + (g.node ? NODE_POINTS : 0) +
		    (g.object ? OBJECT_POINTS : 0);
	return g;
}

/* --- repairs ---------------------------------------------------------------------------------- */

/* The names of the calls for which `is` is true, as ": a, b and 3 more"; the caller frees it. */
static char *names_of(const GPtrArray *calls, bool (*is)(const struct judged_call *c))
{
	GString *text = g_string_new(NULL);
	guint n = 0;

	ptr_array_foreach(const struct judged_call, c, calls) {
		if (!is(c))
			continue;
		if (n++ < NAMES_MAX)
			g_string_append_printf(text, "%s%s", n == 1 ? ": " : ", ", c->name);
	}
	if (n > NAMES_MAX)
		g_string_append_printf(text, " and %u more", n - NAMES_MAX);
	return g_string_free(text, FALSE);
}

static bool is_still_broken(const struct judged_call *c)
{
	return judged_is_broken(c) && c->now != CALL_UNKNOWN && !judged_is_mended(c, c->now);
}

static bool is_harmed(const struct judged_call *c)
{
	return c->before == CALL_WORKS && c->now == CALL_FAILS;
}

static bool is_lost(const struct judged_call *c)
{
	return (c->later == CALL_FAILS || c->later == CALL_DETOUR) && c->now != c->later &&
	       (judged_is_broken(c) ? !judged_is_mended(c, c->later) : c->later == CALL_FAILS);
}

static bool is_unknown(const struct judged_call *c)
{
	return c->before != CALL_UNKNOWN && c->now == CALL_UNKNOWN;
}

static void count(const GPtrArray *calls, struct repair_grade *g)
{
	ptr_array_foreach(const struct judged_call, c, calls) {
		g->broken += judged_is_broken(c);
		g->mended += judged_is_broken(c) && judged_is_mended(c, c->now);
		g->stood += c->before == CALL_WORKS;
		g->harmed += is_harmed(c);
		g->lost += is_lost(c);
		g->unknown += is_unknown(c);
	}
}

/* The sentence "N WHAT: names". */
static void add_reason(struct repair_grade *g, guint n, const char *what, const GPtrArray *calls,
		       bool (*is)(const struct judged_call *c))
{
	g_autofree char *names = names_of(calls, is);

	if (n > 0)
		g_ptr_array_add(g->reasons, g_strdup_printf("%u %s%s", n, what, names));
}

static unsigned percent_of(const struct repair_grade *g)
{
	unsigned percent = g->broken > 0 ? 100 * g->mended / g->broken : 0;
	unsigned harm = g->harmed == 0 ? 0 : MAX(HARM_POINTS, 100 * g->harmed / g->stood);

	if (g->lost > 0)
		percent /= 2;
	return percent > harm ? percent - harm : 0;
}

void grade_repair(const GPtrArray *calls, const char *restarted, struct repair_grade *ret)
{
	g_autofree char *lost =
		g_strdup_printf("fail after a restart of %s, so the repair does not last",
				restarted ? restarted : "the lab");

	*ret = (struct repair_grade){.reasons = g_ptr_array_new_with_free_func(g_free)};
	count(calls, ret);
	ret->percent = percent_of(ret);
	ret->passed = ret->broken > 0 && ret->mended == ret->broken && ret->harmed == 0 &&
		      ret->lost == 0 && ret->unknown == 0;
	g_ptr_array_add(ret->reasons,
			g_strdup_printf("%u of the %u calls that the fault breaks work again",
					ret->mended, ret->broken));
	add_reason(ret, ret->broken - ret->mended, "do not work yet", calls, is_still_broken);
	add_reason(ret, ret->harmed, "worked before and fail now", calls, is_harmed);
	add_reason(ret, ret->lost, lost, calls, is_lost);
	add_reason(ret, ret->unknown, "could not be judged on this machine; check again", calls,
		   is_unknown);
	if (ret->passed && restarted)
		g_ptr_array_add(ret->reasons,
				g_strdup_printf("the repair outlasts a restart of %s", restarted));
}

void repair_grade_clear(struct repair_grade *g)
{
	g_clear_pointer(&g->reasons, g_ptr_array_unref);
}
