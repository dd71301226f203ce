/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec_run and each operation that can fail, with an exec that has no kernel. */
#include "tests/support/fake_exec.h"

#include <criterion/criterion.h>

static const char topology[] = "topology: pair\n"
			       "domain: example.com\n"
			       "networks: {wire: {subnet: 10.9.0.0/24}}\n"
			       "nodes:\n"
			       "  a:\n"
			       "    host_model: strong\n"
			       "    interfaces: {eth0: {network: wire, address: 10.9.0.1/24}}\n"
			       "    routes: [{to: default, via: 10.9.0.2}]\n"
			       "  b:\n"
			       "    interfaces: {eth0: {network: wire, address: 10.9.0.2/24}}\n"
			       "scenarios: {base: {title: as it is}}\n";

static plan *pair_plan(void)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load_text("pair.yaml", topology, sizeof topology - 1, d);
	g_autoptr(model) m = base ? model_instantiate(base, model_scenario(base, "base"), d) : NULL;
	g_autofree char *findings = diags_to_text(d);

	cr_assert(m != NULL, "%s", findings);
	return plan_build(m);
}

static guint network_ops(const plan *p)
{
	guint n = 0;

	for (guint i = 0; i < p->ops->len; i++)
		n += ((const struct op *)p->ops->pdata[i])->kind <= OP_NFT;
	return n;
}

Test(fault, every_operation_that_fails_is_named)
{
	g_autoptr(plan) p = pair_plan();
	guint n = network_ops(p);

	cr_assert(n > 20, "only %u operations", n);
	for (guint at = 1; at <= n; at++) {
		g_autoptr(exec) x = exec_new_fake(at);
		g_autoptr(GError) error = NULL;
		g_autoptr(GString) said = g_string_new(NULL);
		const struct op *op = p->ops->pdata[at - 1]; /* network operations come first */

		op_describe(op, said);
		cr_assert_not(exec_run(x, p, &error), "operation %u fails", at);
		cr_assert(g_error_matches(error, TB_ERROR, TB_ERROR_FAILED), "operation %u: error",
			  at);
		cr_expect(strstr(error->message, said->str), "'%s' names '%s'", error->message,
			  said->str);
		cr_expect(strstr(error->message, op->node), "'%s' names node '%s'", error->message,
			  op->node);
		cr_expect(!op->loc.file || g_str_has_prefix(error->message, "pair.yaml:"),
			  "'%s' says where", error->message);
		cr_expect_eq(exec_fake_log(x)->len, at - 1, "nothing is tried after operation %u",
			     at);
	}
}

Test(fault, all_operations_in_order)
{
	g_autoptr(plan) p = pair_plan();
	g_autoptr(exec) x = exec_new_fake(0);
	g_autoptr(GError) error = NULL;

	cr_assert(exec_run(x, p, &error), "%s", error ? error->message : "");
	cr_assert_eq(exec_fake_log(x)->len, network_ops(p), "network operations, and no others");
	for (guint i = 0; i < exec_fake_log(x)->len; i++) {
		g_autoptr(GString) said = g_string_new(NULL);

		op_describe(p->ops->pdata[i], said);
		cr_expect_str_eq(exec_fake_log(x)->pdata[i], said->str, "operation %u", i + 1);
	}
}

Test(fault, a_process_needs_its_node)
{
	g_autoptr(exec) x = exec_new_fake(0);
	g_autoptr(GError) error = NULL;
	char program[] = "true";
	char *const argv[] = {program, NULL};
	struct exec_process process = {
		.node = "nobody", .argv = argv, .control_fd = -1, .record_fd = -1, .log_fd = -1};

	cr_expect_eq(exec_spawn(x, &process, &error), -1, "no such node");
	cr_assert_not_null(error, "an error");
	cr_expect(strstr(error->message, "nobody"), "'%s' names the node", error->message);
}
