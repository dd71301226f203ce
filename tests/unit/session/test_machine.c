/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cell from its first command to its verdict, by scripted reports of its ends. */
#include "testbed/session/machine.h"
#include "tests/unit/session/ends.h"

#include <criterion/criterion.h>
#include <math.h>

#define HOST_A "host 10.0.1.101:5000"
#define HOST_B "host 192.168.1.10:5000"

static const struct cell_rules rules = {.run_id = "run", .max_loss_pct = 1, .media_ms = 1000};

struct play {
	struct cell *cell;
	cell_machine *machine;
	GPtrArray *commands;
};

static void begin_by(struct play *p, struct cell *cell, const struct cell_rules *by)
{
	static const char *const pair_users[] = {"dc1@contoso.com", "home1@contoso.com", NULL};
	static const char *const conference_users[] = {"dc1@contoso.com", "branch1@contoso.com",
						       "home1@contoso.com", NULL};

	p->cell = cell;
	p->machine = cell_machine_new(cell, cell->b ? pair_users : conference_users, by);
	p->commands = g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free);
	cell_machine_start(p->machine, 1000, p->commands);
}

static void begin(struct play *p, struct cell *cell)
{
	begin_by(p, cell, &rules);
}

static void end(struct play *p)
{
	cell_machine_free(p->machine);
	g_ptr_array_unref(p->commands);
	cell_free(p->cell);
}

/* Takes the event over. */
static void hear(struct play *p, const char *agent, json_t *event)
{
	cell_machine_event(p->machine, agent, event, 5000, p->commands);
	json_decref(event);
}

static const struct agent_command *command(const struct play *p, guint index)
{
	cr_assert_lt(index, p->commands->len, "command %u was sent", index);
	return p->commands->pdata[index];
}

static const char *member(const struct agent_command *c, const char *key)
{
	const char *s = json_string_value(json_object_get(c->command, key));

	return s ? s : "";
}

static json_t *im_text(const struct play *p)
{
	return json_pack("{s:s, s:s, s:s}", "event", "im-received", "from", "dc1@contoso.com",
			 "text", member(command(p, 0), "text"));
}

static json_t *im_result(const char *verdict, const char *reason)
{
	return json_pack("{s:s, s:s, s:s?, s:i, s:f}", "event", "im-result", "verdict", verdict,
			 "reason", reason, "sip_status", g_str_equal(verdict, "pass") ? 200 : 480,
			 "setup_ms", 12.5);
}

static void expect_done(const struct play *p, enum verdict verdict, enum path_class path,
			const char *why, const char *name)
{
	cr_expect(p->cell->done, "%s: has ended", name);
	cr_expect_str_eq(verdict_name(p->cell->verdict), verdict_name(verdict), "%s: %s (%s)", name,
			 verdict_name(p->cell->verdict), p->cell->reason ? p->cell->reason : "");
	cr_expect_eq(p->cell->path, path, "%s: path %s", name, path_class_name(p->cell->path));
	if (!why)
		cr_expect_null(p->cell->reason, "%s: no reason", name);
	else
		cr_expect(p->cell->reason && strstr(p->cell->reason, why),
			  "%s: reason '%s' says '%s'", name,
			  p->cell->reason ? p->cell->reason : "(none)", why);
}

/* --- instant messages ------------------------------------------------------------------------- */

Test(im, passes_when_text_arrived_and_was_confirmed)
{
	for (int callee_first = 0; callee_first < 2; callee_first++) {
		struct play p;

		begin(&p, pair_cell(MEDIA_IM));
		cr_assert_str_eq(command(&p, 0)->agent, "dc1");
		cr_assert_str_eq(member(command(&p, 0), "cmd"), "im");
		cr_assert_str_eq(member(command(&p, 0), "to"), "home1@contoso.com");
		hear(&p, callee_first ? "home1" : "dc1",
		     callee_first ? im_text(&p) : im_result("pass", NULL));
		cr_expect_not(p.cell->done, "one end is not enough");
		hear(&p, callee_first ? "dc1" : "home1",
		     callee_first ? im_result("pass", NULL) : im_text(&p));
		expect_done(&p, VERDICT_PASS, PATH_SIGNALLING, NULL,
			    callee_first ? "callee first" : "caller first");
		cr_expect_eq(p.cell->setup_ms, 12.5);
		end(&p);
	}
}

