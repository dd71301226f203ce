/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where packets of the networks of tests and of shipped topologies go, and where their answers end.
 */
#include "testbed/report/walk_text.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define TWO "topologies/two-branches.yaml"
#define DUAL "topologies/dual-stack.yaml"
#define TUNNELS "tests/data/topologies/tunnels.yaml"
/* Both ways by another tunnel than the one of the file, over a network that takes little more. */
#define BY(right, left)                                                \
	"- set-mtu: {node: right, interface: wan, mtu: 1480B}\n"       \
	"- remove-route: {node: left, to: 10.2.0.0/24}\n"              \
	"- remove-route: {node: right, to: 10.1.0.0/24}\n"             \
	"- add-route: {node: left, to: 10.2.0.0/24, via: " right "}\n" \
	"- add-route: {node: right, to: 10.1.0.0/24, via: " left "}\n"

struct row {
	const char *name, *file, *scenario, *changes;
	const char *from, *to;
	enum ip_proto proto;
	uint16_t port;
	unsigned size_bytes;
	enum walk_end end;
	const char *node, *object;
	bool answered; /* forward was delivered: the next three are about the answer */
	enum walk_end back_end;
	const char *back_node, *back_object;
	const char *nat; /* must be some hop's, of either direction */
};

static const struct row rows[] = {
	{.name = "the missing route, strong host",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_DELIVERED,
	 .node = "edge",
	 .answered = true,
	 .back_end = WALK_NO_ROUTE,
	 .back_node = "edge",
	 .back_object = "10.20.0.101"},
	{.name = "the missing route, weak host",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .changes = "set-host-model: {node: edge, host_model: weak}",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_DELIVERED,
	 .node = "edge",
	 .answered = true,
	 .back_end = WALK_FILTERED,
	 .back_node = "dmz-fw",
	 .back_object = "no-private-source"},
	{.name = "the persistent route",
	 .file = COMPANY,
	 .scenario = "persistent-route",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_DELIVERED,
	 .node = "edge",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "branch1"},
	{.name = "reverse path filter before the missing route",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .changes = "set-sysctl: {node: edge, key: net.ipv4.conf.all.rp_filter, value: '1'}",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_RPF,
	 .node = "edge",
	 .object = "int"},
	{.name = "a private destination on the Internet",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .from = "home1",
	 .changes = "add-route: {node: internet, to: 10.0.0.0/8, via: 198.51.100.2}",
	 .to = "10.0.1.101",
	 .proto = PROTO_UDP,
	 .port = 40000,
	 .end = WALK_FILTERED,
	 .node = "internet",
	 .object = "bogon-destination",
	 .nat = "198.51.100.14 for 192.168.1.10 (home-nat)"},
	{.name = "the Internet knows no private networks",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .from = "home1",
	 .to = "10.0.1.101",
	 .proto = PROTO_UDP,
	 .port = 40000,
	 .end = WALK_NO_ROUTE,
	 .node = "internet",
	 .object = "10.0.1.101"},
	{.name = "a home router lets nothing in",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .from = "home1",
	 .to = "198.51.100.18",
	 .proto = PROTO_UDP,
	 .port = 40000,
	 .end = WALK_NAT_FILTERED,
	 .node = "nat2",
	 .object = "home-nat"},
	{.name = "the cafe lets no media out",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .from = "cafe1",
	 .to = "203.0.113.20",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_FILTERED,
	 .node = "cafe-fw",
	 .object = "forward policy"},
	{.name = "the cafe lets web out",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .from = "cafe1",
	 .to = "203.0.113.20",
	 .proto = PROTO_TCP,
	 .port = 443,
	 .end = WALK_DELIVERED,
	 .node = "edge",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "cafe1",
	 .nat = "192.168.44.10 for 198.51.100.22 (session)"},
	{.name = "the data center lets no media out",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .from = "dc1",
	 .to = "192.0.2.53",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_FILTERED,
	 .node = "core",
	 .object = "no-other-internet"},
	{.name = "a named block on the way out of a host",
	 .file = COMPANY,
	 .scenario = "vpn-bypass",
	 .from = "branch1",
	 .to = "10.0.1.101",
	 .proto = PROTO_UDP,
	 .port = 40000,
	 .end = WALK_FILTERED,
	 .node = "branch1",
	 .object = "gpo-nothing-into-vpn"},
	{.name = "a host's block also stops its answers",
	 .file = COMPANY,
	 .scenario = "persistent-route",
	 .changes = "block: {node: dc1, name: mute, chain: output, dst: [10.20.0.0/24]}",
	 .from = "branch1",
	 .to = "10.0.1.101",
	 .proto = PROTO_UDP,
	 .port = 40000,
	 .end = WALK_DELIVERED,
	 .node = "dc1",
	 .answered = true,
	 .back_end = WALK_FILTERED,
	 .back_node = "dc1",
	 .back_object = "mute"},
	{.name = "a strong host and its other interface",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .from = "dmz-fw",
	 .changes = "add-route: {node: dmz-fw, to: 172.25.33.0/24, via: 203.0.113.10}",
	 .to = "172.25.33.10",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_WRONG_CARD,
	 .node = "edge",
	 .object = "ext"},
	{.name = "two routers that send it back and forth",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .changes = "[{add-route: {node: core, to: 10.77.0.0/16, via: 10.0.1.102}},"
		    " {set-sysctl: {node: dc2, key: net.ipv4.ip_forward, value: '1'}}]",
	 .from = "dc1",
	 .to = "10.77.0.1",
	 .proto = PROTO_UDP,
	 .port = 9,
	 .end = WALK_LOOP,
	 .node = "core",
	 .object = "lan"},
	{.name = "the last link is down",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .changes = "link-down: {node: dc1, interface: lan}",
	 .from = "branch1",
	 .to = "10.0.1.101",
	 .proto = PROTO_UDP,
	 .port = 9,
	 .end = WALK_LINK_DOWN,
	 .node = "dc1",
	 .object = "lan"},
	{.name = "a link that is down",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .changes = "link-down: {node: edge, interface: int}",
	 .from = "dc1",
	 .to = "172.25.33.10",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_LINK_DOWN,
	 .node = "edge",
	 .object = "int"},
	{.name = "nobody has the gateway's address",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .changes = "add-route: {node: dc1, to: 10.77.0.0/16, via: 10.0.1.77}",
	 .from = "dc1",
	 .to = "10.77.0.1",
	 .proto = PROTO_UDP,
	 .port = 9,
	 .end = WALK_NEXT_HOP_DEAD,
	 .node = "dc1",
	 .object = "10.0.1.77"},
	{.name = "a host does not route",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .changes = "add-route: {node: dc1, to: 10.77.0.0/16, via: 10.0.1.102}",
	 .from = "dc1",
	 .to = "10.77.0.1",
	 .proto = PROTO_UDP,
	 .port = 9,
	 .end = WALK_NO_FORWARDING,
	 .node = "dc2",
	 .object = "lan"},
	{.name = "a prefix that the tunnel does not carry",
	 .file = COMPANY,
	 .scenario = "missing-route",
	 .changes = "[{add-route: {node: core, to: 192.0.2.128/25, via: 10.255.0.2}},"
		    " {add-route: {node: branch-gw, to: 192.0.2.128/25, via: 10.255.0.1}}]",
	 .from = "branch1",
	 .to = "192.0.2.200",
	 .proto = PROTO_UDP,
	 .port = 53,
	 .end = WALK_TUNNEL_PREFIX,
	 .node = "branch-gw",
	 .object = "site-to-site"},
	{.name = "the tunnel's own packets are dropped",
	 .file = COMPANY,
	 .scenario = "persistent-route",
	 .changes =
		 "[{block: {node: core, name: no-vpn, chain: input, proto: udp, dports: [51820]}},"
		 " {block: {node: branch-gw, name: no-vpn, chain: input, proto: udp, dports: "
		 "[51820]}}]",
	 .from = "branch1",
	 .to = "10.0.1.101",
	 .proto = PROTO_UDP,
	 .port = 9,
	 .end = WALK_TUNNEL_DOWN,
	 .node = "branch-gw",
	 .object = "site-to-site"},
	{.name = "a route that throws away",
	 .file = COMPANY,
	 .scenario = "persistent-route",
	 .changes = "add-route: {node: core, to: 10.20.0.101/32, type: prohibit}",
	 .from = "dc1",
	 .to = "10.20.0.101",
	 .proto = PROTO_UDP,
	 .port = 9,
	 .end = WALK_NULL_ROUTE,
	 .node = "core",
	 .object = "10.20.0.101/32"},
	{.name = "a strong host's throws away by any interface",
	 .file = COMPANY,
	 .scenario = "persistent-route",
	 .changes = "add-route: {node: edge, to: 10.20.0.96/27, type: blackhole}",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_DELIVERED,
	 .node = "edge",
	 .answered = true,
	 .back_end = WALK_NULL_ROUTE,
	 .back_node = "edge",
	 .back_object = "10.20.0.96/27"},
	{.name = "larger than an interface takes",
	 .file = COMPANY,
	 .scenario = "persistent-route",
	 .changes = "set-mtu: {node: core, interface: lan, mtu: 1000B}",
	 .from = "dc1",
	 .to = "10.20.0.101",
	 .proto = PROTO_UDP,
	 .port = 9,
	 .size_bytes = 1200,
	 .end = WALK_TOO_BIG,
	 .node = "core",
	 .object = "lan"},
	{.name = "no larger than an interface takes",
	 .file = COMPANY,
	 .scenario = "persistent-route",
	 .changes = "set-mtu: {node: core, interface: lan, mtu: 1000B}",
	 .from = "dc1",
	 .to = "10.20.0.101",
	 .proto = PROTO_UDP,
	 .port = 9,
	 .size_bytes = 1000,
	 .end = WALK_DELIVERED,
	 .node = "branch1",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "dc1"},
	{.name = "its answers leave by the same interface in pieces",
	 .file = COMPANY,
	 .scenario = "persistent-route",
	 .changes = "set-mtu: {node: core, interface: lan, mtu: 1000B}",
	 .from = "branch1",
	 .to = "10.0.1.10",
	 .proto = PROTO_TCP,
	 .port = 5061,
	 .size_bytes = 1500,
	 .end = WALK_DELIVERED,
	 .node = "fe",
	 .answered = true,
	 .back_end = WALK_TOO_BIG,
	 .back_node = "core",
	 .back_object = "lan"},
	{.name = "a TCP end asks for small segments itself",
	 .file = COMPANY,
	 .scenario = "persistent-route",
	 .changes = "set-mtu: {node: fe, interface: lan, mtu: 1000B}",
	 .from = "branch1",
	 .to = "10.0.1.10",
	 .proto = PROTO_TCP,
	 .port = 5061,
	 .size_bytes = 1500,
	 .end = WALK_DELIVERED,
	 .node = "fe",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "branch1"},
	{.name = "a tunnel's packets are larger than what they carry",
	 .file = COMPANY,
	 .scenario = "persistent-route",
	 .changes = "set-mtu: {node: core, interface: wan, mtu: 1200B}",
	 .from = "branch1",
	 .to = "10.0.1.10",
	 .proto = PROTO_UDP,
	 .port = 9,
	 .size_bytes = 1200,
	 .end = WALK_TUNNEL_DOWN,
	 .node = "branch-gw",
	 .object = "site-to-site"},
	{.name = "a 1:1 NAT from outside",
	 .file = TWO,
	 .scenario = "broken",
	 .from = "remote1",
	 .to = "203.0.113.131",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_DELIVERED,
	 .node = "edge01",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "remote1",
	 .nat = "192.168.200.20 for 203.0.113.131 (av-nat)"},
	{.name = "a 1:1 NAT's hairpin",
	 .file = TWO,
	 .scenario = "broken",
	 .from = "edge01",
	 .to = "203.0.113.132",
	 .proto = PROTO_UDP,
	 .port = 50000,
	 .end = WALK_DELIVERED,
	 .node = "edge01",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "edge01",
	 .nat = "192.168.200.21 for 203.0.113.132 (av-tcp-nat)"},
	{.name = "a branch to the other over the hub",
	 .file = TWO,
	 .scenario = "broken",
	 .from = "north1",
	 .to = "10.62.0.31",
	 .proto = PROTO_ICMP,
	 .end = WALK_DELIVERED,
	 .node = "south1",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "north1"},
	{.name = "IPv6 to the Edge and back",
	 .file = DUAL,
	 .scenario = "dual-stack",
	 .from = "home-a",
	 .to = "2001:db8:d::3",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_DELIVERED,
	 .node = "edge",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "home-a"},
	{.name = "IPv6 is let in by name only",
	 .file = DUAL,
	 .scenario = "dual-stack",
	 .from = "home-a",
	 .to = "2001:db8:d::3",
	 .proto = PROTO_UDP,
	 .port = 5000,
	 .end = WALK_FILTERED,
	 .node = "router",
	 .object = "forward policy"},
	{.name = "a home without its IPv6 route",
	 .file = DUAL,
	 .scenario = "one-without",
	 .from = "home-b",
	 .to = "2001:db8:d::3",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_NO_ROUTE,
	 .node = "home-b",
	 .object = "2001:db8:d::3"},
	{.name = "a rule about IPv6 prefixes",
	 .file = DUAL,
	 .scenario = "blocked",
	 .from = "home-a",
	 .to = "2001:db8:d::3",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_FILTERED,
	 .node = "internet",
	 .object = "no-ipv6"},
	{.name = "the same rule says nothing of IPv4",
	 .file = DUAL,
	 .scenario = "blocked",
	 .from = "home-a",
	 .to = "203.0.113.3",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_DELIVERED,
	 .node = "edge",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "home-a",
	 .nat = "198.51.100.6 for 192.168.1.10 (nat-a)"},
	{.name = "no way back by IPv6 on the interface, strong host",
	 .file = DUAL,
	 .scenario = "dual-stack",
	 .changes = "remove-route: {node: edge, to: '::/0'}",
	 .from = "home-a",
	 .to = "2001:db8:d::3",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_DELIVERED,
	 .node = "edge",
	 .answered = true,
	 .back_end = WALK_NO_ROUTE,
	 .back_node = "edge",
	 .back_object = "2001:db8:a::10"},
	{.name = "IPv6 is not forwarded",
	 .file = DUAL,
	 .scenario = "dual-stack",
	 .changes = "set-sysctl: {node: router-a, key: net.ipv6.conf.all.forwarding, value: '0'}",
	 .from = "home-a",
	 .to = "2001:db8:d::3",
	 .proto = PROTO_UDP,
	 .port = 3478,
	 .end = WALK_NO_FORWARDING,
	 .node = "router-a",
	 .object = "lan"},
	{.name = "a tunnel adds 50 bytes between IPv4 addresses",
	 .file = TUNNELS,
	 .scenario = "udp",
	 .changes = BY("10.255.0.10", "10.255.0.9"),
	 .from = "near-host",
	 .to = "10.2.0.10",
	 .proto = PROTO_UDP,
	 .port = 5000,
	 .size_bytes = 1430,
	 .end = WALK_DELIVERED,
	 .node = "far-host",
	 .answered = true,
	 .back_end = WALK_DELIVERED,
	 .back_node = "near-host"},
	{.name = "and 70 between IPv6 addresses",
	 .file = TUNNELS,
	 .scenario = "udp",
	 .changes = BY("10.255.0.14", "10.255.0.13"),
	 .from = "near-host",
	 .to = "10.2.0.10",
	 .proto = PROTO_UDP,
	 .port = 5000,
	 .size_bytes = 1430,
	 .end = WALK_TUNNEL_DOWN,
	 .node = "left",
	 .object = "vxlan6"},
};

