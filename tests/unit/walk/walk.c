/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hops of a walk. */
#include "testbed/walk/walk.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>

#define COMPANY "tests/data/topologies/company.yaml"

static const struct hop *hop_at(const walk *w, const char *node)
{
	for (guint i = 0; i < w->hops->len; i++) {
		const struct hop *h = w->hops->pdata[i];

		if (g_str_equal(h->node, node))
			return h;
	}
	cr_assert_fail("the walk does not come to %s", node);
	return NULL;
}

Test(walk, goes_through_the_tunnel_and_out_of_the_wrong_card)
{
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route",
					    "set-host-model: {node: edge, host_model: weak}");
	g_autoptr(netstate) state = planned_state(m);
	g_autoptr(knet) net = knet_new(m, state);
	struct flow flow = {.node = "branch1", .proto = PROTO_UDP, .dport = 3478};
	const struct hop *gw, *core, *edge;
	struct walk_pair *pair;

	cr_assert(addr_parse("172.25.33.10", &flow.dst));
	pair = walk_both(net, &flow);
	gw = hop_at(pair->forward, "branch-gw");
	core = hop_at(pair->forward, "core");
	edge = hop_at(pair->back, "edge");
	cr_expect_str_eq(gw->out, "vpn0");
	cr_expect_str_eq(gw->route, "172.25.33.0/24 via 10.255.0.1 dev vpn0 table 254");
	cr_expect_str_eq(core->in, "vpn0");
	cr_expect_str_eq(core->out, "perim");
	cr_expect_str_eq(edge->out, "ext", "a weak host answers by its default route");
	cr_expect_str_eq(edge->route, "default via 203.0.113.1 dev ext table 254");
	walk_pair_free(pair);
}

/* Two cards on one network: each answers ARP for its own addresses. */
Test(walk, comes_in_by_the_card_that_has_the_address)
{
	static const char *const scenarios[] = {"as-it-is", "no-bound-route-weak"};
	static const struct {
		const char *to, *card;
	} rows[] = {{"203.0.113.9", "int"}, {"203.0.113.3", "ext"}};

	for (guint i = 0; i < 4; i++) {
		g_autoptr(model) m = scenario_model("tests/data/topologies/edge-one-subnet.yaml",
						    scenarios[i / 2], NULL);
		g_autoptr(netstate) state = planned_state(m);
		g_autoptr(knet) net = knet_new(m, state);
		struct flow flow = {.node = "router", .proto = PROTO_ICMP};
		struct walk_pair *pair;

		cr_assert(addr_parse(rows[i % 2].to, &flow.dst));
		pair = walk_both(net, &flow);
		cr_expect_str_eq(hop_at(pair->forward, "edge")->in, rows[i % 2].card);
		walk_pair_free(pair);
	}
}

/* A change to one kernel, unknown to the model: the walk goes by the state. */
Test(walk, goes_by_the_state)
{
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);
	g_autoptr(netstate) state = planned_state(m);
	g_autoptr(knet) net = knet_new(m, state);
	struct kernel_route blackhole = {.table = 254, .type = KERNEL_ROUTE_BLACKHOLE};
	struct flow flow = {.node = "dc1", .proto = PROTO_UDP, .dport = 3478};
	struct walk_pair *pair;

	cr_assert(addr_parse("172.25.33.10", &flow.dst));
	cr_assert(prefix_parse("172.25.33.10/32", &blackhole.to));
	g_array_append_val(planned_node(state, "core")->routes, blackhole);
	pair = walk_both(net, &flow);
	cr_expect(pair->forward->end == WALK_NULL_ROUTE, "ends %s",
		  walk_end_name(pair->forward->end));
	cr_expect_eq(pair->forward->subject.kind, SUBJECT_ROUTE);
	cr_expect_str_eq(hop_at(pair->forward, "core")->route,
			 "blackhole 172.25.33.10/32 table 254");
	walk_pair_free(pair);
}

/* Where a host has no WireGuard a VXLAN takes its place, which takes every packet, and whose ends
 * do not open firewalls for each other. */
Test(walk, goes_by_the_tunnel_that_really_runs)
{
	static const struct {
		const char *change;
		enum walk_end guarded, open;
	} rows[] = {
		{"remove-prefix: {tunnel: site-to-site, node: core, prefix: 172.25.33.0/24}",
		 WALK_TUNNEL_PREFIX, WALK_DELIVERED},
		{"block: {node: core, name: no-vpn, chain: input, in: wan, proto: udp}",
		 WALK_DELIVERED, WALK_TUNNEL_DOWN},
	};

	for (guint i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
		const char *change = rows[i / 2].change;
		bool vxlan = i % 2 == 1;
		enum walk_end wanted = vxlan ? rows[i / 2].open : rows[i / 2].guarded;
		g_autoptr(model) m = scenario_model(COMPANY, "persistent-route", change);
		g_autoptr(netstate) state = planned_state(m);
		g_autoptr(knet) net = NULL;
		struct flow flow = {.node = "branch1", .proto = PROTO_UDP, .dport = 3478};
		struct walk_pair *pair;

		array_foreach(struct kernel_link, l, planned_node(state, "core")->links)
			l->ethernet = vxlan || !g_str_equal(l->name, "vpn0");
		array_foreach(struct kernel_link, l, planned_node(state, "branch-gw")->links)
			l->ethernet = vxlan || !g_str_equal(l->name, "vpn0");
		net = knet_new(m, state);
		cr_assert(addr_parse("172.25.33.10", &flow.dst));
		pair = walk_both(net, &flow);
		cr_expect_eq(pair->forward->end, wanted, "%s, vxlan %d: %s", change, vxlan,
			     walk_end_name(pair->forward->end));
		walk_pair_free(pair);
	}
}