Test(im, fails_as_the_caller_says)
{
	struct play p;

	begin(&p, pair_cell(MEDIA_IM));
	hear(&p, "dc1", im_result("fail", "nobody there"));
	expect_done(&p, VERDICT_FAIL, PATH_NONE, "dc1: nobody there (SIP 480)", "refused");
	end(&p);
}

Test(im, fails_on_another_text)
{
	struct play p;

	begin(&p, pair_cell(MEDIA_IM));
	hear(&p, "home1",
	     json_pack("{s:s, s:s}", "event", "im-received", "text", "something else"));
	expect_done(&p, VERDICT_FAIL, PATH_NONE, "another text arrived", "another text");
	end(&p);
}

/* Only the callee's own word counts, not one of somebody else. */
Test(im, ignores_who_is_not_the_callee)
{
	struct play p;

	begin(&p, pair_cell(MEDIA_IM));
	hear(&p, "dc1", im_text(&p));
	hear(&p, "branch1", im_text(&p));
	hear(&p, "dc1", im_result("pass", NULL));
	cr_assert_not(p.cell->done);
	cell_machine_expired(p.machine, 9000);
	expect_done(&p, VERDICT_ERROR, PATH_NONE, "no answer from home1", "callee silent");
	end(&p);
}

Test(im, names_the_silent_caller)
{
	struct play p;

	begin(&p, pair_cell(MEDIA_IM));
	hear(&p, "home1", im_text(&p));
	cell_machine_expired(p.machine, 9000);
	expect_done(&p, VERDICT_ERROR, PATH_NONE, "no answer from dc1 within", "caller silent");
	cr_expect_eq(p.cell->duration_ms, 8.0);
	end(&p);
}

/* --- calls ------------------------------------------------------------------------------------ */

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

	begin(&p, pair_cell(c->media));
	hear(&p, "home1", json_pack("{s:s}", "event", "incoming-call"));
	for (int i = 0; i < 2; i++) {
		cr_expect_not(p.cell->done, "%s: waits for both ends", c->name);
		if ((i == 0) == callee_first)
			hear(&p, "home1",
			     end_result("call-result", c->b_verdict, c->b_kinds, c->b_local,
					c->b_remote, c->b_received, 50));
		else
			hear(&p, "dc1",
			     end_result("call-result", c->a_verdict, c->a_kinds, c->a_local,
					c->a_remote, c->a_received, 50));
	}
	expect_done(&p, c->verdict, c->path, c->why, c->name);
	end(&p);
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

	begin(&p, pair_cell(MEDIA_VIDEO));
	cr_assert_str_eq(member(command(&p, 0), "cmd"), "call");
	cr_assert_eq(json_array_size(json_object_get(command(&p, 0)->command, "media")), 2);
	cr_assert_eq(json_integer_value(json_object_get(command(&p, 0)->command, "media_ms")),
		     1000);
	end(&p);
}

Test(call, keeps_the_callers_pair_and_the_worse_figures)
{
	struct play p;

	begin(&p, pair_cell(MEDIA_AUDIO));
	hear(&p, "dc1",
	     end_result("call-result", "pass", "audio", "relay/tcp 203.0.113.21:50001",
			"srflx 198.51.100.14:4000", 50, 50));
	hear(&p, "home1",
	     end_result("call-result", "pass", "audio", HOST_B, "relay 203.0.113.21:50001", 49,
			50));
	expect_done(&p, VERDICT_PASS, PATH_TCP_RELAY, NULL, "relayed");
	cr_expect_str_eq(p.cell->local.type, "relay");
	cr_expect_str_eq(p.cell->local.transport, "tcp", "how the relay is reached");
	cr_expect_eq(p.cell->remote.port, 4000);
	cr_expect_eq(p.cell->quality.sent, 100);
	cr_expect_eq(p.cell->quality.received, 99);
	cr_expect_float_eq(p.cell->quality.loss_pct, 2.0, 1e-9);
	cr_expect(isnan(p.cell->quality.rtt_ms), "null stays not measured");
	end(&p);
}

