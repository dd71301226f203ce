/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same with IPv6: inside, outside and below tunnels. */
#include "tests/unit/walk/rows.h"

#include <criterion/criterion.h>

#define DUAL "topologies/dual-stack.yaml"
#define TUNNELS "tests/data/topologies/tunnels.yaml"

#define BY(right, left)                                                \
	"- set-mtu: {node: right, interface: wan, mtu: 1480B}\n"       \
	"- remove-route: {node: left, to: 10.2.0.0/24}\n"              \
	"- remove-route: {node: right, to: 10.1.0.0/24}\n"             \
	"- add-route: {node: left, to: 10.2.0.0/24, via: " right "}\n" \
	"- add-route: {node: right, to: 10.1.0.0/24, via: " left "}\n"

static const struct walk_row rows[] = {
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

Test(walk, ends_with_ipv6)
{
	walk_rows_expect(rows, G_N_ELEMENTS(rows));
}

Test(walk_text, fits_the_terminal_with_ipv6)
{
	walk_rows_expect_text(rows, G_N_ELEMENTS(rows));
}
