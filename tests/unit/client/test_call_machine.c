/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "clients/call_machine.h"

#define STREAM(state) (100 + (int)(state)) /* script step: all streams reach a state */
#define END (-1)

struct step {
	int input;
	guint actions;
};

struct script {
	const char *name;
	bool caller;
	struct step steps[12];
	enum call_verdict verdict;
	const char *stage;
};

static const struct script scripts[] = {
	{"caller, all well",
	 true,
	 {{CALL_IN_DIALOG, CALL_DO_TRICKLE},
	  {CALL_IN_ESTABLISHED, CALL_DO_ACK},
	  {STREAM(ICE_CHECKING), 0},
	  {STREAM(ICE_CONNECTED), 0},
	  {STREAM(ICE_READY), CALL_DO_REINVITE},
	  {CALL_IN_CONFIRMED, CALL_DO_ACK | CALL_DO_START_CLOCK},
	  {CALL_IN_MEDIA_DONE, CALL_DO_BYE | CALL_DO_END},
	  {END, 0}},
	 CALL_PASS,
	 NULL},
	{"caller, ready before the 200",
	 true,
	 {{CALL_IN_DIALOG, CALL_DO_TRICKLE},
	  {STREAM(ICE_READY), 0},
	  {CALL_IN_ESTABLISHED, CALL_DO_ACK | CALL_DO_REINVITE},
	  {CALL_IN_CONFIRMED, CALL_DO_ACK | CALL_DO_START_CLOCK},
	  {CALL_IN_MEDIA_DONE, CALL_DO_BYE | CALL_DO_END},
	  {END, 0}},
	 CALL_PASS,
	 NULL},
	{"caller, no path",
	 true,
	 {{CALL_IN_DIALOG, CALL_DO_TRICKLE},
	  {CALL_IN_ESTABLISHED, CALL_DO_ACK},
	  {STREAM(ICE_FAILED), CALL_DO_BYE | CALL_DO_DIAGNOSTICS | CALL_DO_END},
	  {CALL_IN_BYE, 0},
	  {END, 0}},
	 CALL_FAIL,
	 "ice"},
	{"caller, refused", true, {{CALL_IN_REJECTED, CALL_DO_END}, {END, 0}}, CALL_FAIL, "sip"},
	{"caller, peer finds no path first",
	 true,
	 {{CALL_IN_DIALOG, CALL_DO_TRICKLE},
	  {CALL_IN_ESTABLISHED, CALL_DO_ACK},
	  {CALL_IN_BYE_NO_MEDIA, CALL_DO_END},
	  {STREAM(ICE_FAILED), 0},
	  {END, 0}},
	 CALL_FAIL,
	 "ice"},
	{"caller, re-INVITE refused",
	 true,
	 {{CALL_IN_DIALOG, CALL_DO_TRICKLE},
	  {CALL_IN_ESTABLISHED, CALL_DO_ACK},
	  {STREAM(ICE_READY), CALL_DO_REINVITE},
	  {CALL_IN_NOT_CONFIRMED, CALL_DO_BYE | CALL_DO_END},
	  {END, 0}},
	 CALL_FAIL,
	 "sip"},
	{"caller, connection lost while talking",
	 true,
	 {{CALL_IN_DIALOG, CALL_DO_TRICKLE},
	  {CALL_IN_ESTABLISHED, CALL_DO_ACK},
	  {STREAM(ICE_READY), CALL_DO_REINVITE},
	  {CALL_IN_CONFIRMED, CALL_DO_ACK | CALL_DO_START_CLOCK},
	  {CALL_IN_LOST, CALL_DO_END},
	  {END, 0}},
	 CALL_FAIL,
	 "sip"},
	{"caller, nobody answers",
	 true,
	 {{CALL_IN_DEADLINE, CALL_DO_END}, {END, 0}},
	 CALL_FAIL,
	 "sip"},
	{"callee, all well",
	 false,
	 {{CALL_IN_ESTABLISHED, CALL_DO_TRICKLE},
	  {STREAM(ICE_CONNECTED), 0},
	  {STREAM(ICE_READY), 0},
	  {CALL_IN_REINVITE, CALL_DO_ACCEPT_REINVITE | CALL_DO_START_CLOCK},
	  {CALL_IN_BYE, CALL_DO_END},
	  {END, 0}},
	 CALL_PASS,
	 NULL},
	{"callee, re-INVITE waits for readiness",
	 false,
	 {{CALL_IN_ESTABLISHED, CALL_DO_TRICKLE},
	  {STREAM(ICE_CONNECTED), 0},
	  {CALL_IN_REINVITE, 0},
	  {STREAM(ICE_READY), CALL_DO_ACCEPT_REINVITE | CALL_DO_START_CLOCK},
	  {CALL_IN_BYE, CALL_DO_END},
	  {END, 0}},
	 CALL_PASS,
	 NULL},
	{"callee, caller hangs up before a path",
	 false,
	 {{CALL_IN_ESTABLISHED, CALL_DO_TRICKLE},
	  {STREAM(ICE_CHECKING), 0},
	  {CALL_IN_BYE, CALL_DO_END},
	  {END, 0}},
	 CALL_FAIL,
	 "ice"},
	{"callee, caller vanishes",
	 false,
	 {{CALL_IN_ESTABLISHED, CALL_DO_TRICKLE},
	  {STREAM(ICE_READY), 0},
	  {CALL_IN_DEADLINE, CALL_DO_BYE | CALL_DO_END},
	  {END, 0}},
	 CALL_FAIL,
	 "sip"},
	{"callee, hung up",
	 false,
	 {{CALL_IN_ESTABLISHED, CALL_DO_TRICKLE},
	  {CALL_IN_HANG_UP, CALL_DO_BYE | CALL_DO_END},
	  {END, 0}},
	 CALL_FAIL,
	 "sip"},
	{"own trouble", true, {{CALL_IN_TROUBLE, CALL_DO_END}, {END, 0}}, CALL_ERROR, "sip"},
};