/* The walks point into the model. */
static struct walk_pair *walk_row(const struct row *r, const model *m)
{
	g_autoptr(netstate) state = planned_state(m);
	g_autoptr(knet) net = knet_new(m, state);
	struct flow flow = {
		.node = r->from, .proto = r->proto, .dport = r->port, .size_bytes = r->size_bytes};

	cr_assert(addr_parse(r->to, &flow.dst), "%s", r->name);
	return walk_both(net, &flow);
}

static void expect_end(const struct row *r, const walk *w, enum walk_end end, const char *node,
		       const char *object)
{
	g_autofree char *text = subject_text(&w->subject);

	cr_expect(w->end == end, "%s: ends %s, not %s: %s", r->name, walk_end_name(w->end),
		  walk_end_name(end), w->why);
	cr_expect(g_str_equal(w->node, node), "%s: ends at %s, not %s: %s", r->name, w->node, node,
		  w->why);
	cr_expect(g_strcmp0(text, object) == 0, "%s: by %s, not %s", r->name, text, object);
}

static bool has_nat(const walk *w, const char *nat)
{
	for (guint i = 0; w && i < w->hops->len; i++) {
		const char *text = ((const struct hop *)w->hops->pdata[i])->nat;

		if (text && strstr(text, nat))
			return true;
	}
	return false;
}

