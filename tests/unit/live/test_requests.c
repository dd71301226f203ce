/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a keeper answers to those who ask, with a lab that the test plays. */
#include "testbed/live/keeper_internal.h"
#include "tests/unit/session/fake_lab.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>

static const char network[] = "topology: t\ndomain: example.com\n"
			      "networks: {lan: {subnet: 10.0.0.0/24}}\n"
			      "nodes:\n"
			      "  one: {interfaces: {eth0: {network: lan, address: 10.0.0.1/24}}, "
			      "endpoint: {}}\n"
			      "  two: {interfaces: {eth0: {network: lan, address: 10.0.0.2/24}}, "
			      "endpoint: {}}\n"
			      "  gate: {interfaces: {eth0: {network: lan, address: 10.0.0.3/24}}}\n"
			      "scenarios: {base: {}}\n";

#define BLOCK "block: {node: gate, name: no-pings, chain: input, proto: icmp}"

#define OTHER "block: {node: gate, name: no-tcp, chain: input, proto: tcp}"
#define DECLARED "block: {node: one, name: no-udp, chain: input, proto: udp}"

/* A keeper without a process, and one control client of it, whose other end is `verb`. */
struct stage {
	struct keeper_job job;
	struct keeper k;
	struct control_client *g;
	line_socket *verb;
};

static void on_event(session *s G_GNUC_UNUSED, const struct session_call *call, const char *agent,
		     json_t *event, gpointer keeper)
{
	if (call)
		live_call_event(call, agent, event);
	else if (!session_client(s, agent))
		live_call_server_event(keeper, agent, event);
}

static void stage_init(struct stage *t)
{
	static const struct session_callbacks callbacks = {.event = on_event,
							   .call_ended = live_call_ended};
	g_autoptr(diags) found = diags_new();
	struct session_job job = {.keep_stories = true};
	int fds[2];

	*t = (struct stage){.job = {.name = "lab"}};
	t->job.base = model_load_text("t.yaml", network, strlen(network), found);
	t->job.scenario = model_scenario(t->job.base, "base");
	t->k = (struct keeper){.job = &t->job,
			       .changes = g_ptr_array_new_with_free_func(g_free),
			       .clients = g_ptr_array_new(),
			       .server_events =
				       g_ptr_array_new_with_free_func((GDestroyNotify)json_decref),
			       .unpublished = g_ptr_array_new_with_free_func(g_free)};
	t->k.current = model_instantiate(t->job.base, t->job.scenario, found);
	cr_assert_not_null(t->k.current);
	job.model = t->k.current;
	job.lab = (struct lab_options){
		.name = "base", .base = t->job.base, .scenario = t->job.scenario};
	t->k.session = session_start(&job, &callbacks, &t->k, NULL);
	session_use_endpoints(t->k.session, t->k.current);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
	t->verb = line_socket_new_blocking(fds[1], 1 << 20);
	t->g = g_new0(struct control_client, 1);
	*t->g = (struct control_client){.k = &t->k, .refs = 1};
	t->g->channel = line_socket_new(fds[0], fds[0], g_main_context_default(), 1 << 20,
					&(struct line_socket_handlers){0}, t->g);
	g_ptr_array_add(t->k.clients, t->g);
}

static void stage_clear(struct stage *t)
{
	control_client_unref(t->g);
	line_socket_free(t->verb);
	session_free(t->k.session);
	g_ptr_array_unref(t->k.changes);
	g_ptr_array_unref(t->k.clients);
	g_ptr_array_unref(t->k.server_events);
	g_ptr_array_unref(t->k.unpublished);
	model_free(t->k.current);
	model_free(t->job.base);
}

/* The lab is there, and both endpoints are signed in. */
static void come_up(struct stage *t)
{
	static const char *const names[] = {"one", "two"};

	fake_built();
	t->k.built = true;
	keeper_sign_in(&t->k);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		fake_say(names[i], json_pack("{s:s, s:{s:s}, s:b}", "event", "signed-in", "server",
					     "name", "fe.example.com", "remote_user", i));
	keeper_settle(&t->k);
}

