/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a firewall at which a walk ends dropped anything, by what it counted. */
#include "testbed/diagnose/cause_drop.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>

static char rule_name[] = "that-rule";
static const struct fw_rule that_rule = {.name = rule_name, .chain = FW_FORWARD};

static const struct {
	const char *name;
	enum walk_end end;
	const char *counters; /* of the firewall, as JSON; NULL: the node is not in the state */
	bool did;
} cases[] = {
	{"it counted", WALK_FILTERED, "[{\"name\": \"that-rule\", \"packets\": 3}]", true},
	{"it counted nothing", WALK_FILTERED, "[{\"name\": \"that-rule\", \"packets\": 0}]", false},
	{"one of the rules that it became counted", WALK_REJECTED,
	 "[{\"name\": \"that-rule\", \"packets\": 0}, {\"name\": \"that-rule\", \"packets\": 1}]",
	 true},
	{"another rule counted", WALK_FILTERED,
	 "[{\"name\": \"that-rule\", \"packets\": 0}, {\"name\": \"that-rule-too\", \"packets\": "
	 "9}]",
	 false},
	{"its counter is not told", WALK_FILTERED, "[{\"name\": \"other\", \"packets\": 0}]", true},
	{"nothing is told of the node", WALK_FILTERED, NULL, true},
	{"what it let begin is no refusal", WALK_INSPECTED,
	 "[{\"name\": \"that-rule\", \"packets\": 4}, {\"name\": \"that-rule-no-tls\", "
	 "\"packets\": 0}]",
	 false},
	{"what it refused is", WALK_INSPECTED,
	 "[{\"name\": \"that-rule\", \"packets\": 4}, {\"name\": \"that-rule-no-tls\", "
	 "\"packets\": 1}]",
	 true},
	{"no firewall", WALK_NO_ROUTE, "[{\"name\": \"that-rule\", \"packets\": 0}]", true},
};

Test(drop, is_what_the_counter_says)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		json_t *counters =
			cases[i].counters ? json_loads(cases[i].counters, 0, NULL) : NULL;
		g_autoptr(netstate) state = state_from(
			counters ? json_pack("{s:{s:{s:o}}}", "nodes", "fw", "nft", counters) :
				   json_pack("{s:{}}", "nodes"));
		const struct evidence e = {.state = state};
		walk *w = walk_new();

		walk_add_hop(w, "fw", "lan", "wan");
		w->end = cases[i].end;
		w->node = g_strdup("fw");
		w->subject = (struct subject){.kind = SUBJECT_RULE, .rule = &that_rule};
		cr_expect_eq(cause_did_drop(&e, w), cases[i].did, "%s", cases[i].name);
		walk_free(w);
	}
}
