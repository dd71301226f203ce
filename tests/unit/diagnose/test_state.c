/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A firewall that drops an answer: for want of a session, where the question went around it, and
 * only there. */
#include "testbed/diagnose/cause_state.h"
#include "testbed/diagnose/fix.h"
#include "testbed/walk/tracked.h"
#include "tests/support/fix_words.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>

#define SECOND_FIREWALL                                                                      \
	"- add-node:\n"                                                                      \
	"    fw2:\n"                                                                         \
	"      site: datacenter\n"                                                           \
	"      forwarding: true\n"                                                           \
	"      interfaces: {lan: {network: dc-lan, address: 10.0.1.2/24}, perim: {network: " \
	"perimeter, address: 172.25.33.2/24}}\n"                                             \
	"      routes: [{to: default, via: 10.0.1.1}]\n"

static model *network(const char *changes)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
	model *m = base ? model_instantiate_with(base, model_scenario(base, "missing-route"),
						 "the test", changes, d) :
			  NULL;
	g_autofree char *text = diags_to_text(d);

	cr_assert_not_null(m, "%s", text);
	return m;
}

/* "core:perim,vpn0" of each hop: node, the interface it comes in by and the one it leaves by. */
static walk *walk_of(const char *way, enum walk_end end)
{
	g_auto(GStrv) places = g_strsplit(way, " ", 0);
	walk *w = walk_new();

	w->end = end;
	for (guint i = 0; places[i]; i++) {
		g_auto(GStrv) parts = g_strsplit_set(places[i], ":,", 3);

		walk_add_hop(w, parts[0], *parts[1] ? parts[1] : NULL, *parts[2] ? parts[2] : NULL);
		g_free(w->node);
		w->node = g_strdup(parts[0]);
	}
	return w;
}

static const struct state_case {
	const char *name, *firewall, *route, *question, *answer;
	enum walk_end question_end;
	const char *change; /* of the fix; NULL: the firewall's own rule is the cause */
} cases[] = {
	{"a route of its own leads astray", "      firewall: {forward: drop}\n",
	 "- add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.2, dev: int}\n",
	 "branch1:,lan branch-gw:lan,vpn0 core:vpn0,perim edge:int,", "edge:,int fw2:perim,",
	 WALK_DELIVERED,
	 "- remove-route: {node: edge, to: 10.20.0.0/24}\n"
	 "- add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int, persistent: "
	 "true}\n"},
	{"a wider route leads astray", "      firewall: {forward: drop}\n",
	 "- add-route: {node: edge, to: 10.0.0.0/8, via: 172.25.33.2, dev: int}\n",
	 "branch1:,lan branch-gw:lan,vpn0 core:vpn0,perim edge:int,", "edge:,int fw2:perim,",
	 WALK_DELIVERED,
	 "- add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int, persistent: "
	 "true}\n"},
	{"a router on the way back leads astray", "      firewall: {forward: drop}\n",
	 "- remove-route: {node: core, to: 10.20.0.0/24}\n- add-route: {node: core, to: "
	 "10.20.0.0/24, via: 172.25.33.2}\n",
	 "branch1:,lan branch-gw:lan,vpn0 core:vpn0,perim edge:int,",
	 "edge:,int core:perim,perim fw2:perim,", WALK_DELIVERED,
	 "- remove-route: {node: core, to: 10.20.0.0/24}\n"
	 "- add-route: {node: core, to: 10.20.0.0/24, via: 10.255.0.2, dev: vpn0, persistent: "
	 "true}\n"},
	{"the question passed it", "      firewall: {forward: drop}\n", "",
	 "branch1:,lan branch-gw:lan,vpn0 fw2:lan,perim edge:int,", "edge:,int fw2:perim,",
	 WALK_DELIVERED, NULL},
	{"it knows no sessions", "      firewall: {forward: drop, stateful: false}\n", "",
	 "branch1:,lan branch-gw:lan,vpn0 core:vpn0,perim edge:int,", "edge:,int fw2:perim,",
	 WALK_DELIVERED, NULL},
	{"the question did not arrive", "      firewall: {forward: drop}\n", "",
	 "branch1:,lan branch-gw:lan,vpn0", "edge:,int fw2:perim,", WALK_FILTERED, NULL},
};

static finding *dropped_at_fw2(void)
{
	finding *f = finding_new(NULL);

	f->code = CAUSE_FW_DROP;
	f->node = g_strdup("fw2");
	f->subject = (struct subject){.kind = SUBJECT_POLICY, .policy = FW_FORWARD};
	f->why = g_strdup("it drops");
	f->flow.proto = PROTO_UDP;
	addr_parse("172.25.33.10", &f->flow.src);
	addr_parse("10.20.0.101", &f->flow.dst);
	return f;
}