static void ask(struct stage *t, const char *request)
{
	json_t *o = json_loads(request, 0, NULL);

	cr_assert_not_null(o, "%s", request);
	request_serve(t->g, o);
	json_decref(o);
}

/* The next line for the verb, NULL: there is none; the caller owns it. */
static json_t *heard(struct stage *t)
{
	gsize length;
	const char *line = line_socket_wait_line(t->verb, 0, &length);

	return line ? json_loadb(line, length, 0, NULL) : NULL;
}

static void expect_silence(struct stage *t, const char *when)
{
	json_t *line = heard(t);

	cr_expect_null(line, "answered %s", when);
	json_decref(line);
}

/* What "done" of the next line holds; the caller owns it. */
static json_t *expect_done(struct stage *t, const char *when)
{
	json_t *line = heard(t), *done = json_incref(json_object_get(line, "done"));
	g_autofree char *text = line ? json_dumps(line, JSON_COMPACT) : g_strdup("nothing");

	cr_assert_not_null(done, "%s: %s", when, text);
	json_decref(line);
	return done;
}

static void expect_refused(struct stage *t, const char *request, int code, const char *message)
{
	json_t *line = heard(t);
	const json_t *e = json_object_get(line, "error");
	const char *said = json_string_value(json_object_get(e, "message"));

	cr_assert_not_null(said, "%s is not refused", request);
	cr_expect_str_eq(said, message, "%s: %s", request, said);
	cr_expect_eq(json_integer_value(json_object_get(e, "code")), code, "%s", request);
	json_decref(line);
}

/* --- what is refused -------------------------------------------------------------------------- */

#define COMING_UP "the lab is still coming up"

static const struct refusal {
	const char *request;
	const char *early, *late; /* while the lab comes up, and when it is up; NULL: not tried */
} refusals[] = {
	{"{}", "unknown request ''", "unknown request ''"},
	{"{\"do\": 7}", "unknown request ''", "unknown request ''"},
	{"{\"do\": \"dance\"}", "unknown request 'dance'", "unknown request 'dance'"},
	{"{\"do\": \"inspect\"}", COMING_UP, NULL},
	{"{\"do\": \"watch\"}", COMING_UP, NULL},
	{"{\"do\": \"reset\"}", COMING_UP, NULL},
	{"{\"do\": \"enter\"}", COMING_UP, "no node ''; 'testbed status' lists them"},
	{"{\"do\": \"enter\", \"node\": \"gates\"}", COMING_UP,
	 "no node 'gates' (did you mean 'gate'?)"},
	{"{\"do\": \"reboot\", \"node\": \"xyzzy\"}", COMING_UP,
	 "no node 'xyzzy'; 'testbed status' lists them"},
	{"{\"do\": \"call\", \"a\": \"one\"}", COMING_UP,
	 "no endpoint ''; 'testbed status' lists them"},
	{"{\"do\": \"call\", \"a\": \"one\", \"b\": \"twoo\"}", COMING_UP,
	 "no endpoint 'twoo' (did you mean 'two'?)"},
	{"{\"do\": \"call\", \"a\": \"gate\", \"b\": \"one\"}", COMING_UP,
	 "no endpoint 'gate'; 'testbed status' lists them"},
	{"{\"do\": \"call\", \"a\": \"one\", \"b\": \"one\"}", COMING_UP,
	 "a call has two ends; both are the same endpoint"},
	{"{\"do\": \"call\", \"a\": \"one\", \"b\": \"two\", \"media\": \"im-conference\"}",
	 COMING_UP, "one call has one medium: im, audio or video"},
	{"{\"do\": \"set\"}", COMING_UP, "no change is given"},
	{"{\"do\": \"set\", \"changes\": []}", COMING_UP, "no change is given"},
	{"{\"do\": \"set\", \"changes\": [\"link-dwn: {}\"]}", COMING_UP,
	 "set:1:1: error: unknown change 'link-dwn' (did you mean 'link-down'?)"},
	{"{\"do\": \"set\", \"changes\": [\"" BLOCK "\", \"link-dwn: {}\"]}", COMING_UP,
	 "set 2:1:1: error: unknown change 'link-dwn' (did you mean 'link-down'?)"},
};

