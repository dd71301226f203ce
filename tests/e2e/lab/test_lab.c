/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab's life with the real programs: it comes up, tells who dies, and does not touch the machine.
 */
#include "tests/e2e/lab/harness.h"

#include "tests/support/process.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void send_command(struct watched *w, const char *agent, const char *name)
{
	g_autoptr(GError) error = NULL;
	json_t *command = json_pack("{s:s}", "cmd", name);

	cr_expect(lab_command(w->l, agent, command, &error), "%s to %s: %s", name, agent,
		  error != NULL ? error->message : "");
	json_decref(command);
}

static bool takes_commands(struct watched *w, const char *agent)
{
	json_t *command = json_pack("{s:s}", "cmd", "stats");
	bool ok = lab_command(w->l, agent, command, NULL);

	json_decref(command);
	return ok;
}

Test(lab, every_agent_says_ready)
{
	struct watched w;

	watched_up(&w, "branch-edge");
	for (guint i = 0; i < w.p->ops->len; i++) {
		const struct op *op = g_ptr_array_index(w.p->ops, i);

		if (op->kind == OP_AGENT)
			cr_expect(has_text(w.ready, op->process.name), "'%s' did not say ready",
				  op->process.name);
	}
	cr_expect_eq(w.died->len, 0, "%s",
		     w.died->len > 0 ? (char *)g_ptr_array_index(w.died, 0) : "");
	watched_end(&w);
}

static bool someone_died(gpointer user_data)
{
	const struct watched *w = user_data;

	return w->died->len > 0 || w->failed;
}

Test(lab, a_killed_agent_is_told_by_name)
{
	struct watched w;
	struct process_id edge;

	watched_up(&w, "missing-route");
	edge = process_descendant_named(lab_pid(w.l), "tb-edge");
	cr_assert_neq(edge.pid, 0, "no tb-edge runs in the lab");
	kill(edge.pid, SIGKILL);
	cr_assert(run_until(someone_died, &w), "nobody missed it");
	cr_assert_not(w.failed, "the whole lab went: %s", w.message);
	cr_expect_str_eq(g_ptr_array_index(w.died, 0), "edge/tb-edge: killed by signal 9");
	cr_expect_not(takes_commands(&w, "edge/tb-edge"), "a dead agent takes commands");
	cr_expect_not(takes_commands(&w, "nobody"), "an unknown agent takes commands");
	cr_expect(takes_commands(&w, "dc1"), "another agent takes no commands any more");
	watched_end(&w);
}

static bool dc1_is_gone(gpointer user_data)
{
	return !takes_commands(user_data, "dc1");
}

Test(lab, who_quits_when_told_has_not_died)
{
	struct watched w;

	watched_up(&w, "missing-route");
	send_command(&w, "dc1", "quit");
	/* its answers to the questions, and its end, wake the loop up */
	cr_assert(run_until(dc1_is_gone, &w), "dc1 did not quit");
	cr_expect_eq(w.died->len, 0, "%s",
		     w.died->len > 0 ? (char *)g_ptr_array_index(w.died, 0) : "");
	watched_end(&w);
}

static bool has_failed(gpointer user_data)
{
	return ((struct watched *)user_data)->failed;
}

static bool dc1_answered(gpointer user_data)
{
	return has_text(((struct watched *)user_data)->answers, "dc1");
}

Test(lab, two_labs_do_not_disturb_each_other)
{
	struct watched one, two;

	watched_up(&one, "missing-route");
	watched_up(&two, "missing-route");
	kill(lab_pid(one.l), SIGKILL);
	cr_assert(run_until(has_failed, &one), "the death of a supervisor is not told");
	cr_expect_eq(one.code, TB_ERROR_DIED, "%s", one.message);
	cr_expect_not_null(strstr(one.message, "killed by signal 9"), "%s", one.message);
	cr_expect_not(takes_commands(&one, "dc1"), "a dead lab takes commands");
	send_command(&two, "dc1", "stats");
	cr_expect(run_until(dc1_answered, &two), "the other lab does not answer any more");
	cr_expect_not(two.failed, "%s", two.message);
	watched_end(&one);
	watched_end(&two);
}

Test(lab, what_is_missing_is_named)
{
	struct watched w;

	watched_start(&w, "missing-route", "/nonexistent");
	cr_assert(run_until(is_settled, &w), "neither built nor failed");
	cr_assert(w.failed, "built without programs");
	cr_expect_eq(w.code, TB_ERROR_UNSUPPORTED, "%s", w.message);
	cr_expect_not_null(strstr(w.message, "program 'tb-"), "%s", w.message);
	watched_end(&w);
}

/* What the machine's own network looks like; counters and remaining life times are left out. */
static char *machine_network(void)
{
	static const char *const commands[] = {"ip -o link", "ip -o addr",
					       "ip -o route show table all", "ip rule",
					       "nft -s list ruleset"};
	g_autoptr(GRegex) moving =
		g_regex_new("(valid_lft|preferred_lft|expires) \\S+", 0, 0, NULL);
	g_autoptr(GString) all = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
		struct outcome o;

		program_shell(commands[i], NULL, &o);
		g_string_append_printf(all, "# %s\n%s", commands[i], o.out);
		outcome_clear(&o);
	}
	return g_regex_replace_literal(moving, all->str, (gssize)all->len, 0, "", 0, NULL);
}

Test(lab, the_machines_network_is_left_alone)
{
	g_autofree char *before = machine_network(), *meanwhile = NULL, *after = NULL;
	struct watched w;

	cr_assert_not_null(strstr(before, ": lo"), "the machine's interfaces can't be seen");
	watched_up(&w, "branch-edge");
	meanwhile = machine_network();
	watched_end(&w);
	after = machine_network();
	cr_expect_str_eq(meanwhile, before, "changed while the lab was up");
	cr_expect_str_eq(after, before, "changed after the lab");
}

Test(lab, probe_finds_the_programs)
{
	g_autofree char *programs = built_programs();
	json_t *found = lab_probe(programs), *nowhere = lab_probe("/nonexistent");
	const json_t *edge = json_object_get(json_object_get(nowhere, "features"), "tb-edge");

	cr_expect(json_is_true(json_object_get(found, "ok")), "%s",
		  json_string_value(json_object_get(found, "missing")));
	cr_expect(json_is_true(json_object_get(
		json_object_get(json_object_get(found, "features"), "veth"), "ok")));
	cr_expect(json_is_false(json_object_get(nowhere, "ok")), "ok without programs");
	cr_expect(json_is_false(json_object_get(edge, "ok")));
	cr_expect(json_is_string(json_object_get(edge, "cure")), "no cure is told");
	json_decref(found);
	json_decref(nowhere);
}
