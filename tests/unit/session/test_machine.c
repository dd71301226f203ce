/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cell from its first command to its verdict, by scripted reports of its ends. */
#include "testbed/session/machine.h"
#include "tests/unit/session/ends.h"
#include "tests/unit/session/play.h"

#include <criterion/criterion.h>
#include <math.h>

#define HOST_A "host 10.0.1.101:5000"
#define HOST_B "host 192.168.1.10:5000"

static const struct call_case {
	const char *name;
	enum media media;
	const char *a_verdict, *a_kinds, *a_local, *a_remote;
	int a_received;
	const char *b_verdict, *b_kinds, *b_local, *b_remote;
	int b_received;
	enum verdict verdict;
	enum path_class path;
	const char *why;
} calls[] = {
	{"audio", MEDIA_AUDIO, "pass", "audio", HOST_A, HOST_B, 50, "pass", "audio", HOST_B, HOST_A,
	 50, VERDICT_PASS, PATH_UDP_DIRECT, NULL},
	{"video", MEDIA_VIDEO, "pass", "audio,video", HOST_A, HOST_B, 50, "pass", "audio,video",
	 HOST_B, HOST_A, 50, VERDICT_PASS, PATH_UDP_DIRECT, NULL},
	{"video without its video", MEDIA_VIDEO, "pass", "audio", HOST_A, HOST_B, 50, "pass",
	 "audio,video", HOST_B, HOST_A, 50, VERDICT_FAIL, PATH_NONE,
	 "dc1: no pair selected for video"},
	{"one packet lost", MEDIA_AUDIO, "pass", "audio", HOST_A, HOST_B, 49, "pass", "audio",
	 HOST_B, HOST_A, 50, VERDICT_PASS, PATH_UDP_DIRECT, NULL},
	{"too much lost at the callee", MEDIA_AUDIO, "pass", "audio", HOST_A, HOST_B, 50, "pass",
	 "audio", HOST_B, HOST_A, 47, VERDICT_FAIL, PATH_NONE,
	 "home1: audio lost 6.0 % (47 of 50 arrived)"},
	{"one way", MEDIA_AUDIO, "pass", "audio", HOST_A, HOST_B, 0, "pass", "audio", HOST_B,
	 HOST_A, 50, VERDICT_FAIL, PATH_NONE, "dc1: no authentic audio arrived"},
	{"no pair at the caller", MEDIA_AUDIO, "pass", "audio", NULL, NULL, 50, "pass", "audio",
	 HOST_B, HOST_A, 50, VERDICT_FAIL, PATH_NONE, "dc1: no pair selected"},
	{"ends disagree: caller fails", MEDIA_AUDIO, "fail", NULL, NULL, NULL, 0, "pass", "audio",
	 HOST_B, HOST_A, 50, VERDICT_FAIL, PATH_NONE, "dc1: "},
	{"ends disagree: callee fails", MEDIA_AUDIO, "pass", "audio", HOST_A, HOST_B, 50, "fail",
	 NULL, NULL, NULL, 0, VERDICT_FAIL, PATH_NONE, "home1: "},
	{"both fail", MEDIA_AUDIO, "fail", NULL, NULL, NULL, 0, "fail", NULL, NULL, NULL, 0,
	 VERDICT_FAIL, PATH_NONE, "; home1: "},
	{"an error outweighs a failure", MEDIA_AUDIO, "fail", NULL, NULL, NULL, 0, "error", NULL,
	 NULL, NULL, 0, VERDICT_ERROR, PATH_NONE, "home1: "},
	{"an unknown verdict is an error", MEDIA_AUDIO, "pass", "audio", HOST_A, HOST_B, 50, "fine",
	 "audio", HOST_B, HOST_A, 50, VERDICT_ERROR, PATH_NONE, "home1: "},
};

static void play_call(const struct call_case *c, bool callee_first)
{
	struct play p;

	play_begin(&p, pair_cell(c->media));
	play_hear(&p, "home1", json_pack("{s:s}", "event", "incoming-call"));
	for (int i = 0; i < 2; i++) {
		cr_expect_not(p.cell->done, "%s: waits for both ends", c->name);
		if ((i == 0) == callee_first)
			play_hear(&p, "home1",
				  end_result("call-result", c->b_verdict, c->b_kinds, c->b_local,
					     c->b_remote, c->b_received, 50));
		else
			play_hear(&p, "dc1",
				  end_result("call-result", c->a_verdict, c->a_kinds, c->a_local,
					     c->a_remote, c->a_received, 50));
	}
	play_expect_done(&p, c->verdict, c->path, c->why, c->name);
	play_end(&p);
}