Test(requests, what_cannot_be_is_refused_and_changes_nothing)
{
	struct stage t;

	stage_init(&t);
	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
		ask(&t, refusals[i].request);
		expect_refused(&t, refusals[i].request, TB_ERROR_INPUT, refusals[i].early);
	}
	come_up(&t);
	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
		if (!refusals[i].late)
			continue;
		ask(&t, refusals[i].request);
		expect_refused(&t, refusals[i].request, TB_ERROR_INPUT, refusals[i].late);
	}
	cr_expect_eq(t.k.changes->len, 0);
	cr_expect_null(t.k.change);
	cr_expect(g_queue_is_empty(&fake.questions), "the lab was asked");
	stage_clear(&t);
}

/* --- status ----------------------------------------------------------------------------------- */

Test(requests, status_before_and_after_the_lab_is_up)
{
	struct stage t;
	const json_t *endpoint;
	json_t *status;

	stage_init(&t);
	ask(&t, "{\"do\": \"status\"}");
	status = expect_done(&t, "early");
	cr_expect(json_is_null(json_object_get(status, "up_ms")));
	cr_expect_eq(json_array_size(json_object_get(status, "nodes")), 3);
	endpoint = json_array_get(json_object_get(status, "endpoints"), 0);
	cr_expect_str_eq(json_string_value(json_object_get(endpoint, "state")), "pending");
	json_decref(status);
	come_up(&t);
	ask(&t, "{\"do\": \"status\"}");
	status = expect_done(&t, "late");
	cr_expect(json_is_number(json_object_get(status, "up_ms")));
	cr_expect_str_eq(json_string_value(json_object_get(status, "name")), "lab");
	cr_expect_str_eq(json_string_value(json_object_get(status, "scenario")), "base");
	cr_expect_eq(json_array_size(json_object_get(status, "endpoints")), 2, "gate is none");
	endpoint = json_array_get(json_object_get(status, "endpoints"), 1);
	cr_expect_str_eq(json_string_value(json_object_get(endpoint, "name")), "two");
	cr_expect_str_eq(json_string_value(json_object_get(endpoint, "state")), "signed-in");
	cr_expect_str_eq(json_string_value(json_object_get(endpoint, "server")), "fe.example.com");
	cr_expect(json_is_true(json_object_get(endpoint, "remote_user")));
	json_decref(status);
	stage_clear(&t);
}

/* Who waits hears when the last one is in, and not before. */
Test(requests, wait_is_answered_when_all_sign_ins_are_over)
{
	struct stage t;
	json_t *status;

	stage_init(&t);
	ask(&t, "{\"do\": \"wait\"}");
	fake_built();
	t.k.built = true;
	keeper_sign_in(&t.k);
	fake_say("one", json_pack("{s:s, s:{s:s}}", "event", "signed-in", "server", "name", "fe"));
	keeper_settle(&t.k);
	expect_silence(&t, "before the second one is in");
	fake_say("two", json_pack("{s:s, s:s, s:s}", "event", "sign-in-failed", "stage", "dns",
				  "reason", "no name server answers"));
	keeper_settle(&t.k);
	status = expect_done(&t, "wait");
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_array_get(json_object_get(status, "endpoints"), 1), "state")),
			 "failed");
	json_decref(status);
	expect_silence(&t, "twice");
	stage_clear(&t);
}

/* --- questions to the lab --------------------------------------------------------------------- */