Test(walk, ends)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		g_autoptr(model) m = scenario_model(r->file, r->scenario, r->changes);
		struct walk_pair *pair = walk_row(r, m);

		expect_end(r, pair->forward, r->end, r->node, r->object);
		cr_expect((pair->back != NULL) == r->answered, "%s: there is an answer or not",
			  r->name);
		if (pair->back && r->answered)
			expect_end(r, pair->back, r->back_end, r->back_node, r->back_object);
		cr_expect(!r->nat || has_nat(pair->forward, r->nat) || has_nat(pair->back, r->nat),
			  "%s: no NAT '%s'", r->name, r->nat);
		walk_pair_free(pair);
	}
}

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
	const struct row *r = &rows[1];
	g_autoptr(model) m = scenario_model(r->file, r->scenario, r->changes);
	struct walk_pair *pair = walk_row(r, m);
	const struct hop *gw = hop_at(pair->forward, "branch-gw"),
			 *core = hop_at(pair->forward, "core");
	const struct hop *edge = hop_at(pair->back, "edge");

	cr_expect_str_eq(gw->out, "vpn0");
	cr_expect_str_eq(gw->route, "172.25.33.0/24 via 10.255.0.1 dev vpn0 table 254");
	cr_expect_str_eq(core->in, "vpn0");
	cr_expect_str_eq(core->out, "perim");
	cr_expect_str_eq(edge->out, "ext", "a weak host answers by its default route");
	cr_expect_str_eq(edge->route, "default via 203.0.113.1 dev ext table 254");
	walk_pair_free(pair);
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

Test(walk_text, fits_the_terminal_and_says_what_happened)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(model) m =
			scenario_model(rows[i].file, rows[i].scenario, rows[i].changes);
		struct walk_pair *pair = walk_row(&rows[i], m);
		g_autoptr(GString) text = g_string_new(NULL);
		g_auto(GStrv) lines = NULL;

		walk_text(pair, text);
		lines = g_strsplit(text->str, "\n", 0);
		for (guint k = 0; lines[k]; k++)
			cr_expect(strlen(lines[k]) <= 80, "%s: '%s'", rows[i].name, lines[k]);
		cr_expect(walk_pair_delivered(pair) ==
				  (strstr(text->str, "the answer returns") != NULL),
			  "%s:\n%s", rows[i].name, text->str);
		walk_pair_free(pair);
	}
}
