/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session from start to end, in a lab that the test plays. */
#include "testbed/session/session.h"
#include "tests/unit/session/fake_lab.h"

#include <criterion/criterion.h>

static const char network[] = "topology: t\ndomain: example.com\n"
			      "networks: {lan: {subnet: 10.0.0.0/24}}\n"
			      "nodes:\n"
			      "  a: {interfaces: {eth0: {network: lan, address: 10.0.0.1/24}}, "
			      "endpoint: {}}\n"
			      "  b: {interfaces: {eth0: {network: lan, address: 10.0.0.2/24}}, "
			      "endpoint: {}}\n"
			      "  c: {interfaces: {eth0: {network: lan, address: 10.0.0.3/24}}, "
			      "endpoint: {}}\n"
			      "scenarios: {base: {}}\n";

static const struct cell_rules rules = {.run_id = "run", .max_loss_pct = 1, .media_ms = 1000};

struct play {
	model *m;
	session *s;
	GString *told; /* by callbacks, one a line */
};

/* --- what the session tells ------------------------------------------------------------------- */

static void on_built(session *s G_GNUC_UNUSED, const struct lab_build *build G_GNUC_UNUSED,
		     gpointer data)
{
	g_string_append(((struct play *)data)->told, "built\n");
}

static void on_failed(session *s G_GNUC_UNUSED, const GError *error, gpointer data)
{
	g_string_append_printf(((struct play *)data)->told, "failed: %s\n", error->message);
}

static void on_event(session *s G_GNUC_UNUSED, const struct session_call *call, const char *agent,
		     json_t *event, gpointer data)
{
	g_string_append_printf(((struct play *)data)->told, "%s: %s%s%s\n", agent,
			       json_string_value(json_object_get(event, "event")),
			       call ? " of " : "", call ? call->cell->id : "");
}

static void on_agent_died(session *s G_GNUC_UNUSED, const char *agent, const char *how,
			  gpointer data)
{
	g_string_append_printf(((struct play *)data)->told, "%s died: %s\n", agent, how);
}

static void on_sign_in_over(session *s G_GNUC_UNUSED, const struct session_client *c, bool told,
			    gpointer data)
{
	g_string_append_printf(((struct play *)data)->told, "%s is %s%s\n", c->name,
			       c->state == SIGN_IN_DONE ? "in" : "out",
			       told ? "" : ", was not told");
}

static void on_call_stands(session *s G_GNUC_UNUSED, const struct session_call *call, gpointer data)
{
	g_string_append_printf(((struct play *)data)->told, "%s stands\n", call->cell->id);
}

static void on_call_states(session *s G_GNUC_UNUSED, const struct session_call *call,
			   const netstate *before G_GNUC_UNUSED,
			   const netstate *after G_GNUC_UNUSED, gpointer data)
{
	g_string_append_printf(((struct play *)data)->told, "states of %s\n", call->cell->id);
}

static void on_call_ended(session *s G_GNUC_UNUSED, const struct session_call *call, gpointer data)
{
	g_string_append_printf(((struct play *)data)->told, "%s: %s%s%s\n", call->cell->id,
			       verdict_name(call->cell->verdict), call->cell->reason ? ", " : "",
			       call->cell->reason ? call->cell->reason : "");
}

/* --- the play --------------------------------------------------------------------------------- */

static void begin_with(struct play *p, bool states)
{
	const struct session_callbacks callbacks = {
		.built = on_built,
		.failed = on_failed,
		.event = on_event,
		.agent_died = on_agent_died,
		.sign_in_over = on_sign_in_over,
		.call_stands = on_call_stands,
		.call_states = states ? on_call_states : NULL,
		.call_ended = on_call_ended,
	};
	g_autoptr(diags) found = diags_new();
	struct session_job job = {.keep_stories = true};
	g_autofree char *text = NULL;

	p->m = model_load_text("t.yaml", network, strlen(network), found);
	text = diags_to_text(found);
	cr_assert_not_null(p->m, "%s", text);
	job.model = p->m;
	p->told = g_string_new(NULL);
	p->s = session_start(&job, &callbacks, p, NULL);
	session_use_endpoints(p->s, p->m);
}

static void begin(struct play *p)
{
	begin_with(p, false);
}

static void sign_in(struct play *p, const char *agent)
{
	session_sign_in_next(p->s);
	fake_say(agent, json_pack("{s:s}", "event", "signed-in"));
}

/* Everybody is in, and nothing of it is told. */
static void begin_signed_in(struct play *p, bool states)
{
	begin_with(p, states);
	fake_built();
	sign_in(p, "a");
	sign_in(p, "b");
	sign_in(p, "c");
	g_string_truncate(p->told, 0);
	g_ptr_array_set_size(fake.sent, 0);
}