Test(requests, the_labs_answer_or_its_error_is_passed_on)
{
	static const char *const asked[] = {
		"{\"do\": \"inspect\"}",
		"{\"do\": \"enter\", \"node\": \"gate\"}",
		"{\"do\": \"watch\"}",
		"{\"do\": \"set\", \"changes\": [\"" BLOCK "\"]}",
	};
	struct stage t;

	stage_init(&t);
	come_up(&t);
	for (guint i = 0; i < G_N_ELEMENTS(asked); i++) {
		json_t *done;

		ask(&t, asked[i]);
		expect_silence(&t, asked[i]);
		fake_answer("the kernel refuses");
		expect_refused(&t, asked[i], TB_ERROR_FAILED, "the kernel refuses");
		cr_expect_eq(t.g->refs, 1, "%s: %u references", asked[i], t.g->refs);
		ask(&t, asked[i]);
		fake_answer(NULL);
		done = expect_done(&t, asked[i]);
		json_decref(done);
		cr_expect_eq(t.g->refs, 1, "%s: %u references", asked[i], t.g->refs);
	}
	stage_clear(&t);
}

/* An answer may come when the verb is gone. */
Test(requests, an_answer_for_nobody_is_dropped)
{
	struct stage t;

	stage_init(&t);
	come_up(&t);
	ask(&t, "{\"do\": \"inspect\"}");
	ask(&t, "{\"do\": \"enter\", \"node\": \"gate\"}");
	ask(&t, "{\"do\": \"watch\"}");
	g_clear_pointer(&t.g->channel, line_socket_free);
	for (guint i = 0; i < 3; i++)
		fake_answer(NULL);
	cr_expect_eq(t.g->refs, 1);
	cr_expect_eq(fake.watches, 0, "packets are kept for nobody");
	stage_clear(&t);
}

static guint take_fds(struct stage *t)
{
	guint n = 0;

	for (int fd; (fd = line_socket_take_fd(t->verb)) >= 0; n++)
		close(fd);
	return n;
}

Test(requests, enter_and_watch_hand_over_descriptors)
{
	struct stage t;
	json_t *done;

	stage_init(&t);
	come_up(&t);
	ask(&t, "{\"do\": \"enter\", \"node\": \"gate\"}");
	fake_answer(NULL);
	done = expect_done(&t, "enter");
	cr_expect_eq(json_array_size(json_object_get(done, "files")), 2);
	cr_expect_eq(take_fds(&t), 5, "user, mount, process and network namespace, and TLS keys");
	json_decref(done);
	ask(&t, "{\"do\": \"watch\"}");
	fake_answer(NULL);
	done = expect_done(&t, "watch");
	cr_expect_eq(take_fds(&t), 1);
	json_decref(done);
	ask(&t, "{\"do\": \"watch\"}");
	expect_refused(&t, "a second watch", TB_ERROR_INPUT,
		       "the packets are watched for this connection already");
	cr_expect_eq(fake.watches, 1);
	ask(&t, "{\"do\": \"unwatch\"}");
	json_decref(expect_done(&t, "unwatch"));
	cr_expect_eq(fake.watches, 0);
	ask(&t, "{\"do\": \"unwatch\"}");
	json_decref(expect_done(&t, "unwatch once more"));
	cr_expect_eq(fake.watches, 0);
	stage_clear(&t);
}

/* --- changes ---------------------------------------------------------------------------------- */

static void expect_changes(struct stage *t, const char *wanted, const char *when)
{
	g_autoptr(GString) all = g_string_new(NULL);

	for (guint i = 0; i < t->k.changes->len; i++)
		g_string_append_printf(all, "%s\n", (const char *)t->k.changes->pdata[i]);
	cr_expect_str_eq(all->str, wanted, "%s: %s", when, all->str);
}