Test(call, is_judged_from_both_ends)
{
	for (guint i = 0; i < G_N_ELEMENTS(calls); i++) {
		play_call(&calls[i], false);
		play_call(&calls[i], true);
	}
}

Test(call, asks_for_its_media)
{
	struct play p;

	play_begin(&p, pair_cell(MEDIA_VIDEO));
	cr_assert_str_eq(play_member(play_command(&p, 0), "cmd"), "call");
	cr_assert_eq(json_array_size(json_object_get(play_command(&p, 0)->command, "media")), 2);
	cr_assert_eq(json_integer_value(json_object_get(play_command(&p, 0)->command, "media_ms")),
		     1000);
	play_end(&p);
}

Test(call, keeps_the_callers_pair_and_the_worse_figures)
{
	struct play p;

	play_begin(&p, pair_cell(MEDIA_AUDIO));
	play_hear(&p, "dc1",
		  end_result("call-result", "pass", "audio", "relay/tcp 203.0.113.21:50001",
			     "srflx 198.51.100.14:4000", 50, 50));
	play_hear(&p, "home1",
		  end_result("call-result", "pass", "audio", HOST_B, "relay 203.0.113.21:50001", 49,
			     50));
	play_expect_done(&p, VERDICT_PASS, PATH_TCP_RELAY, NULL, "relayed");
	cr_expect_str_eq(p.cell->local.type, "relay");
	cr_expect_str_eq(p.cell->local.transport, "tcp", "how the relay is reached");
	cr_expect_eq(p.cell->remote.port, 4000);
	cr_expect_eq(p.cell->quality.sent, 100);
	cr_expect_eq(p.cell->quality.received, 99);
	cr_expect_float_eq(p.cell->quality.loss_pct, 2.0, 1e-9);
	cr_expect(isnan(p.cell->quality.rtt_ms), "null stays not measured");
	play_end(&p);
}

/* SIP said no before the callee saw anything: there is no second end to wait for. */
Test(call, refused_by_sip_has_one_end)
{
	struct play p;

	play_begin(&p, pair_cell(MEDIA_AUDIO));
	play_hear(&p, "dc1",
		  json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "event", "call-result", "verdict",
			    "fail", "stage", "sip", "code", "no-such-user", "reason", "not found",
			    "sip_status", 404));
	play_expect_done(&p, VERDICT_FAIL, PATH_NONE, "dc1: sip, not found (SIP 404)", "refused");
	cr_expect_eq(p.cell->code, REASON_NO_SUCH_USER);
	play_end(&p);
}

Test(call, keeps_diagnostics)
{
	struct play p;

	play_begin(&p, pair_cell(MEDIA_AUDIO));
	play_hear(&p, "home1", json_pack("{s:s}", "event", "incoming-call"));
	play_hear(&p, "home1",
		  json_pack("{s:s, s:s, s:s, s:{s:i, s:s}}", "event", "call-result", "verdict",
			    "fail", "stage", "ice", "diagnostics", "ms_client_diagnostics", 23,
			    "ice_warn", "0x80"));
	play_hear(&p, "dc1",
		  json_pack("{s:s, s:s, s:s, s:{s:n, s:s}}", "event", "call-result", "verdict",
			    "fail", "stage", "ice", "diagnostics", "ms_client_diagnostics",
			    "ice_warn", "0x3eb"));
	cr_expect_eq(p.cell->ms_client_diagnostics, 23, "whoever sent it");
	cr_expect(p.cell->has_ice_warn);
	cr_expect_eq(p.cell->ice_warn, 0x3eb, "the caller's comes first");
	play_end(&p);
}

Test(call, names_the_silent_end)
{
	static const struct {
		const char *speaks, *silent;
	} rows[] = {{"dc1", "no answer from home1"},
		    {"home1", "no answer from dc1"},
		    {NULL, "no answer from dc1, home1"}};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct play p;

		play_begin(&p, pair_cell(MEDIA_AUDIO));
		if (rows[i].speaks)
			play_hear(&p, rows[i].speaks,
				  end_result("call-result", "pass", "audio", HOST_A, HOST_B, 50,
					     50));
		cell_machine_expired(p.machine, 26000000);
		play_expect_done(&p, VERDICT_ERROR, PATH_NONE, rows[i].silent, rows[i].silent);
		play_end(&p);
	}
}