/* SIP said no before the callee saw anything: there is no second end to wait for. */
Test(call, refused_by_sip_has_one_end)
{
	struct play p;

	begin(&p, pair_cell(MEDIA_AUDIO));
	hear(&p, "dc1",
	     json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "event", "call-result", "verdict", "fail",
		       "stage", "sip", "code", "no-such-user", "reason", "not found", "sip_status",
		       404));
	expect_done(&p, VERDICT_FAIL, PATH_NONE, "dc1: sip, not found (SIP 404)", "refused");
	cr_expect_eq(p.cell->code, REASON_NO_SUCH_USER);
	end(&p);
}

Test(call, keeps_diagnostics)
{
	struct play p;

	begin(&p, pair_cell(MEDIA_AUDIO));
	hear(&p, "home1", json_pack("{s:s}", "event", "incoming-call"));
	hear(&p, "home1",
	     json_pack("{s:s, s:s, s:s, s:{s:i, s:s}}", "event", "call-result", "verdict", "fail",
		       "stage", "ice", "diagnostics", "ms_client_diagnostics", 23, "ice_warn",
		       "0x80"));
	hear(&p, "dc1",
	     json_pack("{s:s, s:s, s:s, s:{s:n, s:s}}", "event", "call-result", "verdict", "fail",
		       "stage", "ice", "diagnostics", "ms_client_diagnostics", "ice_warn",
		       "0x3eb"));
	cr_expect_eq(p.cell->ms_client_diagnostics, 23, "whoever sent it");
	cr_expect(p.cell->has_ice_warn);
	cr_expect_eq(p.cell->ice_warn, 0x3eb, "the caller's comes first");
	end(&p);
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

		begin(&p, pair_cell(MEDIA_AUDIO));
		if (rows[i].speaks)
			hear(&p, rows[i].speaks,
			     end_result("call-result", "pass", "audio", HOST_A, HOST_B, 50, 50));
		cell_machine_expired(p.machine, 26000000);
		expect_done(&p, VERDICT_ERROR, PATH_NONE, rows[i].silent, rows[i].silent);
		end(&p);
	}
}

Test(call, that_fails_late_fails)
{
	struct play p;

	begin(&p, pair_cell(MEDIA_AUDIO));
	hear(&p, "dc1", end_result("call-result", "pass", "audio", HOST_A, HOST_B, 50, 50));
	hear(&p, "dc1",
	     json_pack("{s:s, s:s, s:s}", "event", "call-failed-late", "code", "server-lost",
		       "reason", "relay gone"));
	expect_done(&p, VERDICT_FAIL, PATH_NONE, "dc1: after its result: relay gone", "late");
	cr_expect_eq(p.cell->code, REASON_SERVER_LOST);
	end(&p);
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

	begin_by(&p, pair_cell(MEDIA_AUDIO), &standing);
	cr_assert(json_is_true(json_object_get(command(&p, 0)->command, "stand")));
	hear(&p, "home1", json_pack("{s:s}", "event", "incoming-call"));
	hear(&p, "home1", talking());
	cr_expect_not(cell_machine_stands(p.machine), "the caller says when");
	hear(&p, "dc1", talking());
	cr_expect(cell_machine_stands(p.machine));
	cr_expect_eq(p.commands->len, 1, "nobody has told it to hang up");
	cell_machine_hang_up(p.machine, p.commands);
	cr_expect_not(cell_machine_stands(p.machine));
	cr_expect_str_eq(command(&p, 1)->agent, "dc1");
	cr_expect_str_eq(member(command(&p, 1), "cmd"), "hang-up");
	cr_expect_str_eq(member(command(&p, 1), "call"), member(command(&p, 0), "call"));
	hear(&p, "dc1", end_result("call-result", "pass", "audio", HOST_A, HOST_B, 50, 50));
	cr_expect_not(p.cell->done, "one end is not enough");
	hear(&p, "home1", end_result("call-result", "pass", "audio", HOST_B, HOST_A, 50, 50));
	expect_done(&p, VERDICT_PASS, PATH_UDP_DIRECT, NULL, "hung up");
	end(&p);
}