Test(no_state, is_the_cause_where_the_question_went_around_the_firewall)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct state_case *c = &cases[i];
		g_autofree char *changes =
			g_strconcat(SECOND_FIREWALL, c->firewall, c->route, NULL);
		g_autoptr(model) m = network(changes);
		const struct evidence e = {.model = m};
		walk *question = walk_of(c->question, c->question_end),
		     *answer = walk_of(c->answer, WALK_FILTERED);
		g_autoptr(finding) f = dropped_at_fw2();
		bool found = cause_no_state(&e, f, question, answer);
		g_autoptr(fix) x = fix_derive(m, f);

		cr_assert_eq(found, c->change != NULL, "%s", c->name);
		cr_assert_eq(f->code, c->change ? CAUSE_FW_NO_STATE : CAUSE_FW_DROP, "%s: %s",
			     c->name, cause_name(f->code));
		cr_assert_not_null(x, "%s", c->name);
		if (c->change)
			cr_assert_str_eq(fix_words(x), c->change, "%s: %s", c->name, fix_words(x));
		walk_free(question);
		walk_free(answer);
	}
}

/* --- what the firewall itself remembers ------------------------------------------------------- */

#define SESSION(src, sport, replied)                                                     \
	"{\"proto\": \"udp\", \"src\": \"" src "\", \"sport\": " sport                   \
	", \"dst\": \"172.25.33.10\", \"dport\": 3478,"                                  \
	" \"reply_src\": \"172.25.33.10\", \"reply_sport\": 3478, \"reply_dst\": \"" src \
	"\", \"reply_dport\": " sport ","                                                \
	" \"state\": null, \"replied\": " replied ", \"assured\": false, \"timeout_s\": 20}"

static const struct table_case {
	const char *name, *node; /* of the state, in JSON */
	bool own;		 /* its sessions are the call's */
	bool found;
	const char *proof; /* NULL: none by the table */
} tables[] = {
	{"an older run", "{}", true, true, NULL},
	{"nothing is tracked", "{\"conntrack\": []}", true, true,
	 "fw2 tracks 0 sessions, none of 10.20.0.101 with 172.25.33.10:3478"},
	{"others are tracked", "{\"conntrack\": [" SESSION("10.20.0.102", "5000", "true") "]}",
	 true, true, "fw2 tracks 1 session, none of 10.20.0.101 with 172.25.33.10:3478"},
	{"some are left out", "{\"conntrack\": [], \"conntrack_left_out\": 3}", true, true, NULL},
	{"the call's own, replied", "{\"conntrack\": [" SESSION("10.20.0.101", "5000", "true") "]}",
	 true, false, NULL},
	{"the call's own, not replied",
	 "{\"conntrack\": [" SESSION("10.20.0.101", "5000", "false") "]}", true, true, NULL},
	{"one of an earlier call", "{\"conntrack\": [" SESSION("10.20.0.101", "5000", "true") "]}",
	 false, true, NULL},
};

Test(no_state, is_proved_or_refuted_by_the_firewalls_own_table)
{
	g_autofree char *changes =
		g_strconcat(SECOND_FIREWALL, cases[0].firewall, cases[0].route, NULL);
	g_autoptr(model) m = network(changes);

	for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
		const struct table_case *c = &tables[i];
		json_t *node = json_loads(c->node, 0, NULL),
		       *nodes = json_pack("{s:{s:o}}", "nodes", "fw2", node);
		g_autoptr(netstate) state = state_from(nodes);
		g_autoptr(GPtrArray) sessions = tracked_of(state, c->own ? "fw2" : "nobody");
		const struct evidence e = {.model = m, .state = state, .sessions = sessions};
		walk *question = walk_of(cases[0].question, WALK_DELIVERED),
		     *answer = walk_of(cases[0].answer, WALK_FILTERED);
		g_autoptr(finding) f = dropped_at_fw2();

		f->flow.sport = 3478;
		f->flow.dport = CLIENT_PORT;
		cr_expect_eq(cause_no_state(&e, f, question, answer), c->found, "%s", c->name);
		cr_expect_eq(f->code, c->found ? CAUSE_FW_NO_STATE : CAUSE_FW_DROP, "%s: %s",
			     c->name, cause_name(f->code));
		cr_expect_eq(f->proof->len, c->proof ? 1 : 0, "%s", c->name);
		if (c->proof && f->proof->len > 0)
			cr_expect_str_eq(f->proof->pdata[0], c->proof, "%s: %s", c->name,
					 (const char *)f->proof->pdata[0]);
		walk_free(question);
		walk_free(answer);
	}
}
