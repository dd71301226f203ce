/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a lab's kernels, asked for while it lives and after its death. */
#include "tests/e2e/lab/harness.h"

#include <criterion/criterion.h>
#include <signal.h>

struct asked {
	netstate *state; /* NULL: an error came */
	char *message;
	unsigned answers;
};

static void on_state(lab *l G_GNUC_UNUSED, const netstate *state, const GError *error,
		     gpointer user_data)
{
	struct asked *a = user_data;

	a->answers++;
	a->state = netstate_ref(state);
	a->message = error != NULL ? g_strdup_printf("%d: %s", error->code, error->message) : NULL;
}

static bool is_answered(gpointer asked)
{
	return ((struct asked *)asked)->answers > 0;
}

static void asked_clear(struct asked *a)
{
	netstate_unref(a->state);
	g_free(a->message);
}

static struct prefix prefix_at(const char *text)
{
	struct prefix p;

	cr_assert(prefix_parse(text, &p), "%s", text);
	return p;
}

/* By prefix, gateway and interface. */
static bool has_route(const node_state *n, unsigned table, const char *to, const char *via,
		      const char *dev)
{
	const struct prefix wanted = prefix_at(to), gateway = prefix_at(via);

	for (guint i = 0; i < n->routes->len; i++) {
		const struct kernel_route *r = &g_array_index(n->routes, struct kernel_route, i);

		if (r->table == table && prefix_equal(&r->to, &wanted) &&
		    addr_equal(&r->via, &gateway.addr) && g_strcmp0(r->dev, dev) == 0)
			return true;
	}
	return false;
}

/* The table that the rule for this source looks into; 0: there is no such rule. */
static unsigned table_for(const node_state *n, const char *from)
{
	const struct prefix wanted = prefix_at(from);

	for (guint i = 0; i < n->rules->len; i++) {
		const struct kernel_rule *r = &g_array_index(n->rules, struct kernel_rule, i);

		if (prefix_equal(&r->from, &wanted) && r->action == KERNEL_RULE_LOOKUP)
			return r->table;
	}
	return 0;
}

static void ask(struct watched *w, struct asked *ret)
{
	lab_inspect(w->l, on_state, ret);
	cr_expect_eq(ret->answers, 0, "answered before the main loop ran");
	cr_assert(run_until(is_answered, ret), "no answer");
}

static void expect_edge(const char *scenario, bool knows_branch)
{
	struct asked a = {0};
	struct watched w;
	const node_state *edge;
	unsigned table;
	gint64 begin_us;

	watched_up(&w, scenario);
	begin_us = g_get_monotonic_time();
	ask(&w, &a);
	cr_log_info("%s: %u nodes in %.1f ms", scenario, a.state ? a.state->nodes->len : 0,
		    (double)(g_get_monotonic_time() - begin_us) / 1000);
	cr_assert_not_null(a.state, "%s", a.message);
	cr_expect_eq(a.state->nodes->len, w.m->nodes->len, "all nodes, and no other");
	edge = netstate_node(a.state, "edge");
	cr_assert_not_null(edge);
	cr_expect(has_route(edge, 254, "0.0.0.0/0", "203.0.113.1", "ext"), "the default route");
	table = table_for(edge, "172.25.33.10/32");
	cr_expect(table != 0 && table != 254, "the internal address has no table of its own");
	cr_expect(has_route(edge, table, "10.0.1.0/24", "172.25.33.1", "int"),
		  "the servers' subnet");
	cr_expect_eq(has_route(edge, table, "10.20.0.0/24", "172.25.33.1", "int"), knows_branch,
		     "%s: the branch's subnet", scenario);
	asked_clear(&a);
	watched_end(&w);
}

Test(inspect, the_missing_route_can_be_seen)
{
	expect_edge("missing-route", false);
	expect_edge("persistent-route", true);
}

static bool has_failed(gpointer user_data)
{
	return ((struct watched *)user_data)->failed;
}

Test(inspect, a_lab_that_is_gone_says_so_once)
{
	struct asked dying = {0}, late = {0};
	struct watched w;

	watched_up(&w, "missing-route");
	/* stopped first, so that it can't answer before it dies */
	kill(lab_pid(w.l), SIGSTOP);
	lab_inspect(w.l, on_state, &dying);
	kill(lab_pid(w.l), SIGKILL);
	cr_assert(run_until(has_failed, &w), "the death is not told");
	cr_expect_eq(dying.answers, 1, "%u answers", dying.answers);
	cr_expect_null(dying.state, "a dead lab has a state");
	ask(&w, &late);
	cr_expect_eq(late.answers, 1, "%u answers", late.answers);
	cr_expect_null(late.state, "a dead lab has a state");
	cr_expect_not_null(late.message);
	asked_clear(&dying);
	asked_clear(&late);
	watched_end(&w);
}

struct last_question {
	struct watched w;
	unsigned answers;
};

static void on_state_free(lab *l, const netstate *state, const GError *error, gpointer user_data)
{
	struct last_question *q = user_data;

	cr_expect_not_null(state, "%s", error != NULL ? error->message : "");
	q->answers++;
	q->w.l = NULL;
	lab_free(l);
}

static bool is_over(gpointer last_question)
{
	return ((struct last_question *)last_question)->w.l == NULL;
}

Test(inspect, a_freed_lab_answers_no_more)
{
	struct last_question q = {.answers = 0};

	watched_up(&q.w, "missing-route");
	lab_inspect(q.w.l, on_state_free, &q);
	lab_inspect(q.w.l, on_state_free, &q);
	cr_assert(run_until(is_over, &q), "no answer");
	while (g_main_context_iteration(NULL, FALSE))
		;
	cr_expect_eq(q.answers, 1, "%u answers", q.answers);
	cr_expect_not(q.w.failed, "%s", q.w.message);
	watched_end(&q.w);
}
