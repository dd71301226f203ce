/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A firewall between two relays, from what was seen of the call to the exception for the ports that
 * a relay lends. */
#include "testbed/diagnose/diagnose.h"
#include "testbed/diagnose/fix.h"
#include "tests/support/fix_words.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define TWO_EDGES "branch-edge"
#define ALLOW "- allow: {node: branch-dmz-fw, name: relay-ports, chain: forward, "

static const struct ports_case {
	const char *name, *changes;
	enum subject_kind kind;
	const char *object;
	const char *fix;
} cases[] = {
	{"a rule", "block: {node: branch-dmz-fw, name: no-relay, chain: forward, proto: udp}",
	 SUBJECT_RULE, "no-relay",
	 ALLOW "src: [203.0.113.84], proto: udp, sports: [50000-59999]}\n"},
	{"the policy, where nothing lets it pass",
	 "remove-rule: {node: branch-dmz-fw, rule: edge-out}", SUBJECT_POLICY, "forward policy",
	 ALLOW "src: [203.0.113.84], proto: udp, sports: [50000-59999]}\n"},
};

/* An end that signed in and was lent a relay. */
static void hear_end(GPtrArray *heard, const char *end, const char *relay)
{
	json_t *signed_in =
		       json_pack("{s:s, s:{s:s}}", "event", "signed-in", "relay", "address", relay),
	       *candidate = json_pack("{s:s, s:s, s:s}", "event", "candidate", "side", "local",
				      "type", "relay");

	g_ptr_array_add(heard, heard_new(end, signed_in));
	g_ptr_array_add(heard, heard_new(end, candidate));
	json_decref(signed_in);
	json_decref(candidate);
}

static finding *find(const model *m)
{
	struct cell *cell = cell_new();
	struct observation seen;
	finding *f;

	cell->a = g_strdup("branch1");
	cell->b = g_strdup("home1");
	cell->media = MEDIA_AUDIO;
	cell->verdict = VERDICT_FAIL;
	g_ptr_array_add(cell->participants, g_strdup(cell->a));
	g_ptr_array_add(cell->participants, g_strdup(cell->b));
	observation_init(&seen);
	seen.state = planned_state(m);
	hear_end(seen.heard, "branch1", "10.20.0.10");
	hear_end(seen.heard, "home1", "203.0.113.20");
	f = diagnose_call(m, cell, &seen);
	observation_clear(&seen);
	cell_free(cell);
	return f;
}

Test(ports, all_that_the_relay_lends_may_pass_what_blocks_one)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct ports_case *c = &cases[i];
		g_autoptr(model) m = scenario_model(COMPANY, TWO_EDGES, c->changes);
		g_autoptr(finding) f = find(m);
		g_autoptr(fix) x = fix_derive(m, f);
		g_autofree char *object = subject_text(&f->subject), *both = NULL;

		cr_assert_eq(f->code, CAUSE_RELAY_PORTS_BLOCKED, "%s: %s", c->name,
			     cause_name(f->code));
		cr_expect_str_eq(f->node, "branch-dmz-fw", "%s: %s", c->name, f->node);
		cr_expect_eq(f->subject.kind, c->kind, "%s", c->name);
		cr_expect_str_eq(object, c->object, "%s: %s", c->name, object);
		cr_assert_not_null(x, "%s: no fix", c->name);
		cr_expect_str_eq(fix_words(x), c->fix, "%s: %s", c->name, fix_words(x));
		both = g_strdup_printf("- %s\n%s", c->changes, fix_words(x));
		model_free(scenario_model(COMPANY, TWO_EDGES, both));
	}
}

/* What no relay lends, no such exception lets pass. */
Test(ports, only_what_a_relay_lends)
{
	g_autoptr(model) m = scenario_model(COMPANY, TWO_EDGES, cases[1].changes);
	g_autoptr(finding) f = find(m);

	f->flow.sport = f->flow.dport = 3478;
	cr_assert_null(fix_derive(m, f));
}