static void end(struct play *p)
{
	session_free(p->s);
	cr_expect(fake.freed, "the lab ends with its session");
	g_string_free(p->told, TRUE);
	model_free(p->m);
}

static void expect_told(struct play *p, const char *text)
{
	cr_expect_str_eq(p->told->str, text);
	g_string_truncate(p->told, 0);
}

static void expect_sent(const char *text)
{
	g_autofree char *sent = fake_take_sent();

	cr_expect_str_eq(sent, text);
}

static struct cell *new_cell(const char *a, const char *b)
{
	struct cell *c = cell_new();

	c->id = g_strdup_printf("%s-%s", a, b);
	c->a = g_strdup(a);
	c->b = g_strdup(b);
	c->media = MEDIA_AUDIO;
	g_ptr_array_add(c->participants, g_strdup(a));
	g_ptr_array_add(c->participants, g_strdup(b));
	return c;
}

/* The main context's time-outs come now, whatever their time. */
static void let_time_pass(gpointer of)
{
	GSource *source = g_main_context_find_source_by_user_data(NULL, of);

	cr_assert_not_null(source);
	g_source_set_ready_time(source, 0);
	g_main_context_iteration(NULL, FALSE);
}

/* --- sign-ins --------------------------------------------------------------------------------- */

Test(sign_in, comes_one_by_one_in_order)
{
	struct play p;
	struct cell *ab;

	begin(&p);
	cr_expect(!session_is_built(p.s));
	expect_sent("");
	fake_built();
	cr_expect(session_is_built(p.s));
	expect_told(&p, "built\n");
	ab = new_cell("a", "b");
	cr_expect(session_sign_in_next(p.s));
	expect_sent("a sign-in\n");
	cr_expect(session_sign_in_next(p.s));
	expect_sent("b sign-in\n");
	fake_say("b", json_pack("{s:s}", "event", "signed-in"));
	cr_expect(!session_can_place(p.s, ab), "a has not signed in");
	fake_say("a", json_pack("{s:s}", "event", "signed-in"));
	cr_expect(session_can_place(p.s, ab));
	cr_expect(session_sign_ins_wait(p.s), "c does");
	expect_told(&p, "b: signed-in\nb is in\na: signed-in\na is in\n");
	cr_expect(session_sign_in_next(p.s));
	cr_expect(!session_sign_in_next(p.s), "that was all");
	cr_expect(!session_sign_ins_over(p.s), "c has not answered");
	fake_say("c", json_pack("{s:s}", "event", "signed-in"));
	cr_expect(session_sign_ins_over(p.s));
	cell_free(ab);
	end(&p);
}

Test(sign_in, refused_is_the_network_and_silence_is_not)
{
	struct play p;
	struct cell *ac, *bc;
	enum verdict verdict;
	g_autofree char *refused = NULL, *silent = NULL;

	begin(&p);
	fake_built();
	ac = new_cell("a", "c");
	bc = new_cell("b", "c");
	session_sign_in_next(p.s);
	session_sign_in_next(p.s);
	cr_expect_null(session_hindrance(p.s, ac, &verdict), "a may still sign in");
	fake_say("a", json_pack("{s:s, s:s, s:s}", "event", "sign-in-failed", "stage", "dns",
				"reason", "no such name"));
	let_time_pass((gpointer)(guintptr)session_client(p.s, "b"));
	expect_told(&p, "built\na: sign-in-failed\na is out\nb is out\n");
	refused = session_hindrance(p.s, ac, &verdict);
	cr_expect_str_eq(refused, "a could not sign in (dns): no such name");
	cr_expect_eq(verdict, VERDICT_FAIL);
	silent = session_hindrance(p.s, bc, &verdict);
	cr_expect_str_eq(silent, "no answer from b to its sign-in within 40 s");
	cr_expect_eq(verdict, VERDICT_ERROR);
	cell_free(ac);
	cell_free(bc);
	end(&p);
}