Test(requests, changes_add_up_until_they_are_reset)
{
	static const char set[] = "{\"do\": \"set\", \"changes\": [\"" BLOCK "\"]}";
	struct stage t;

	stage_init(&t);
	come_up(&t);
	ask(&t, set);
	cr_expect_str_eq(fake.change, BLOCK " | spare  | reboot nobody", "%s", fake.change);
	expect_changes(&t, "", "before the lab has made it");
	ask(&t, "{\"do\": \"reset\"}");
	expect_refused(&t, "reset meanwhile", TB_ERROR_INPUT,
		       "another change is just being made; try again when it is done");
	fake_answer(NULL);
	json_decref(expect_done(&t, "set"));
	expect_changes(&t, BLOCK "\n", "after set");
	cr_expect_eq(model_node(t.k.current, "gate")->firewall.rules->len, 1);
	/* twice the same name */
	ask(&t, set);
	expect_refused(&t, "the same again", TB_ERROR_INPUT,
		       "earlier set 1:1:27: error: scenario 'base': node 'gate' has two rules "
		       "named 'no-pings'");
	ask(&t, "{\"do\": \"reboot\", \"node\": \"gate\"}");
	cr_expect_str_eq(fake.change, BLOCK "; reboot: {node: gate} | spare  | reboot gate", "%s",
			 fake.change);
	fake_answer("no");
	expect_refused(&t, "reboot", TB_ERROR_FAILED, "no");
	expect_changes(&t, BLOCK "\n", "after a refused reboot");
	ask(&t, "{\"do\": \"reset\"}");
	fake_answer(NULL);
	json_decref(expect_done(&t, "reset"));
	expect_changes(&t, "", "after reset");
	cr_expect_eq(model_node(t.k.current, "gate")->firewall.rules->len, 0);
	stage_clear(&t);
}

/* What was set is replaced as a whole, and what the lab was started with stays. */
Test(requests, changes_are_made_in_place_of_those_before)
{
	struct stage t;
	json_t *status;

	stage_init(&t);
	come_up(&t);
	g_ptr_array_add(t.k.changes, g_strdup(DECLARED));
	t.k.n_declared = 1;
	ask(&t, "{\"do\": \"set\", \"changes\": [\"" BLOCK "\"]}");
	fake_answer(NULL);
	json_decref(expect_done(&t, "set"));
	ask(&t, "{\"do\": \"set\", \"instead\": true, \"changes\": [\"blok: {}\"]}");
	expect_refused(&t, "nonsense", TB_ERROR_INPUT,
		       "set:1:1: error: unknown change 'blok' (did you mean 'block'?)");
	expect_changes(&t, DECLARED "\n" BLOCK "\n", "after nonsense");
	ask(&t, "{\"do\": \"set\", \"instead\": true, \"changes\": [\"" OTHER "\"]}");
	cr_expect_str_eq(fake.change, DECLARED "; " OTHER " | spare  | reboot nobody", "%s",
			 fake.change);
	fake_answer(NULL);
	status = expect_done(&t, "set instead");
	cr_expect_eq(member_integer(status, "declared"), 1);
	cr_expect_eq(json_array_size(json_object_get(status, "changes")), 2);
	json_decref(status);
	ask(&t, "{\"do\": \"set\", \"instead\": true, \"changes\": []}");
	fake_answer(NULL);
	json_decref(expect_done(&t, "set nothing instead"));
	expect_changes(&t, DECLARED "\n", "after nothing instead");
	ask(&t, "{\"do\": \"set\", \"changes\": []}");
	expect_refused(&t, "set nothing", TB_ERROR_INPUT, "no change is given");
	stage_clear(&t);
}

/* Who follows is told when a change is made, before or after the answer to who made it. */
Test(requests, who_follows_is_told_of_changes)
{
	struct stage t;
	json_t *line;

	stage_init(&t);
	come_up(&t);
	ask(&t, "{\"do\": \"follow\"}");
	json_decref(expect_done(&t, "follow"));
	ask(&t, "{\"do\": \"set\", \"changes\": [\"" BLOCK "\"]}");
	fake_answer(NULL);
	json_decref(expect_done(&t, "set"));
	line = heard(&t);
	cr_expect(member_true(line, "changed"));
	json_decref(line);
	stage_clear(&t);
}

/* --- calls ------------------------------------------------------------------------------------ */

#define CALL "{\"do\": \"call\", \"a\": \"one\", \"b\": \"two\", \"servers\": true}"

