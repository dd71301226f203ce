/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `count`: what a counted object is written out to, and expressions by a table. */
#include "testbed/model/expression.h"
#include "tests/unit/model/support.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
	const char *text, *expanded; /* NULL: `problem` is said */
	const char *problem;
} expressions[] = {
	{"plain", "plain", NULL},
	{"pc$(n)", "pc7", NULL},
	{"pc$(0n)-$(k)", "pc07-2", NULL},
	{"$(n + 1)$(n-1)", "86", NULL},
	{"$(2 + 3 * 4)", "14", NULL},
	{"$((2 + 3) * 4)", "20", NULL},
	{"$(n % 4)", "3", NULL},
	{"$(n / 2)", "3", NULL},
	{"$(10 - 2 - 3)", "5", NULL},
	{"$(10.20.0.1 + n*256)/24", "10.20.7.1/24", NULL},
	{"$(n*256 + 10.20.0.1)", "10.20.7.1", NULL},
	{"$(10.0.1.0 - 1)", "10.0.0.255", NULL},
	{"$(10.0.255.255 + 1)", "10.1.0.0", NULL},
	{"$(2001:db8::ffff + n)", "2001:db8::1:6", NULL},
	{"a $ (n) $n", "a $ (n) $n", NULL},
	{"$(m)", NULL, "nothing here counts 'm' (there is: k, n)"},
	{"$(", NULL, "the end is missing, ')'"},
	{"$(n", NULL, "the end is missing, ')'"},
	{"$()", NULL, "')' is unexpected"},
	{"$(n n)", NULL, "'n' is unexpected"},
	{"$((n)", NULL, "the end is missing, ')'"},
	{"$(1 / 0)", NULL, "division by 0"},
	{"$(0.0.0.1 - 2)", NULL, "0.0.0.1 - 2 is no address any more"},
	{"$(10.0.0.1 + 10.0.0.1)", NULL,
	 "an address can only be added to, or be taken a number from"},
	{"$(3 - 10.0.0.1)", NULL, "an address can only be added to, or be taken a number from"},
	{"$(10.0.0)", NULL, "'10.0.0' is no address"},
	{"$(99999999999999999999)", NULL, "'99999999999999999999' is no number"},
	{"$(9223372036854775807 + 1)", NULL, "the number is too large"},
	{"$(((((((((((((((((((1)))))))))))))))))))", NULL,
	 "more than 16 parentheses in each other"},
};

Test(repeat, expressions)
{
	const struct variable n = {.name = "n", .value = 7, .width = 2},
			      k = {.name = "k", .value = 2, .width = 1, .outer = &n};

	for (guint i = 0; i < G_N_ELEMENTS(expressions); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_autofree char *problem = NULL;
		bool ok = expression_expand(expressions[i].text, &k, out, &problem);

		cr_expect_eq(ok, expressions[i].expanded != NULL, "%s", expressions[i].text);
		if (ok && expressions[i].expanded)
			cr_expect_str_eq(out->str, expressions[i].expanded, "%s: %s",
					 expressions[i].text, out->str);
		else
			cr_expect_str_eq(problem ? problem : "",
					 expressions[i].problem ? expressions[i].problem : "",
					 "%s: %s", expressions[i].text, problem);
	}
}

static const char branches[] =
	"topology: branches\n"
	"domain: example.com\n"
	"x-pc: &pc\n"
	"  routes: [{to: default, via: $(10.0.0.1 + n*256)}]\n"
	"sites:\n"
	"  branch-$(0n): {count: 12, title: Branch $(n)}\n"
	"networks:\n"
	"  hub: {subnet: 192.0.2.0/24}\n"
	"  lan-$(0n): {count: 12, site: branch-$(0n), subnet: $(10.0.0.0 + n*256)/24}\n"
	"nodes:\n"
	"  core:\n"
	"    interfaces:\n"
	"      h: {network: hub, address: 192.0.2.200/24}\n"
	"    routes:\n"
	"      - {to: default, via: 192.0.2.201}\n"
	"      - {count: 12, to: $(10.0.0.0 + n*256)/24, via: $(192.0.2.0 + n)}\n"
	"  gw-$(0n):\n"
	"    count: 12\n"
	"    interfaces:\n"
	"      hub: {network: hub, address: $(192.0.2.0 + n)/24}\n"
	"      lan: {network: lan-$(0n), address: $(10.0.0.1 + n*256)/24}\n"
	"  pc-$(0n)-$(k):\n"
	"    count: {n: 12, k: 0-4}\n"
	"    <<: *pc\n"
	"    interfaces: {eth0: {network: lan-$(0n), address: $(10.0.0.100 + n*256 + k)/24}}\n"
	"scenarios: {base: {}}\n";