/* One sign-in, told as often as the machine has spoilt it. */
Test(sign_in, is_made_again_when_the_machine_may_have_spoilt_it)
{
	struct play p;
	struct cell *ab = new_cell("a", "b");
	enum verdict verdict;
	g_autofree char *why = NULL;

	begin(&p);
	fake_built();
	fake.overloads = 3;
	session_sign_in_next(p.s);
	fake_say("a", json_pack("{s:s, s:s, s:s}", "event", "sign-in-failed", "stage", "register",
				"code", "sign-in-timed-out"));
	expect_told(&p, "built\na: sign-in-failed\n");
	expect_sent("a sign-in\na sign-in\n");
	/* another way because of a server that was late is as good as a failure */
	fake_say("a", json_pack("{s:s, s:s}", "event", "connect-failed", "code",
				"connection-timed-out"));
	fake_say("a", json_pack("{s:s}", "event", "signed-in"));
	expect_sent("a sign-in\n");
	fake_say("a", json_pack("{s:s, s:s, s:s, s:s}", "event", "sign-in-failed", "stage", "dns",
				"code", "dns-timed-out", "reason", "timeout"));
	expect_sent("");
	expect_told(&p, "a: connect-failed\na: signed-in\na: sign-in-failed\na is out\n");
	why = session_hindrance(p.s, ab, &verdict);
	cr_expect_str_eq(why,
			 "the machine was overloaded: sockets of hub3 had full receive buffers "
			 "and lost 3 packets; sockets of hub2 had full receive buffers and "
			 "lost 3 packets; sockets of hub1 had full receive buffers and lost 3 "
			 "packets; a could not sign in (dns): timeout");
	cr_expect_eq(verdict, VERDICT_ERROR);
	cr_expect_str_eq(ab->cause, WITNESS_CAUSE);
	cr_expect_eq(ab->measured, 3);
	cell_free(ab);
	end(&p);
}

/* Cells may be judged while it is asked what the machine did: another client's sign-in is over. */
Test(sign_in, hinders_no_cell_before_its_outcome_stands)
{
	struct play p;
	struct cell *ab = new_cell("a", "b");
	enum verdict verdict;
	g_autofree char *why = NULL;

	begin(&p);
	fake_built();
	fake.looks_held = true;
	session_sign_in_next(p.s);
	fake_say("a", json_pack("{s:s, s:s}", "event", "connect-failed", "code",
				"connection-timed-out"));
	fake_say("a", json_pack("{s:s, s:s, s:s, s:s}", "event", "sign-in-failed", "stage", "tls",
				"code", "connection-refused", "reason", "refused"));
	cr_expect_null(session_hindrance(p.s, ab, &verdict), "it may be made again");
	fake_look_over();
	why = session_hindrance(p.s, ab, &verdict);
	cr_expect_str_eq(why, "a could not sign in (tls): refused");
	cr_expect_eq(verdict, VERDICT_FAIL);
	cell_free(ab);
	end(&p);
}

Test(sign_in, refused_is_not_made_again)
{
	struct play p;

	begin(&p);
	fake_built();
	fake.overloads = 1;
	session_sign_in_next(p.s);
	fake_say("a", json_pack("{s:s, s:s, s:s}", "event", "sign-in-failed", "stage", "register",
				"code", "wrong-credentials"));
	expect_sent("a sign-in\n");
	expect_told(&p, "built\na: sign-in-failed\na is out\n");
	end(&p);
}

Test(sign_in, can_not_be_sent_or_its_client_dies)
{
	struct play p;

	begin(&p);
	fake_built();
	fake.mute = "a";
	cr_expect(session_sign_in_next(p.s));
	fake_died("c");
	expect_told(&p, "built\na is out\nc: agent-died\nc died: killed by signal 9\n"
			"c is out, was not told\n");
	cr_expect_str_eq(session_client(p.s, "a")->why, "no agent 'a' runs");
	cr_expect_str_eq(session_client(p.s, "c")->why, "agent c died: killed by signal 9");
	expect_sent("");
	session_sign_in_next(p.s);
	cr_expect(!session_sign_in_next(p.s), "who died does not wait");
	expect_sent("b sign-in\n");
	end(&p);
}

/* --- calls ------------------------------------------------------------------------------------ */

static void report(const char *agent, const char *call, const char *verdict)
{
	fake_say(agent, json_pack("{s:s, s:s, s:s, s:s}", "event", "call-result", "call", call,
				  "verdict", verdict, "reason", "no path"));
}

Test(placed_call, ends_once_with_what_its_ends_say)
{
	struct play p;
	struct cell *ab = new_cell("a", "b");

	begin_signed_in(&p, false);
	session_place(p.s, ab, &rules, NULL);
	expect_sent("a call a-b@run\n");
	cr_expect_eq(session_calls(p.s)->len, 1);
	cr_expect_eq(session_client(p.s, "a")->calls, 1);
	fake_say("b", json_pack("{s:s, s:s}", "event", "incoming-call", "call", "a-b@run"));
	report("a", "a-b@run", "fail");
	report("b", "a-b@run", "fail");
	expect_told(&p, "b: incoming-call of a-b\na: call-result of a-b\nb: call-result of a-b\n"
			"a-b: fail, a: no path; b: no path\n");
	cr_expect_eq(session_calls(p.s)->len, 0);
	cr_expect_eq(session_client(p.s, "a")->calls, 0);
	report("b", "a-b@run", "fail");
	expect_told(&p, "b: call-result\n");
	end(&p);
	cell_free(ab);
}