/* The next line is an event of that agent. */
static void expect_event(struct stage *t, const char *agent, const char *event)
{
	json_t *line = heard(t);
	const char *who = json_string_value(json_object_get(line, "agent"));
	const char *what =
		json_string_value(json_object_get(json_object_get(line, "event"), "event"));

	cr_expect_str_eq(who ? who : "nobody", agent);
	cr_expect_str_eq(what ? what : "nothing", event);
	json_decref(line);
}

/* Who calls hears how both ends signed in, what servers said while nobody called, and what they say
 * from then on; a change spares both ends. */
Test(requests, a_call_is_told_to_who_placed_it)
{
	struct stage t;
	json_t *done;

	stage_init(&t);
	come_up(&t);
	fake_say("tb-edge", json_pack("{s:s}", "event", "log"));
	ask(&t, CALL);
	expect_event(&t, "one", "signed-in");
	expect_event(&t, "two", "signed-in");
	expect_event(&t, "tb-edge", "log");
	expect_silence(&t, "with what nobody said");
	fake_say("tb-edge", json_pack("{s:s}", "event", "relayed"));
	expect_event(&t, "tb-edge", "relayed");
	ask(&t, "{\"do\": \"set\", \"changes\": [\"" BLOCK "\"]}");
	cr_expect(strstr(fake.change, "spare one two") || strstr(fake.change, "spare two one"),
		  "%s", fake.change);
	fake_answer(NULL);
	json_decref(expect_done(&t, "set"));
	fake_died("two");
	done = expect_done(&t, "call");
	cr_expect_str_eq(
		json_string_value(json_object_get(json_object_get(done, "cell"), "verdict")),
		"error");
	json_decref(done);
	stage_clear(&t);
}

/* Anybody may end a call before its time; it is not placed again, whatever the machine did. */
Test(requests, a_call_is_hung_up)
{
	struct stage t;
	g_autofree char *sent = NULL;
	json_t *done;

	stage_init(&t);
	come_up(&t);
	ask(&t, "{\"do\": \"hang-up\", \"a\": \"one\", \"b\": \"two\"}");
	expect_refused(&t, "before a call", TB_ERROR_INPUT, "no such call goes on");
	ask(&t, CALL);
	expect_event(&t, "one", "signed-in");
	expect_event(&t, "two", "signed-in");
	ask(&t, "{\"do\": \"hang-up\", \"a\": \"two\", \"b\": \"one\"}");
	expect_refused(&t, "of the other direction", TB_ERROR_INPUT, "no such call goes on");
	g_free(fake_take_sent());
	ask(&t, "{\"do\": \"hang-up\", \"a\": \"one\", \"b\": \"two\"}");
	done = expect_done(&t, "hang-up");
	cr_expect_eq(member_integer(done, "calls"), 1);
	json_decref(done);
	sent = fake_take_sent();
	cr_expect(g_str_has_prefix(sent, "one hang-up base/one-two/audio@"), "%s", sent);
	ask(&t, "{\"do\": \"hang-up\", \"a\": \"one\", \"b\": \"two\"}");
	expect_refused(&t, "a second time", TB_ERROR_INPUT, "no such call goes on");
	fake_died("two");
	json_decref(expect_done(&t, "call"));
	stage_clear(&t);
}

/* --- exercises -------------------------------------------------------------------------------- */

/* A lab with a change that is told to nobody. */
static void stage_init_hidden(struct stage *t)
{
	g_autoptr(diags) found = diags_new();

	stage_init(t);
	t->job.hidden = BLOCK;
	t->job.exercise = json_pack("{s:s}", "name", "secret");
	g_ptr_array_add(t->k.changes, g_strdup(BLOCK));
	t->k.n_hidden = t->k.n_declared = 1;
	cr_assert(model_add_changes(t->job.base, "hidden", BLOCK, found));
	come_up(t);
}

static void stage_clear_hidden(struct stage *t)
{
	json_decref(t->job.exercise);
	json_decref(t->k.remembered);
	stage_clear(t);
}

/* The status, in whichever way it was asked for, has the exercise and `changes`, and no hidden
 * one. */
