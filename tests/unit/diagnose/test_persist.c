/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes that a restart takes: recognised afterwards, and made to last. */
#include "testbed/diagnose/cause_rules.h"
#include "testbed/diagnose/fix.h"
#include "testbed/diagnose/persist.h"
#include "tests/support/fix_words.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>

#define FLEETING                                                                               \
	"- add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int, persistent: " \
	"false}\n"

static model *network(const char *changes)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
	model *m = base ? model_instantiate_with(base, model_scenario(base, "missing-route"),
						 "test", changes, d) :
			  NULL;
	g_autofree char *text = diags_to_text(d);

	cr_assert_not_null(m, "%s", text);
	return m;
}

/* What a walk would show: the Edge can't send to the branch. */
static finding *no_route(const struct cell *c)
{
	finding *f = finding_new(c);

	f->code = CAUSE_NO_ROUTE;
	f->node = g_strdup("edge");
	prefix_parse("10.20.0.101/32", &f->prefix);
	f->subject = subject_route(&f->prefix);
	return f;
}

Test(persist, a_lost_route_is_recognised)
{
	static const struct {
		const char *changes;
		enum cause_code code;
	} rows[] = {
		{FLEETING "- reboot: {node: edge}\n", CAUSE_ROUTE_NOT_PERSISTENT},
		{FLEETING "- reboot: {node: core}\n", CAUSE_NO_ROUTE},
		{"- reboot: {node: edge}\n", CAUSE_NO_ROUTE},
	};
	struct cell *c = cell_new();

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(model) m = network(rows[i].changes);
		const struct evidence e = {.model = m, .cell = c};
		g_autoptr(finding) f = no_route(c);

		persist_recognise(&e, f);
		cr_expect_eq(f->code, rows[i].code, "%s gives %s", rows[i].changes,
			     cause_name(f->code));
	}
	cell_free(c);
}

static const struct route *route_to_branch(const struct node *n)
{
	const GPtrArray *routes = n->lost_routes->len > 0 ? n->lost_routes : n->routes;

	return routes->pdata[routes->len - 1];
}

Test(persist, the_fix_makes_the_route_last)
{
	static const struct {
		const char *changes, *fix;
	} rows[] = {
		{FLEETING "- reboot: {node: edge}\n",
		 "- add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int, "
		 "persistent: true}\n"},
		{FLEETING, "- remove-route: {node: edge, to: 10.20.0.0/24}\n"
			   "- add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: "
			   "int, persistent: true}\n"},
	};
	struct cell *c = cell_new();

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(model) m = network(rows[i].changes);
		g_autoptr(finding) f = no_route(c);
		g_autoptr(fix) x = NULL;

		f->code = CAUSE_ROUTE_NOT_PERSISTENT;
		f->subject = subject_declared_route(route_to_branch(model_node(m, "edge")));
		x = fix_derive(m, f);
		cr_assert_not_null(x, "%s", rows[i].changes);
		cr_expect_str_eq(fix_words(x), rows[i].fix, "%s", fix_words(x));
		cr_expect_eq(x->commands->len, 5, "ip twice, route add -p, netsh, New-NetRoute");
	}
	cell_free(c);
}

/* The route is in use; the state that the walks go by stays as it was read. */
Test(persist, a_route_that_a_restart_takes_is_foreseen)
{
	static const struct {
		const char *changes;
		bool found;
	} rows[] = {
		{FLEETING, true},
		{"- add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int}\n",
		 false},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(model) m = network(rows[i].changes);
		g_autoptr(netstate) state = planned_state(m);
		g_autoptr(knet) net = knet_new(m, state);
		g_autoptr(GPtrArray) heard =
			g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
		const guint routes = netstate_node(state, "edge")->routes->len;
		json_t *event = json_pack("{s:s, s:{s:s, s:i}}", "event", "signed-in", "server",
					  "address", "172.25.33.10", "port", 443);
		struct cell *c = cell_new();
		const struct evidence e = {.model = m,
					   .cell = c,
					   .heard = heard,
					   .state = state,
					   .net = net,
					   .walk = walk_both,
					   .meet = walk_meet};
		g_autoptr(finding) f = NULL;

		c->media = MEDIA_AUDIO;
		g_ptr_array_add(c->participants, g_strdup("branch1"));
		g_ptr_array_add(heard, heard_new("branch1", event));
		json_decref(event);
		f = finding_new(c);
		cr_expect_eq(persist_foresee(&e, f), rows[i].found, "row %u", i);
		cr_expect_eq(f->code, rows[i].found ? CAUSE_ROUTE_NOT_PERSISTENT : CAUSE_UNKNOWN,
			     "%s", cause_name(f->code));
		cr_expect_eq(netstate_node(state, "edge")->routes->len, routes);
		cell_free(c);
	}
}