Test(repeat, sites_networks_nodes_and_routes)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load_text("branches.yaml", branches, strlen(branches), d);
	g_autofree char *findings = diags_to_text(d);
	char text[ADDR_TEXT_MAX];
	const struct node *pc, *core;
	struct addr a;

	cr_assert_not_null(m, "%s", findings);
	cr_expect_eq(m->sites->len, 12);
	cr_expect_eq(m->networks->len, 13);
	cr_expect_eq(m->nodes->len, 1 + 12 + 60, "%u", m->nodes->len);
	cr_expect_str_eq(model_site(m, "branch-03")->title, "Branch 3");
	pc = model_node(m, "pc-11-4");
	cr_assert_not_null(pc);
	a = node_address(pc);
	cr_expect_str_eq(addr_print(&a, text), "10.0.11.104");
	cr_expect_eq(pc->routes->len, 1, "through the merge");
	cr_expect_eq(pc->loc.line, 22, "the template's line, not %d", pc->loc.line);
	core = model_node(m, "core");
	cr_expect_eq(core->routes->len, 13);
	a = ((const struct route *)core->routes->pdata[12])->via;
	cr_expect_str_eq(addr_print(&a, text), "192.0.2.12");
}

/* Scenarios are made from the same document: instances can be named in changes. */
Test(repeat, a_scenario_changes_an_instance)
{
	g_autofree char *text = g_strconcat(branches, "x-end: {}\n", NULL);
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = NULL, changed = NULL;
	char *at = strstr(text, "scenarios: {base: {}}");

	memcpy(at, "scenarios: {s: {}}   ", 21);
	m = model_load_text("branches.yaml", text, strlen(text), d);
	cr_assert_not_null(m);
	changed = model_instantiate_with(m, model_scenario(m, "s"), "change",
					 "[{count: 3, remove-node: {node: pc-12-$(n)}}, "
					 "{link-down: {node: gw-05, interface: lan}}]",
					 d);
	cr_assert_not_null(changed);
	cr_expect_eq(changed->nodes->len, m->nodes->len - 3);
	cr_expect_not(node_iface(model_node(changed, "gw-05"), "lan")->up);
}

/* Fifty faults of one template are told twice at most. */
Test(repeat, faults_of_a_template_are_few)
{
	g_autofree char *text = NULL;
	g_autoptr(diags) d = diags_new();
	gsize length;
	model *m;

	cr_assert(g_file_get_contents("tests/data/bad/count-fault-in-template.yaml", &text, &length,
				      NULL));
	m = model_load_text("f.yaml", text, length, d);
	cr_expect_null(m);
	cr_expect_leq(diags_errors(d), 4, "%u findings", diags_errors(d));
	cr_expect_eq(diags_get(d, 0)->loc.line, 8);
}

/* A key that is no text has no name to count by: a finding, and nothing reads its text. */
Test(repeat, a_count_by_what_is_no_text)
{
	static const char *const counts[] = {"{{a: b}: 3}", "{[k]: 3}", "{? {n: 2} : {k: 2}}"};

	for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
		g_autofree char *text = g_strdup_printf("topology: t\ndomain: example.com\n"
							"nodes:\n  x-$(n):\n    count: %s\n",
							counts[i]);
		g_autoptr(diags) d = diags_new();
		model *m = model_load_text("f.yaml", text, strlen(text), d);

		cr_expect_null(m, "%s", counts[i]);
		cr_expect_gt(diags_errors(d), 0, "%s", counts[i]);
	}
}