Test(call, that_stood_is_judged_like_any_other)
{
	struct play p;

	begin_by(&p, pair_cell(MEDIA_AUDIO), &standing);
	hear(&p, "dc1", talking());
	hear(&p, "dc1", end_result("call-result", "pass", "audio", HOST_A, HOST_B, 20, 50));
	hear(&p, "home1", end_result("call-result", "pass", "audio", HOST_B, HOST_A, 50, 50));
	expect_done(&p, VERDICT_FAIL, PATH_NONE, "dc1: audio lost 60.0 %", "lossy");
	cr_expect_not(cell_machine_stands(p.machine), "it has ended by itself");
	end(&p);
}

Test(call, stands_only_where_it_was_to)
{
	struct play p;

	begin(&p, pair_cell(MEDIA_AUDIO));
	cr_expect_not(json_is_true(json_object_get(command(&p, 0)->command, "stand")));
	hear(&p, "dc1", talking());
	cr_expect_not(cell_machine_stands(p.machine));
	end(&p);
}

Test(call, ended_from_outside_stays_ended)
{
	struct play p;

	begin(&p, pair_cell(MEDIA_AUDIO));
	cell_machine_abort(p.machine, VERDICT_ERROR, "agent home1 died: signal 11", 2000);
	hear(&p, "dc1", end_result("call-result", "pass", "audio", HOST_A, HOST_B, 50, 50));
	hear(&p, "home1", end_result("call-result", "pass", "audio", HOST_B, HOST_A, 50, 50));
	cell_machine_expired(p.machine, 26000000);
	expect_done(&p, VERDICT_ERROR, PATH_NONE, "agent home1 died: signal 11", "aborted");
	end(&p);
}

/* --- conferences ------------------------------------------------------------------------------ */

static json_t *heard(const char *verdict, const char *names)
{
	json_t *event = end_result("conference-result", verdict, "audio", HOST_A, HOST_B, 50, 50);
	g_auto(GStrv) list = g_strsplit(names, ",", 0);
	json_t *array = json_array();

	for (guint i = 0; list[i]; i++)
		json_array_append_new(array, json_string(list[i]));
	json_object_set_new(event, "heard", array);
	return event;
}

static void open_conference(struct play *p, enum media media)
{
	begin(p, conference_cell(media));
	cr_assert_str_eq(member(command(p, 0), "cmd"), "conference");
	hear(p, "dc1",
	     json_pack("{s:s, s:s}", "event", "conference-ready", "focus",
		       "sip:dc1@contoso.com;gruu"));
	cr_assert_eq(p->commands->len, 4, "everybody is sent to the conference");
	for (guint i = 1; i < 4; i++) {
		cr_assert_str_eq(member(command(p, i), "cmd"), "join");
		cr_assert_str_eq(member(command(p, i), "focus"), "sip:dc1@contoso.com;gruu");
		cr_assert_eq(
			json_array_size(json_object_get(command(p, i)->command, "participants")),
			3);
		for (guint k = 1; k < i; k++)
			cr_assert_str_neq(member(command(p, i), "call"),
					  member(command(p, k), "call"), "call ids are unique");
	}
}

Test(conference, passes_when_everybody_heard_everybody)
{
	static const enum media media[] = {MEDIA_AV_CONFERENCE, MEDIA_IM_CONFERENCE};

	for (guint i = 0; i < G_N_ELEMENTS(media); i++) {
		struct play p;

		open_conference(&p, media[i]);
		hear(&p, "dc1", heard("pass", "branch1@contoso.com,home1@contoso.com"));
		hear(&p, "branch1", heard("pass", "sip:dc1@contoso.com,home1"));
		cr_expect_not(p.cell->done);
		hear(&p, "home1", heard("pass", "branch1@contoso.com,dc1@contoso.com"));
		expect_done(&p, VERDICT_PASS, PATH_MCU, NULL, media_name(media[i]));
		end(&p);
	}
}

