/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call whose media may be lost on its way goes on until a loss test has decided (loss_test.h):
 * its ends are asked to report what they hear, and the caller, or everyone in a conference, is told
 * to hang up when that is enough. */
#include "testbed/session/machine_internal.h"

static void add_tests(cell_machine *m)
{
	for (guint end = 0; end < m->n_ends; end++) {
		for (guint other = 0; !m->cell->b && other < m->n_ends; other++)
			if (other != end)
				loss_judge_add(m->judge, end, m->users[other]);
		if (m->cell->b)
			loss_judge_add(m->judge, end, "audio");
		if (m->cell->b && m->cell->media == MEDIA_VIDEO)
			loss_judge_add(m->judge, end, "video");
	}
}

void machine_judge_begin(cell_machine *m, const struct lossy_way *way)
{
	if (!way->may_lose || m->max_loss_pct >= 100 || m->stand)
		return;
	m->judge = loss_judge_new(m->max_loss_pct, way->burst_packets);
	m->talking = g_new0(bool, m->n_ends + 1);
	add_tests(m);
}

/* The call as that end knows it; the caller frees. */
static char *call_of(const cell_machine *m, guint end)
{
	return m->cell->b ? g_strdup(m->call) :
			    g_strdup_printf("%s/%s", machine_participant(m, end), m->call);
}

static void send_watch(const cell_machine *m, guint end, GPtrArray *commands)
{
	g_autofree char *call = call_of(m, end);

	machine_send(commands, machine_participant(m, end),
		     json_pack("{s:s, s:s, s:i}", "cmd", "watch", "call", call, "every_ms",
			       LOSS_LOOK_MS));
}

/* Of a call between two the caller hangs up. */
static void hang_up(cell_machine *m, GPtrArray *commands)
{
	m->enough = true;
	for (guint end = 0; end < (m->cell->b ? 1 : m->n_ends); end++) {
		g_autofree char *call = call_of(m, end);

		if (!m->talking[end] || m->ends[end].event)
			continue;
		m->talking[end] = false;
		machine_send(commands, machine_participant(m, end),
			     json_pack("{s:s, s:s}", "cmd", "hang-up", "call", call));
	}
}

void machine_judge_talking(cell_machine *m, guint end, gint64 now_us, GPtrArray *commands)
{
	if (!m->judge || m->talking[end])
		return;
	if (m->talking_us == 0)
		m->talking_us = now_us;
	m->talking[end] = true;
	if (m->enough) {
		hang_up(m, commands);
		return;
	}
	for (guint i = 0; i < m->n_ends; i++)
		if (i == end || m->cell->b)
			send_watch(m, i, commands);
}

void machine_judge_media(cell_machine *m, guint end, json_t *event, gint64 now_us,
			 GPtrArray *commands)
{
	if (!m->judge || m->enough)
		return;
	loss_judge_hear(m->judge, end, event);
	if (loss_judge_is_done(m->judge) && now_us - m->talking_us >= (gint64)m->media_ms * 1000)
		hang_up(m, commands);
}

void machine_judge_result(cell_machine *m, guint end, json_t *event, GPtrArray *commands)
{
	if (!m->judge)
		return;
	loss_judge_hear(m->judge, end, event);
	hang_up(m, commands);
}

/* "audio lost", or in a conference "lost packets of branch1,". The caller frees. */
static char *loss_text(const cell_machine *m, const struct loss_judged *one)
{
	for (guint i = 0; !m->cell->b && i < m->n_ends; i++) {
		if (g_strcmp0(m->users[i], one->of) == 0)
			return g_strdup_printf("lost packets of %s,", machine_participant(m, i));
	}
	return g_strdup_printf("%s lost", one->of);
}

/* What is left of the others is not judged by chance. */
static enum verdict verdict_of(cell_machine *m, const struct loss_judged *one, GString *why)
{
	const char *who = machine_participant(m, one->end);
	double lost_pct = one->test->packets > 0 ?
				  100.0 * (double)one->test->lost / (double)one->test->packets :
				  0;

	g_autofree char *text = loss_text(m, one);

	if (one->test->decision == LOSS_PASS)
		return VERDICT_PASS;
	if (one->test->decision == LOSS_FAIL)
		machine_blame(why, who,
			      "%s %.1f %% (%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " arrived)",
			      text, lost_pct, one->test->packets - one->test->lost,
			      one->test->packets);
	else
		machine_blame(why, who,
			      "%s %.1f %% of %" G_GUINT64_FORMAT
			      " packets, too few to tell it from the %g %% that are allowed",
			      text, lost_pct, one->test->packets, one->limit_pct);
	return one->test->decision == LOSS_FAIL ? VERDICT_FAIL : VERDICT_ERROR;
}

static void keep_test(cell_machine *m, const struct loss_judged *one, enum verdict verdict)
{
	const struct cell_loss_test test = {
		.verdict = verdict,
		.packets = one->test->packets,
		.lost = one->test->lost,
		.limit_pct = one->limit_pct,
		.error_rate = LOSS_ERROR_RATE,
	};

	cell_add_loss_test(m->cell, machine_participant(m, one->end), one->of, &test);
}

enum verdict machine_judge_verdict(cell_machine *m, GString *why)
{
	bool failed = false, open = false;
	g_autoptr(GString) failures = g_string_new(NULL), rest = g_string_new(NULL);

	for (guint i = 0; m->judge && i < loss_judge_count(m->judge); i++) {
		const struct loss_judged one = loss_judge_get(m->judge, i);
		bool is_failure = one.test->decision == LOSS_FAIL;
		enum verdict v = verdict_of(m, &one, is_failure ? failures : rest);

		failed = failed || v == VERDICT_FAIL;
		open = open || v == VERDICT_ERROR;
		keep_test(m, &one, v);
	}
	if (failed || open)
		m->cell->code = failed ? REASON_MEDIA_LOST : REASON_LOSS_UNDECIDED;
	g_string_append(why, failed ? failures->str : rest->str);
	return failed ? VERDICT_FAIL : open ? VERDICT_ERROR : VERDICT_PASS;
}
