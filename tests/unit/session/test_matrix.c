/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run of a matrix from sign-in to results, in a lab that the test plays. */
#include "testbed/matrix/matrix.h"
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

/* What the lab does otherwise than well; each happens as soon as it can. */
struct play {
	const char *refused;   /* an agent that can't sign in */
	const char *dies;      /* an agent that dies when it is to sign in, or a service at once */
	const char *call_dies; /* a caller that dies when it is to call */
	const char *fails;     /* a callee that no text comes to */
	const char *code;      /* of that failure, or NULL */
	guint fails_times;     /* then it comes; 0: never */
	guint overloads;       /* so many failures of calls beside an overload of the machine */
	bool lab_fails;	       /* when the first call is placed */
	bool built, recovered;
	GHashTable *in; /* who has signed in */
	guint states;	/* looks at the kernels */
};

static const char *text_of(const struct agent_command *c, const char *key)
{
	return json_string_value(json_object_get(c->command, key));
}

static void play_sign_in(struct play *p, const struct agent_command *c)
{
	if (g_strcmp0(c->agent, p->dies) == 0) {
		fake_died(c->agent);
	} else if (g_strcmp0(c->agent, p->refused) == 0) {
		fake_say(c->agent, json_pack("{s:s, s:s, s:s}", "event", "sign-in-failed", "stage",
					     "tls", "reason", "refused"));
	} else {
		g_hash_table_add(p->in, g_strdup(c->agent));
		fake_say(c->agent, json_pack("{s:s}", "event", "signed-in"));
	}
}

static void play_im(struct play *p, const struct agent_command *c)
{
	/* a@example.com */
	g_autofree char *to = g_strndup(text_of(c, "to"), 1);
	bool fails = g_strcmp0(to, p->fails) == 0 && !p->recovered;

	p->recovered = p->recovered || (fails && p->fails_times > 0 && --p->fails_times == 0);

	cr_expect(g_hash_table_contains(p->in, c->agent) && g_hash_table_contains(p->in, to),
		  "%s calls %s before both are signed in", c->agent, to);
	if (p->lab_fails) {
		fake_failed();
		return;
	}
	if (g_strcmp0(c->agent, p->call_dies) == 0) {
		fake_died(c->agent);
		return;
	}
	if (!fails)
		fake_say(to, json_pack("{s:s, s:s, s:s}", "event", "im-received", "call",
				       text_of(c, "call"), "text", text_of(c, "text")));
	fake_say(c->agent,
		 json_pack("{s:s, s:s, s:s, s:s*, s:s*}", "event", "im-result", "call",
			   text_of(c, "call"), "verdict", fails ? "fail" : "pass", "reason",
			   fails ? "lost" : NULL, "code", fails ? p->code : NULL));
}

static gboolean on_idle(gpointer data)
{
	struct play *p = data;
	g_autoptr(GPtrArray) sent = NULL;

	if (!fake.sent || fake.freed)
		return G_SOURCE_CONTINUE;
	if (!p->built) {
		p->built = true;
		fake.overloads = p->overloads;
		fake_built();
		if (p->dies && strchr(p->dies, '/'))
			fake_died(p->dies);
	}
	sent = fake.sent;
	fake.sent = g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free);
	for (guint i = 0; i < sent->len; i++) {
		const struct agent_command *c = sent->pdata[i];

		if (g_str_equal(text_of(c, "cmd"), "sign-in"))
			play_sign_in(p, c);
		else
			play_im(p, c);
	}
	if (fake.questions.head)
		fake_answer(NULL);
	return G_SOURCE_CONTINUE;
}

static void on_lab_state(const struct scenario_result *s G_GNUC_UNUSED,
			 const netstate *state G_GNUC_UNUSED, const GError *error G_GNUC_UNUSED,
			 gpointer data)
{
	((struct play *)data)->states++;
}

/* Every cell's verdict and reason, one a line. */
static char *outcome(const results *r)
{
	const struct scenario_result *s = r->scenarios->pdata[0];
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < s->cells->len; i++) {
		const struct cell *c = s->cells->pdata[i];

		g_string_append_printf(text, "%s-%s: %s%s%s", c->a, c->b,
				       c->done ? verdict_name(c->verdict) : "not run",
				       c->reason ? ", " : "", c->reason ? c->reason : "");
		if (c->measured > 1)
			g_string_append_printf(text, ", measured %u", c->measured);
		g_string_append_c(text, '\n');
	}
	return g_string_free(text, FALSE);
}