Test(placed_call, of_silent_ends_is_an_error)
{
	struct play p;
	struct cell *ab = new_cell("a", "b");

	begin_signed_in(&p, false);
	session_place(p.s, ab, &rules, NULL);
	let_time_pass(session_calls(p.s)->pdata[0]);
	expect_told(&p, "a-b: error, no answer from a, b within 26 s\n");
	end(&p);
	cell_free(ab);
}

Test(placed_call, of_a_dead_agent_is_an_error_and_others_go_on)
{
	struct play p;
	struct cell *ab = new_cell("a", "b"), *bc = new_cell("b", "c");

	begin_signed_in(&p, false);
	session_place(p.s, ab, &rules, NULL);
	session_place(p.s, bc, &rules, NULL);
	fake_died("a");
	expect_told(&p, "a: agent-died\na died: killed by signal 9\na is out, was not told\n"
			"a-b: error, agent a died: killed by signal 9\n");
	cr_expect(!bc->done, "neither of its ends is dead");
	cr_expect(!session_can_place(p.s, ab));
	end(&p);
	cell_free(ab);
	cell_free(bc);
}

Test(placed_call, that_can_not_be_sent_ends_at_once)
{
	struct play p;
	struct cell *ab = new_cell("a", "b");

	begin_signed_in(&p, false);
	fake.mute = "a";
	session_place(p.s, ab, &rules, NULL);
	expect_told(&p, "a-b: error, no agent 'a' runs\n");
	end(&p);
	cell_free(ab);
}

Test(placed_call, stands_until_it_is_hung_up)
{
	struct play p;
	struct cell *ab = new_cell("a", "b");
	struct cell_rules standing = rules;

	standing.stand = true;
	begin_signed_in(&p, false);
	session_place(p.s, ab, &standing, NULL);
	fake_say("a", json_pack("{s:s, s:s}", "event", "talking", "call", "a-b@run"));
	fake_say("a", json_pack("{s:s, s:s}", "event", "talking", "call", "a-b@run"));
	expect_told(&p, "a: talking of a-b\na-b stands\na: talking of a-b\n");
	cr_expect_null(g_main_context_find_source_by_user_data(NULL, session_calls(p.s)->pdata[0]),
		       "no deadline while it stands");
	expect_sent("a call a-b@run\n");
	session_hang_up(p.s);
	session_hang_up(p.s);
	expect_sent("a hang-up a-b@run\n");
	let_time_pass(session_calls(p.s)->pdata[0]);
	expect_told(&p, "a-b: error, no answer from a, b within 26 s\n");
	end(&p);
	cell_free(ab);
}

Test(placed_call, is_hung_up_before_its_time)
{
	struct play p;
	struct cell *ab = new_cell("a", "b"), *bc = new_cell("b", "c");
	const struct session_call *call;

	begin_signed_in(&p, false);
	session_place(p.s, ab, &rules, NULL);
	session_place(p.s, bc, &rules, NULL);
	call = session_calls(p.s)->pdata[0];
	expect_sent("a call a-b@run\nb call b-c@run\n");
	cr_expect(session_hang_up_call(p.s, call));
	expect_sent("a hang-up a-b@run\n");
	cr_expect_not(session_hang_up_call(p.s, call), "once only");
	expect_sent("");
	cr_expect_eq(session_calls(p.s)->len, 2, "it ends when both ends have reported");
	let_time_pass((gpointer)(guintptr)call);
	expect_told(&p, "a-b: error, no answer from a, b within 26 s\n");
	cr_expect_not(session_hang_up_call(p.s, call), "it is over");
	end(&p);
	cell_free(ab);
	cell_free(bc);
}

Test(placed_call, is_looked_at_before_and_after)
{
	struct play p;
	struct cell *ab = new_cell("a", "b"), *bc = new_cell("b", "c");

	begin_signed_in(&p, true);
	session_place(p.s, ab, &rules, NULL);
	session_place(p.s, bc, &rules, NULL);
	expect_sent("");
	fake_answer(NULL);
	expect_sent("a call a-b@run\n");
	fake_died("c");
	expect_told(&p, "c: agent-died\nc died: killed by signal 9\nc is out, was not told\n");
	fake_answer(NULL);
	expect_told(&p, "b-c: error, agent c died: killed by signal 9\n");
	let_time_pass(session_calls(p.s)->pdata[0]);
	expect_told(&p, "");
	fake_answer(NULL);
	expect_told(&p, "states of a-b\na-b: error, no answer from a, b within 26 s\n");
	end(&p);
	cell_free(ab);
	cell_free(bc);
}