Test(conference, fails_when_one_was_not_heard)
{
	struct play p;

	open_conference(&p, MEDIA_AV_CONFERENCE);
	hear(&p, "dc1", heard("pass", "branch1@contoso.com,home1@contoso.com"));
	hear(&p, "branch1", heard("pass", "dc1@contoso.com"));
	hear(&p, "home1", heard("pass", "branch1@contoso.com,dc1@contoso.com"));
	expect_done(&p, VERDICT_FAIL, PATH_NONE, "branch1: did not hear home1", "not heard");
	end(&p);
}

Test(conference, fails_when_packets_of_one_were_lost)
{
	struct play p;
	const struct cell_leg *leg;
	const struct cell_source *source;
	json_t *lossy = heard("pass", "branch1@contoso.com,dc1@contoso.com");

	open_conference(&p, MEDIA_AV_CONFERENCE);
	hear(&p, "dc1", heard("pass", "branch1@contoso.com,home1@contoso.com"));
	hear(&p, "branch1", heard("pass", "dc1@contoso.com,home1@contoso.com"));
	json_object_set_new(lossy, "sources",
			    json_pack("{s:{s:i, s:i}, s:{s:i, s:i}}", "branch1@contoso.com",
				      "received", 48, "expected", 50, "dc1@contoso.com", "received",
				      50, "expected", 50));
	hear(&p, "home1", lossy);
	expect_done(&p, VERDICT_FAIL, PATH_NONE, "home1: lost packets of branch1", "lost");
	leg = p.cell->legs->pdata[2];
	cr_assert_eq(leg->sources->len, 2u);
	source = leg->sources->pdata[1];
	cr_expect(g_str_equal(source->participant, "branch1") && source->received == 48 &&
		  source->expected == 50);
	cr_expect_eq(((const struct cell_leg *)p.cell->legs->pdata[0])->sources->len, 0u,
		     "dc1 said nothing of sources");
	end(&p);
}

Test(conference, keeps_every_participants_leg)
{
	struct play p;
	const struct cell_leg *leg;

	open_conference(&p, MEDIA_AV_CONFERENCE);
	hear(&p, "dc1", heard("pass", "branch1@contoso.com,home1@contoso.com"));
	hear(&p, "branch1", heard("pass", "dc1@contoso.com,home1@contoso.com"));
	hear(&p, "home1", heard("pass", "branch1@contoso.com,dc1@contoso.com"));
	cr_assert_eq(p.cell->legs->len, 3u);
	leg = p.cell->legs->pdata[2];
	cr_expect_str_eq(leg->participant, "home1");
	cr_expect_eq(leg->path, PATH_UDP_DIRECT);
	cr_expect_eq(leg->quality.received, 50u);
	end(&p);
}

static struct cell *ad_hoc_cell(enum media media)
{
	struct cell *c = conference_cell(media);

	c->ad_hoc = true;
	return c;
}

static json_t *invited(void)
{
	return json_pack("{s:s, s:s, s:s}", "event", "conference-invited", "from",
			 "dc1@contoso.com", "focus", "sip:dc1@contoso.com;gruu");
}

