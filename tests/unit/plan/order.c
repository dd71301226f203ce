/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exec relies on: the order of kinds, unique numbers, names that fit. */
#include "tests/support/program.h"
#include "tests/unit/plan/support.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <net/if.h>
#include <stdlib.h>

Test(order, spaces_then_links_then_the_rest_then_processes)
{
	/* ROUTE..NFT come node by node, so they share a stage; a tunnel's addresses and NAT timers
	 * come late. */
	static const int stages[] = {
		[OP_NETNS] = 0,	  [OP_SYSCTL] = 1, [OP_BRIDGE] = 2, [OP_VETH] = 3, [OP_ADDR] = 4,
		[OP_LINK_UP] = 4, [OP_ROUTE] = 4,  [OP_RULE] = 4,   [OP_NFT] = 4,  [OP_TUNNEL] = 4,
		[OP_FILE] = 5,	  [OP_DAEMON] = 6, [OP_AGENT] = 7,
	};
	g_autoptr(plan) p = company_plan("branch-edge");
	int stage = 0;

	for (guint i = 0; i < p->ops->len; i++) {
		const struct op *op = p->ops->pdata[i];

		cr_assert(stages[op->kind] >= stage, "op %u, %s, comes too late", i,
			  op_kind_name(op->kind));
		stage = stages[op->kind];
	}
}

static void expect_unique(GHashTable *seen, unsigned ifindex)
{
	cr_expect(ifindex >= PLAN_FIRST_IFINDEX, "number %u is too small", ifindex);
	cr_expect(g_hash_table_add(seen, GUINT_TO_POINTER(ifindex)), "number %u comes twice",
		  ifindex);
}

Test(order, interface_numbers_are_unique_over_the_lab)
{
	g_autoptr(plan) p = company_plan("branch-edge");
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < p->ops->len; i++) {
		const struct op *op = p->ops->pdata[i];

		if (op->kind == OP_BRIDGE)
			expect_unique(seen, op->bridge.ifindex);
		if (op->kind == OP_TUNNEL)
			expect_unique(seen, op->tunnel.ifindex);
		for (int e = 0; op->kind == OP_VETH && e < 2; e++) {
			expect_unique(seen, op->veth[e].ifindex);
			cr_expect(strlen(op->veth[e].ifname) < IFNAMSIZ, "'%s' is too long",
				  op->veth[e].ifname);
		}
	}
	cr_expect(g_hash_table_size(seen) > 20, "only %u interfaces", g_hash_table_size(seen));
}

Test(order, servers_start_before_clients)
{
	static const char *const roles[] = {"dnsmasq", "tb-frontend", "tb-edge", "tb-client"};
	g_autoptr(plan) p = company_plan("vpn-bypass");
	gsize role = 0;
	guint n = 0;

	for (guint i = 0; i < p->ops->len; i++) {
		const struct op *op = p->ops->pdata[i];

		if (op->kind != OP_DAEMON && op->kind != OP_AGENT)
			continue;
		while (role < G_N_ELEMENTS(roles) && !g_str_equal(op->process.role, roles[role]))
			role++;
		cr_assert(role < G_N_ELEMENTS(roles), "'%s' starts too late", op->process.name);
		n++;
	}
	cr_expect_eq(n, 13, "%u processes: 2 DNS, 2 NRPT, Front End, Edge, 7 clients", n);
}

Test(print, json_has_every_op)
{
	g_autoptr(plan) p = company_plan("missing-route");
	g_autofree char *text = plan_as(p, PLAN_JSON);
	json_t *root = json_loads(text, 0, NULL);

	cr_assert(root != NULL, "valid JSON");
	cr_expect_eq(json_array_size(json_object_get(root, "ops")), p->ops->len,
		     "every op is there");
	json_decref(root);
}

Test(print, shell_script_is_valid)
{
	g_autoptr(plan) p = company_plan("missing-route");
	g_autofree char *text = plan_as(p, PLAN_SH);
	struct outcome o;

	program_run((const char *const[]){"sh", "-n", "-c", text, NULL}, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "sh -n: %s", o.err);
	outcome_clear(&o);
}

Test(print, formats_have_names)
{
	enum plan_format f;

	cr_expect(plan_format_parse("sh", &f) && f == PLAN_SH, "sh");
	cr_expect_not(plan_format_parse("s", &f), "names are matched whole");
}