static guint feed(struct call_machine *m, int input)
{
	guint actions = 0;
	if (input < 100)
		return call_machine_input(m, (enum call_input)input);
	for (guint i = 0; i < m->n_streams; i++)
		actions |= call_machine_stream(m, i, (enum ice_state)(input - 100));
	return actions;
}

static void play(const struct script *s, guint n_streams)
{
	struct call_machine m;
	call_machine_init(&m, s->caller, n_streams);
	for (guint i = 0; s->steps[i].input != END; i++) {
		guint actions = feed(&m, s->steps[i].input);
		cr_assert_eq(actions, s->steps[i].actions,
			     "%s, %u streams, step %u: 0x%x, not 0x%x", s->name, n_streams, i,
			     actions, s->steps[i].actions);
	}
	cr_assert_eq(m.phase, CALL_ENDED, "%s: not ended", s->name);
	cr_assert_eq(m.verdict, s->verdict, "%s: verdict %d", s->name, (int)m.verdict);
	cr_assert_eq(g_strcmp0(m.stage, s->stage), 0, "%s: stage %s", s->name,
		     m.stage ? m.stage : "-");
	cr_assert_eq(m.reason != REASON_NONE, s->verdict != CALL_PASS,
		     "%s: a reason goes with a failure", s->name);
}

Test(call_machine, scripts)
{
	for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++)
		for (guint n = 1; n <= CALL_STREAMS_MAX; n++)
			play(&scripts[i], n);
}

Test(call_machine, one_failed_stream_fails_the_call)
{
	struct call_machine m;
	call_machine_init(&m, true, 2);
	call_machine_input(&m, CALL_IN_DIALOG);
	call_machine_input(&m, CALL_IN_ESTABLISHED);
	cr_assert_eq(call_machine_stream(&m, 0, ICE_READY), 0u, "one stream is not all");
	cr_assert(call_machine_stream(&m, 1, ICE_FAILED) & CALL_DO_END, "not ended");
	cr_assert_eq(m.verdict, CALL_FAIL, "verdict");
}

/* Whichever comes last, the final pair or the peer's media. */
Test(call_machine, the_final_offer_awaits_the_peers_media)
{
	static const int orders[][2] = {{STREAM(ICE_READY), CALL_IN_HEARD},
					{CALL_IN_HEARD, STREAM(ICE_READY)}};

	for (gsize i = 0; i < G_N_ELEMENTS(orders); i++) {
		struct call_machine m;
		call_machine_init(&m, true, 1);
		m.awaits_media = true;
		call_machine_input(&m, CALL_IN_DIALOG);
		call_machine_input(&m, CALL_IN_ESTABLISHED);
		cr_expect_eq(feed(&m, orders[i][0]), 0u, "order %u: too early", (unsigned)i);
		cr_expect_eq(feed(&m, orders[i][1]), (guint)CALL_DO_REINVITE, "order %u",
			     (unsigned)i);
	}
}

Test(call_machine, silence_turns_a_pass)
{
	struct call_machine m;
	static const guint64 both[] = {75, 75}, one[] = {75, 0};
	call_machine_init(&m, false, 2);
	call_machine_input(&m, CALL_IN_ESTABLISHED);
	call_machine_stream(&m, 0, ICE_READY);
	call_machine_stream(&m, 1, ICE_READY);
	call_machine_input(&m, CALL_IN_BYE);
	call_machine_judge_media(&m, both);
	cr_assert_eq(m.verdict, CALL_PASS, "media came on both");
	call_machine_judge_media(&m, one);
	cr_assert_eq(m.verdict, CALL_FAIL, "no media on one");
	cr_assert_str_eq(m.stage, "media", "stage");
}
