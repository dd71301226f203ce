/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two NATs between the ends of a call. */
#include "testbed/walk/walk.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>

/* Both ends of a call send at once, each to the other's outside address; what each knows of the
 * other's port. */
static const struct meet_row {
	const char *name, *file, *scenario, *changes;
	const char *a, *b, *to_a, *to_b; /* the outside addresses */
	enum walk_end end;		 /* of what a sends to b */
	const char *node;
} meet_rows[] = {
	{"two home routers", "topologies/nat-grid.yaml", "presets", NULL, "home1", "home2",
	 "198.51.100.2", "198.51.100.6", WALK_DELIVERED, "home2"},
	{"a full cone lets anybody in", "topologies/nat-grid.yaml", "presets", NULL, "corp1",
	 "cone1", "198.51.100.26", "198.51.100.10", WALK_DELIVERED, "cone1"},
	{"also when its answer goes elsewhere", "topologies/nat-grid.yaml", "presets",
	 "set-nat: {node: cone1-gw, mapping: address-and-port-dependent}", "home1", "cone1",
	 "198.51.100.2", "198.51.100.10", WALK_DELIVERED, "cone1"},
	{"a provider's hairpin", "topologies/cgn.yaml", "as-it-should-be", NULL, "alice", "bob",
	 "198.51.100.2", "198.51.100.2", WALK_DELIVERED, "bob"},
	{"no hairpin", "topologies/cgn.yaml", "no-hairpin", NULL, "alice", "bob", "198.51.100.2",
	 "198.51.100.2", WALK_NO_HAIRPIN, "cgn"},
	{"a 1:1 NAT that does not turn packets around",
	 "tests/data/topologies/edge-pool-hairpin.yaml", "no-hairpin", NULL, "edge", "edge2",
	 "203.0.113.131", "203.0.113.134", WALK_NO_HAIRPIN, "dmz-fw"},
	{"a 1:1 NAT that does", "tests/data/topologies/edge-pool-hairpin.yaml", "hairpin", NULL,
	 "edge", "edge2", "203.0.113.131", "203.0.113.134", WALK_DELIVERED, "edge2"},
};

Test(walk, nats_let_in_whom_their_filtering_lets_in)
{
	for (gsize i = 0; i < G_N_ELEMENTS(meet_rows); i++) {
		const struct meet_row *r = &meet_rows[i];
		g_autoptr(model) m = scenario_model(r->file, r->scenario, r->changes);
		g_autoptr(netstate) state = planned_state(m);
		g_autoptr(knet) net = knet_new(m, state);
		struct flow there = {
			.node = r->a, .proto = PROTO_UDP, .sport = 40000, .dport = 40000};
		struct flow back = {
			.node = r->b, .proto = PROTO_UDP, .sport = 40000, .dport = 40000};
		struct walk_pair *pair;

		cr_assert(addr_parse(r->to_b, &there.dst) && addr_parse(r->to_a, &back.dst));
		pair = walk_meet(net, &there, &back);
		cr_expect(pair->forward->end == r->end, "%s: ends %s, not %s: %s", r->name,
			  walk_end_name(pair->forward->end), walk_end_name(r->end),
			  pair->forward->why);
		cr_expect_str_eq(pair->forward->node, r->node, "%s: at %s: %s", r->name,
				 pair->forward->node, pair->forward->why);
		walk_pair_free(pair);
	}
}