/* --- the lab ---------------------------------------------------------------------------------- */

Test(lab, a_server_that_dies_ends_calls_at_once_and_is_named_by_later_failures)
{
	static const char *const restarted[] = {NULL};
	struct play p;
	struct cell *ab = new_cell("a", "b"), *bc = new_cell("b", "c");

	begin_signed_in(&p, false);
	session_place(p.s, ab, &rules, NULL);
	fake_died("hub/wireguard-go wg-north");
	expect_told(&p, "hub/wireguard-go wg-north: agent-died\n"
			"hub/wireguard-go wg-north died: killed by signal 9\n"
			"a-b: error, agent hub/wireguard-go wg-north died: killed by signal 9\n");
	session_place(p.s, bc, &rules, NULL);
	let_time_pass(session_calls(p.s)->pdata[0]);
	expect_told(&p, "b-c: error, agent hub/wireguard-go wg-north died: killed by signal 9; no "
			"answer from b, c within 26 s\n");
	session_restarted(p.s, restarted, "hub");
	bc->verdict = VERDICT_FAIL;
	session_distrust(p.s, bc);
	cr_expect_eq(bc->verdict, VERDICT_FAIL, "it runs again");
	end(&p);
	cell_free(ab);
	cell_free(bc);
}

Test(lab, restarts_agents_which_sign_in_again)
{
	static const char *const restarted[] = {"b", "fe/tb-frontend", NULL};
	struct play p;
	struct cell *ab = new_cell("a", "b");

	begin_signed_in(&p, false);
	session_place(p.s, ab, &rules, NULL);
	expect_sent("a call a-b@run\n");
	session_restarted(p.s, NULL, NULL);
	session_restarted(p.s, restarted, NULL);
	expect_told(&p, "a-b: error, b was started anew because of a change\n");
	cr_expect_eq(session_client(p.s, "b")->state, SIGN_IN_WAITING);
	cr_expect_eq(json_array_size(session_client(p.s, "b")->story), 0);
	cr_expect(session_sign_in_next(p.s));
	cr_expect(!session_sign_in_next(p.s), "nobody else");
	expect_sent("b sign-in\n");
	fake_say("b", json_pack("{s:s}", "event", "log"));
	fake_say("b", json_pack("{s:s}", "event", "signed-in"));
	cr_expect_eq(json_array_size(session_client(p.s, "b")->story), 2);
	end(&p);
	cell_free(ab);
}

Test(lab, fails_and_calls_end_when_the_owner_says_so)
{
	struct play p;
	struct cell *ab = new_cell("a", "b");

	begin_signed_in(&p, false);
	session_place(p.s, ab, &rules, NULL);
	fake_failed();
	expect_told(&p, "failed: the supervisor is gone\n");
	cr_expect(!session_is_built(p.s));
	session_abort_calls(p.s, "the lab failed");
	expect_told(&p, "a-b: error, the lab failed\n");
	end(&p);
	cell_free(ab);
}

static gboolean on_idle(gpointer data)
{
	struct play *p = data;

	if (session_is_built(p->s))
		session_quit(p->s);
	else
		fake_built();
	return G_SOURCE_CONTINUE;
}

static gboolean on_idle_failure(gpointer data G_GNUC_UNUSED)
{
	fake_failed();
	return G_SOURCE_REMOVE;
}

static gboolean on_idle_cancel(gpointer cancel)
{
	g_cancellable_cancel(cancel);
	return G_SOURCE_REMOVE;
}

Test(run, lasts_until_it_is_ended)
{
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_autoptr(GError) error = NULL;
	struct play p;
	guint idle;

	begin(&p);
	idle = g_idle_add(on_idle, &p);
	cr_expect(session_run(p.s, NULL, NULL), "until session_quit");
	g_source_remove(idle);
	g_idle_add(on_idle_cancel, cancel);
	cr_expect(session_run(p.s, cancel, NULL), "until it is cancelled");
	cr_expect(session_run(p.s, cancel, NULL), "not at all when it was");
	g_idle_add(on_idle_failure, NULL);
	cr_expect(!session_run(p.s, NULL, &error), "until the lab is gone");
	cr_expect_str_eq(error->message, "the supervisor is gone");
	end(&p);
}