static void expect_told(struct stage *t, const char *when, const char *changes)
{
	json_t *status = expect_done(t, when);
	char *all = json_dumps(json_object_get(status, "changes"), JSON_COMPACT),
	     *text = json_dumps(status, JSON_COMPACT);

	cr_expect_str_eq(all, changes, "%s: %s", when, all);
	cr_expect(!strstr(text, "no-pings"), "%s: %s", when, text);
	cr_expect_str_eq(member_text(json_object_get(status, "exercise"), "name"), "secret");
	free(all);
	free(text);
	json_decref(status);
}

Test(exercise, its_fault_is_told_by_nothing_and_stays)
{
	struct stage t;

	stage_init_hidden(&t);
	ask(&t, "{\"do\": \"status\"}");
	expect_told(&t, "status", "[]");
	ask(&t, "{\"do\": \"set\", \"changes\": [\"link-down: {node: gate, interface: eth0}\"]}");
	cr_expect(g_str_has_prefix(fake.change, BLOCK "; link-down"), "%s", fake.change);
	fake_answer(NULL);
	expect_told(&t, "set", "[\"link-down: {node: gate, interface: eth0}\"]");
	ask(&t, "{\"do\": \"reset\"}");
	cr_expect(g_str_has_prefix(fake.change, BLOCK " |"), "%s", fake.change);
	fake_answer(NULL);
	expect_told(&t, "reset", "[]");
	stage_clear_hidden(&t);
}

/* A mistake of the student's own is told at its place; one that would show the hidden change is
 * not. */
Test(exercise, errors_do_not_tell_its_fault)
{
	struct stage t;

	stage_init_hidden(&t);
	ask(&t, "{\"do\": \"set\", \"changes\": [\"link-dwn: {}\"]}");
	expect_refused(&t, "own mistake", TB_ERROR_INPUT,
		       "set:1:1: error: unknown change 'link-dwn' (did you mean 'link-down'?)");
	g_ptr_array_remove_index(t.k.changes, 0);
	g_ptr_array_add(t.k.changes, g_strdup("block: {node: nowhere, name: no-pings}"));
	ask(&t, "{\"do\": \"set\", \"changes\": [\"link-down: {node: gate, interface: eth0}\"]}");
	expect_refused(&t, "hidden one", TB_ERROR_INPUT,
		       "this change does not go with the network as it is now");
	stage_clear_hidden(&t);
}

Test(requests, every_client_signs_in_again)
{
	struct stage t;

	stage_init(&t);
	come_up(&t);
	g_free(fake_take_sent());
	ask(&t, "{\"do\": \"sign-in\"}");
	expect_silence(&t, "before they are in");
	{
		g_autofree char *sent = fake_take_sent();

		cr_expect(strstr(sent, "one sign-in") && strstr(sent, "two sign-in"), "%s", sent);
	}
	come_up(&t);
	json_decref(expect_done(&t, "sign-in"));
	ask(&t, CALL);
	while (true) {
		json_t *line = heard(&t);

		if (!line)
			break;
		json_decref(line);
	}
	ask(&t, "{\"do\": \"sign-in\"}");
	expect_refused(&t, "sign-in", TB_ERROR_INPUT,
		       "a change or a call is in progress; try again when it is over");
	fake_died("two");
	json_decref(expect_done(&t, "call"));
	stage_clear(&t);
}

Test(requests, a_value_is_remembered)
{
	struct stage t;
	json_t *done;

	stage_init(&t);
	come_up(&t);
	ask(&t, "{\"do\": \"recall\"}");
	done = expect_done(&t, "recall");
	cr_expect(json_is_null(json_object_get(done, "value")));
	json_decref(done);
	ask(&t, "{\"do\": \"remember\", \"value\": [1]}");
	json_decref(expect_done(&t, "remember"));
	ask(&t, "{\"do\": \"recall\"}");
	done = expect_done(&t, "recall");
	cr_expect_eq(json_array_size(json_object_get(done, "value")), 1);
	json_decref(done);
	json_decref(t.k.remembered);
	stage_clear(&t);
}
