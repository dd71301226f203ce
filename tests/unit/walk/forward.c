/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets for forwarded ports, and beside them. */
#include "tests/support/walk_state.h"
#include "tests/unit/walk/rows.h"

#include <criterion/criterion.h>

#define ONE "tests/data/topologies/one-address-forwarded.yaml"
#define TURN "tests/data/topologies/port-forward.yaml"

#define IN(to_, proto_, port_)                                                             \
	.file = ONE, .scenario = "forwarded", .from = "home1", .to = to_, .proto = proto_, \
	.port = port_

static const struct walk_row rows[] = {
	{.name = "a forwarded port",
	 IN("198.51.100.6", PROTO_UDP, 3478),
	 .end = WALK_DELIVERED,
	 .node = "edge",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "home1",
	 .nat = "192.168.200.10 for 198.51.100.6 (to-stun)"},
	{.name = "one of a range",
	 IN("198.51.100.6", PROTO_UDP, 55555),
	 .end = WALK_DELIVERED,
	 .node = "edge",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "home1",
	 .nat = "(to-stun)"},
	{.name = "to another port",
	 IN("198.51.100.6", PROTO_TCP, 5061),
	 .end = WALK_DELIVERED,
	 .node = "edge",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "home1",
	 .nat = "192.168.200.10:444 for 198.51.100.6:5061 (to-access)"},
	{.name = "a port that is not forwarded",
	 IN("198.51.100.6", PROTO_UDP, 3479),
	 .end = WALK_NAT_FILTERED,
	 .node = "dmz-fw",
	 .object = "dmz-nat"},
	{.name = "the same port of another protocol",
	 IN("198.51.100.6", PROTO_TCP, 3478),
	 .end = WALK_NAT_FILTERED,
	 .node = "dmz-fw",
	 .object = "dmz-nat"},
	{.name = "the firewall asks about the inside port",
	 IN("198.51.100.6", PROTO_TCP, 5061),
	 .changes = "block: {node: dmz-fw, name: no-444, chain: forward, proto: tcp, dports: 444}",
	 .end = WALK_FILTERED,
	 .node = "dmz-fw",
	 .object = "no-444"},
	{.name = "a masquerade that lets in anybody does not open forwarded ports",
	 IN("198.51.100.6", PROTO_UDP, 3478),
	 .changes = "[{set-nat: {node: dmz-fw, nat: dmz-nat, filtering: endpoint-independent}}, "
		    "{remove-rule: {node: dmz-fw, rule: stun-udp}}]",
	 .end = WALK_FILTERED,
	 .node = "dmz-fw",
	 .object = "forward policy"},
	{.name = "from inside, without hairpinning",
	 .file = TURN,
	 .scenario = "as-it-is",
	 .from = "phone1",
	 .to = "198.51.100.2",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_NO_HAIRPIN,
	 .node = "fw",
	 .object = "turn"},
	{.name = "from inside, with it",
	 .file = TURN,
	 .scenario = "hairpin",
	 .from = "phone1",
	 .to = "198.51.100.2",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_DELIVERED,
	 .node = "turn",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "phone1",
	 .nat = "198.51.100.2 for 172.16.10.2 (turn)"},
	{.name = "a wrong inside address",
	 .file = TURN,
	 .scenario = "as-it-is",
	 .changes = "set-nat: {node: fw, nat: turn, inside: 10.0.0.3}",
	 .from = "phone2",
	 .to = "198.51.100.2",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_FILTERED,
	 .node = "fw",
	 .object = "no-in"},
};

Test(walk, forwards)
{
	walk_rows_expect(rows, G_N_ELEMENTS(rows));
}

Test(walk_text, forwards)
{
	walk_rows_expect_text(rows, G_N_ELEMENTS(rows));
}

/* What a host sends, as the last hop has it. */
static const struct {
	const char *name, *from, *to;
	uint16_t sport, seen;
} sent[] = {
	{"from a forwarded port", "turn", "198.51.100.20", 3478, 3478},
	{"from a relayed one", "turn", "198.51.100.20", 50001, 50001},
	{"from one that is not", "turn", "198.51.100.20", 4000, 4000},
	{"another host's, which may not keep it", "phone1", "198.51.100.20", 50001, 0},
	{"another host's that is free", "phone1", "198.51.100.20", 4000, 4000},
};

Test(walk, forwards_keep_their_ports)
{
	g_autoptr(model) m = scenario_model(TURN, "as-it-is", NULL);
	g_autoptr(netstate) state = planned_state(m);
	g_autoptr(knet) net = knet_new(m, state);

	for (gsize i = 0; i < G_N_ELEMENTS(sent); i++) {
		struct flow flow = {.node = sent[i].from,
				    .proto = PROTO_UDP,
				    .sport = sent[i].sport,
				    .dport = 9};
		struct walk_pair *pair;
		const struct hop *last;
		char src[ADDR_TEXT_MAX];

		cr_assert(addr_parse(sent[i].to, &flow.dst));
		pair = walk_both(net, &flow);
		last = pair->forward->hops->pdata[pair->forward->hops->len - 1];
		cr_expect_str_eq(addr_print(&last->src, src), "198.51.100.2", "%s", sent[i].name);
		cr_expect_eq(last->sport, sent[i].seen, "%s: port %u", sent[i].name, last->sport);
		cr_expect(pair->back && pair->back->end == WALK_DELIVERED, "%s: is answered",
			  sent[i].name);
		walk_pair_free(pair);
	}
}
