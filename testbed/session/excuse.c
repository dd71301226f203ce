/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/excuse.h"

#include "testbed/session/machine.h"

#include <math.h>
#include <string.h>

#define KEPT_MAX 16
#define NAMED_MAX 3 /* witnesses that the reason of a cell names */

/* A lost or late packet of media is what the verdict counts. */
#define MEDIA_PATIENCE_MS 100
#define SILENCE_PATIENCE_MS 400
/* A pair or relay is passed over when its answer is later than another one's: checks and Allocates
 * are sent again after 500 ms, and TCP begins 700 ms after UDP (common/ice.c). */
#define PATH_PATIENCE_MS 300

static const struct {
	enum reason code;
	int patience_ms;
} patiences[] = {
	/* ICE sends again for three seconds */
	{REASON_NO_PAIR, 1000},
	{REASON_PEER_FOUND_NO_PATH, 1000},
	{REASON_PEER_LEFT_EARLY, 1000},
	{REASON_NOT_HEARD, 1000},
	{REASON_NO_MEDIA, SILENCE_PATIENCE_MS},
	{REASON_PEER_FELL_SILENT, SILENCE_PATIENCE_MS},
	/* transactions, connections and look-ups have seconds */
	{REASON_PEER_DID_NOT_ANSWER, 1000},
	{REASON_NO_ANSWER_IN_TIME, 1000},
	{REASON_SIP_NO_ANSWER, 1000},
	{REASON_SIP_SERVER_TIMEOUT, 1000},
	{REASON_SIP_FLOW_FAILED, 1000},
	{REASON_SIP_SERVICE_UNAVAILABLE, 1000},
	{REASON_SERVER_LOST, 1000},
	{REASON_SIGN_IN_TIMED_OUT, 1000},
	{REASON_CONNECTION_TIMED_OUT, 1000},
	{REASON_TLS_TIMED_OUT, 1000},
	{REASON_DNS_TIMED_OUT, 1000},
};

/* Media flowed, and too little of it arrived: nothing else is wrong. */
static int media_patience_ms(const struct cell *c)
{
	return c->quality.received > 0 ? MEDIA_PATIENCE_MS :
	       c->quality.sent > 0     ? SILENCE_PATIENCE_MS :
					 -1;
}

int excuse_code_patience_ms(enum reason code)
{
	for (guint i = 0; i < G_N_ELEMENTS(patiences); i++)
		if (patiences[i].code == code)
			return patiences[i].patience_ms;
	return -1;
}

int excuse_patience_ms(const struct cell *c)
{
	if (c->verdict == VERDICT_PASS)
		return c->as_expected ? -1 : PATH_PATIENCE_MS;
	/* where the network may lose media a test has decided by what is allowed there */
	if (c->code == REASON_MEDIA_LOST && c->loss_tests->len == 0)
		return media_patience_ms(c);
	if (c->code != REASON_NONE)
		return excuse_code_patience_ms(c->code);
	/* an error without a code: somebody did not answer for CELL_DEADLINE_MS */
	return c->verdict == VERDICT_ERROR ? 1000 : media_patience_ms(c);
}

static bool is_client(const char *where)
{
	return !strpbrk(where, "/: ");
}

static bool concerns(const struct witness *w, const struct cell *c)
{
	return !is_client(w->where) ||
	       g_ptr_array_find_with_equal_func(c->participants, w->where, g_str_equal, NULL);
}

/* The part of it that lies between the two moments, in ms. */
static double part_ms(const struct witness *w, gint64 from_us, gint64 to_us)
{
	gint64 begin_us = MAX(w->from_us, from_us), end_us = MIN(w->to_us, to_us);
	gint64 all_us = MAX(w->to_us - w->from_us, 1);

	return end_us < begin_us ? 0 :
				   (double)w->amount * (double)(end_us - begin_us) / (double)all_us;
}

static bool excuses(const struct witness *w, int patience_ms, gint64 from_us, gint64 to_us)
{
	if (w->to_us < from_us || w->from_us > to_us)
		return false;
	return witness_counts_packets(w->kind) || part_ms(w, from_us, to_us) >= patience_ms;
}

GPtrArray *excuse_find(const struct cell *c, const GPtrArray *all, gint64 from_us, gint64 to_us)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(witness_free);
	int patience_ms = excuse_patience_ms(c);

	for (guint i = 0; patience_ms >= 0 && i < all->len; i++) {
		const struct witness *w = all->pdata[i];

		if (concerns(w, c) && excuses(w, patience_ms, from_us, to_us))
			g_ptr_array_add(found, witness_copy(w));
	}
	return found;
}

GPtrArray *excuse_find_sign_in(const char *client, enum reason code, const GPtrArray *all,
			       gint64 from_us, gint64 to_us)
{
	struct cell *c = cell_new();
	GPtrArray *found;

	g_ptr_array_add(c->participants, g_strdup(client));
	c->code = code;
	found = excuse_find(c, all, from_us, to_us);
	cell_free(c);
	return found;
}

void excuse_note_quality(struct cell *c, const GPtrArray *all, gint64 from_us, gint64 to_us)
{
	double late_ms = 0;

	c->machine_lost = 0;
	for (guint i = 0; i < all->len; i++) {
		const struct witness *w = all->pdata[i];

		if (!concerns(w, c) || w->to_us < from_us || w->from_us > to_us)
			continue;
		if (witness_counts_packets(w->kind))
			c->machine_lost += w->amount;
		else
			late_ms += part_ms(w, from_us, to_us);
	}
	c->machine_late_ms = (guint64)ceil(late_ms);
}

char *excuse_text(const GPtrArray *witnesses)
{
	GString *text = g_string_new("the machine was overloaded: ");

	for (guint i = 0; i < witnesses->len && i < NAMED_MAX; i++) {
		g_autofree char *one = witness_text(witnesses->pdata[i]);

		g_string_append_printf(text, "%s%s", i > 0 ? "; " : "", one);
	}
	if (witnesses->len > NAMED_MAX)
		g_string_append_printf(text, " and %u more", witnesses->len - NAMED_MAX);
	return g_string_free(text, FALSE);
}

void excuse_keep(GPtrArray *kept, const GPtrArray *witnesses)
{
	for (guint i = 0; i < witnesses->len && kept->len < KEPT_MAX; i++)
		g_ptr_array_add(kept, witness_copy(witnesses->pdata[i]));
}

void excuse_apply(struct cell *c, const GPtrArray *witnesses)
{
	g_autofree char *why = excuse_text(witnesses);
	g_autofree char *reason = g_strdup_printf("%s; %s", why,
						  c->verdict == VERDICT_PASS ? "another path" :
						  c->reason		     ? c->reason :
									       "no reason given");

	c->code = REASON_NONE; /* no agent gave this one */
	g_free(c->cause);
	c->cause = g_strdup(WITNESS_CAUSE);
	cell_finish(c, VERDICT_ERROR, reason);
}