Test(call, that_fails_late_fails)
{
	struct play p;

	play_begin(&p, pair_cell(MEDIA_AUDIO));
	play_hear(&p, "dc1", end_result("call-result", "pass", "audio", HOST_A, HOST_B, 50, 50));
	play_hear(&p, "dc1",
		  json_pack("{s:s, s:s, s:s}", "event", "call-failed-late", "code", "server-lost",
			    "reason", "relay gone"));
	play_expect_done(&p, VERDICT_FAIL, PATH_NONE, "dc1: after its result: relay gone", "late");
	cr_expect_eq(p.cell->code, REASON_SERVER_LOST);
	play_end(&p);
}

static json_t *talking(void)
{
	return json_pack("{s:s}", "event", "talking");
}

static const struct cell_rules standing = {
	.run_id = "run", .max_loss_pct = 1, .media_ms = 1000, .stand = true};

Test(call, stands_until_it_is_hung_up)
{
	struct play p;

	play_begin_by(&p, pair_cell(MEDIA_AUDIO), &standing);
	cr_assert(json_is_true(json_object_get(play_command(&p, 0)->command, "stand")));
	play_hear(&p, "home1", json_pack("{s:s}", "event", "incoming-call"));
	play_hear(&p, "home1", talking());
	cr_expect_not(cell_machine_stands(p.machine), "the caller says when");
	play_hear(&p, "dc1", talking());
	cr_expect(cell_machine_stands(p.machine));
	cr_expect_eq(p.commands->len, 1, "nobody has told it to hang up");
	cell_machine_hang_up(p.machine, p.commands);
	cr_expect_not(cell_machine_stands(p.machine));
	cr_expect_str_eq(play_command(&p, 1)->agent, "dc1");
	cr_expect_str_eq(play_member(play_command(&p, 1), "cmd"), "hang-up");
	cr_expect_str_eq(play_member(play_command(&p, 1), "call"),
			 play_member(play_command(&p, 0), "call"));
	play_hear(&p, "dc1", end_result("call-result", "pass", "audio", HOST_A, HOST_B, 50, 50));
	cr_expect_not(p.cell->done, "one end is not enough");
	play_hear(&p, "home1", end_result("call-result", "pass", "audio", HOST_B, HOST_A, 50, 50));
	play_expect_done(&p, VERDICT_PASS, PATH_UDP_DIRECT, NULL, "hung up");
	play_end(&p);
}

Test(call, that_stood_is_judged_like_any_other)
{
	struct play p;

	play_begin_by(&p, pair_cell(MEDIA_AUDIO), &standing);
	play_hear(&p, "dc1", talking());
	play_hear(&p, "dc1", end_result("call-result", "pass", "audio", HOST_A, HOST_B, 20, 50));
	play_hear(&p, "home1", end_result("call-result", "pass", "audio", HOST_B, HOST_A, 50, 50));
	play_expect_done(&p, VERDICT_FAIL, PATH_NONE, "dc1: audio lost 60.0 %", "lossy");
	cr_expect_not(cell_machine_stands(p.machine), "it has ended by itself");
	play_end(&p);
}

Test(call, stands_only_where_it_was_to)
{
	struct play p;

	play_begin(&p, pair_cell(MEDIA_AUDIO));
	cr_expect_not(json_is_true(json_object_get(play_command(&p, 0)->command, "stand")));
	play_hear(&p, "dc1", talking());
	cr_expect_not(cell_machine_stands(p.machine));
	play_end(&p);
}

Test(call, ended_from_outside_stays_ended)
{
	struct play p;

	play_begin(&p, pair_cell(MEDIA_AUDIO));
	cell_machine_abort(p.machine, VERDICT_ERROR, "agent home1 died: signal 11", 2000);
	play_hear(&p, "dc1", end_result("call-result", "pass", "audio", HOST_A, HOST_B, 50, 50));
	play_hear(&p, "home1", end_result("call-result", "pass", "audio", HOST_B, HOST_A, 50, 50));
	cell_machine_expired(p.machine, 26000000);
	play_expect_done(&p, VERDICT_ERROR, PATH_NONE, "agent home1 died: signal 11", "aborted");
	play_end(&p);
}