/* dc1 talks to branch1, invites branch1 and home1, and hangs up when the conference is over. */
Test(ad_hoc, grows_out_of_a_call)
{
	struct play p;

	begin(&p, ad_hoc_cell(MEDIA_AV_CONFERENCE));
	cr_assert_str_eq(member(command(&p, 0), "cmd"), "call");
	cr_assert_str_eq(member(command(&p, 0), "to"), "branch1@contoso.com");
	cr_assert(json_is_true(json_object_get(command(&p, 0)->command, "keep")));
	hear(&p, "dc1", end_result("call-result", "pass", "audio", HOST_A, HOST_B, 50, 50));
	cr_assert_str_eq(member(command(&p, 1), "cmd"), "conference");
	cr_assert_eq(json_array_size(json_object_get(command(&p, 1)->command, "invite")), 2u);
	hear(&p, "dc1",
	     json_pack("{s:s, s:s}", "event", "conference-ready", "focus",
		       "sip:dc1@contoso.com;gruu"));
	cr_assert_eq(p.commands->len, 3u, "the organiser alone is sent there");
	hear(&p, "home1", invited());
	hear(&p, "branch1", invited());
	cr_assert_eq(p.commands->len, 5u, "who was invited joins");
	hear(&p, "dc1", heard("pass", "branch1@contoso.com,home1@contoso.com"));
	hear(&p, "branch1", heard("pass", "dc1@contoso.com,home1@contoso.com"));
	hear(&p, "home1", heard("pass", "branch1@contoso.com,dc1@contoso.com"));
	cr_assert_str_eq(member(command(&p, 5), "cmd"), "hang-up");
	cr_assert_str_eq(member(command(&p, 5), "call"), member(command(&p, 0), "call"));
	cr_assert_not(p.cell->done, "branch1 has not said how the first call went");
	hear(&p, "branch1", end_result("call-result", "pass", "audio", HOST_B, HOST_A, 50, 50));
	expect_done(&p, VERDICT_PASS, PATH_MCU, NULL, "escalated");
	end(&p);
}

Test(ad_hoc, fails_with_its_first_call)
{
	struct play p;

	begin(&p, ad_hoc_cell(MEDIA_AV_CONFERENCE));
	hear(&p, "dc1", end_result("call-result", "fail", "audio", NULL, NULL, 0, 0));
	expect_done(&p, VERDICT_FAIL, PATH_NONE,
		    "dc1: the call before the conference: ", "no first call");
	cr_expect_eq(p.commands->len, 1u, "nothing else was tried");
	end(&p);
}

Test(ad_hoc, of_messages_needs_no_word_of_the_callee)
{
	struct play p;

	begin(&p, ad_hoc_cell(MEDIA_IM_CONFERENCE));
	cr_assert_str_eq(member(command(&p, 0), "cmd"), "im");
	hear(&p, "dc1", json_pack("{s:s, s:s}", "event", "im-result", "verdict", "pass"));
	hear(&p, "dc1",
	     json_pack("{s:s, s:s}", "event", "conference-ready", "focus",
		       "sip:dc1@contoso.com;gruu"));
	hear(&p, "home1", invited());
	hear(&p, "branch1", invited());
	hear(&p, "dc1", heard("pass", "branch1@contoso.com,home1@contoso.com"));
	hear(&p, "branch1", heard("pass", "dc1@contoso.com,home1@contoso.com"));
	hear(&p, "home1", heard("pass", "branch1@contoso.com,dc1@contoso.com"));
	expect_done(&p, VERDICT_PASS, PATH_MCU, NULL, "escalated");
	end(&p);
}

Test(conference, that_cannot_be_made_fails_at_once)
{
	struct play p;

	begin(&p, conference_cell(MEDIA_AV_CONFERENCE));
	hear(&p, "dc1", heard("fail", ""));
	expect_done(&p, VERDICT_FAIL, PATH_NONE, "dc1: ", "not made");
	cr_expect_eq(p.commands->len, 1, "nobody was sent to it");
	end(&p);
}

Test(conference, names_who_is_silent)
{
	struct play p;

	begin(&p, conference_cell(MEDIA_IM_CONFERENCE));
	cell_machine_expired(p.machine, 26000000);
	expect_done(&p, VERDICT_ERROR, PATH_NONE, "no answer from dc1 within", "not even made");
	end(&p);
	open_conference(&p, MEDIA_IM_CONFERENCE);
	hear(&p, "dc1", heard("pass", "branch1,home1"));
	cell_machine_expired(p.machine, 26000000);
	expect_done(&p, VERDICT_ERROR, PATH_NONE, "no answer from branch1, home1", "two silent");
	end(&p);
}