/* Runs instant messages between all of the network in a lab that does as `p` says. */
static void expect_outcome(struct play *p, const char *text)
{
	const struct matrix_filter filter = {.media_mask = 1u << MEDIA_IM};
	const struct matrix_observer observer = {.lab_state = on_lab_state};
	const struct matrix_options options = {.seed = 1};
	g_autoptr(diags) found = diags_new();
	g_autoptr(model) base = model_load_text("t.yaml", network, strlen(network), found);
	g_autoptr(matrix_selection) s = base ? matrix_select(base, &filter, NULL) : NULL;
	g_autoptr(matrix) m = NULL;
	g_autofree char *got = NULL;
	guint idle = g_idle_add(on_idle, p);

	cr_assert_not_null(s);
	s->results->run_id = g_strdup("run");
	p->in = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	m = matrix_new(s, &options, &observer, p);
	cr_expect(matrix_run(m, NULL));
	g_source_remove(idle);
	got = outcome(s->results);
	cr_expect_str_eq(got, text);
	cr_expect(s->results->complete);
	cr_expect(fake.freed, "the lab ends with its last cell");
	g_hash_table_unref(p->in);
}

Test(matrix_run, places_every_cell)
{
	struct play p = {0};

	expect_outcome(&p, "a-b: pass\na-c: pass\nb-c: pass\n");
	cr_expect_eq(p.states, 1, "after the last cell");
}

Test(matrix_run, fails_cells_of_who_is_refused)
{
	struct play p = {.refused = "b"};

	expect_outcome(&p, "a-b: fail, b could not sign in (tls): refused\na-c: pass\n"
			   "b-c: fail, b could not sign in (tls): refused\n");
}

Test(matrix_run, makes_errors_of_cells_of_the_dead)
{
	struct play p = {.dies = "c"};

	expect_outcome(&p, "a-b: pass\na-c: error, agent c died: killed by signal 9\n"
			   "b-c: error, agent c died: killed by signal 9\n");
}

Test(matrix_run, makes_errors_of_calls_of_the_dead)
{
	struct play p = {.call_dies = "b"};

	expect_outcome(&p, "a-b: pass\na-c: pass\nb-c: error, agent b died: killed by signal 9\n");
}

Test(matrix_run, trusts_no_failure_beside_a_dead_service)
{
	struct play p = {.dies = "fe/tb-frontend", .fails = "b"};

	expect_outcome(&p, "a-b: error, agent fe/tb-frontend died: killed by signal 9; a: lost\n"
			   "a-c: pass\nb-c: pass\n");
}

/* A failure that the machine may have caused is measured again, at most twice, and the last
 * measurement without a witness counts; what nothing excuses counts at once. */
static const struct doubt_case {
	const char *name;
	struct play play;
	const char *outcome; /* of a-b */
} doubts[] = {
	{"no witness", {.fails = "b", .code = "no-answer-in-time"}, "fail, a: lost"},
	{"the second one passes",
	 {.fails = "b", .code = "no-answer-in-time", .fails_times = 1, .overloads = 1},
	 "pass, measured 2"},
	{"the second one fails without a witness",
	 {.fails = "b", .code = "no-answer-in-time", .overloads = 1},
	 "fail, a: lost, measured 2"},
	{"three with a witness",
	 {.fails = "b", .code = "no-answer-in-time", .overloads = 3},
	 "error, the machine was overloaded: sockets of hub1 had full receive buffers and lost 3 "
	 "packets; a: lost, measured 3"},
	{"refused", {.fails = "b", .code = "sip-not-found", .overloads = 3}, "fail, a: lost"},
};

Test(matrix_run, measures_again_what_the_machine_may_have_spoilt)
{
	for (guint i = 0; i < G_N_ELEMENTS(doubts); i++) {
		struct play p = doubts[i].play;
		g_autofree char *all =
			g_strdup_printf("a-b: %s\na-c: pass\nb-c: pass\n", doubts[i].outcome);

		cr_log_info("%s", doubts[i].name);
		expect_outcome(&p, all);
	}
}

Test(matrix_run, makes_errors_of_all_cells_of_a_lab_that_fails)
{
	struct play p = {.lab_fails = true};

	expect_outcome(&p, "a-b: error, the lab failed: the supervisor is gone\n"
			   "a-c: error, the lab failed: the supervisor is gone\n"
			   "b-c: error, the lab failed: the supervisor is gone\n");
	cr_expect_eq(p.states, 0, "there is nothing to look at");
}
