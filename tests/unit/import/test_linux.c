/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ip route`, `ip rule` and `ip addr`. */
#include "tests/unit/import/kinds.h"

#include <criterion/criterion.h>

static const struct kind linux_routes[] = {
	{"table.addr.json table.route.json",
	 {"{to: \"default\", via: \"10.0.0.1\", dev: eth0}"},
	 {"via: \"10.0.1.1\""},
	 {"the route to 0.0.0.0/0 via 10.0.1.1 is left out: it is in table 100"}},
	{"gw:" ETH0 ETH1 "]~gw:[{\"dst\":\"default\",\"gateway\":\"10.0.1.1\",\"dev\":\"eth1\","
	 "\"table\":\"100\"}]~gw:[{\"priority\":100,\"src\":\"10.0.1.0\",\"srclen\":24,"
	 "\"table\":\"100\"},{\"priority\":32766,\"src\":\"all\",\"table\":\"main\"}]",
	 {"{to: \"default\", via: \"10.0.1.1\", dev: eth1, table: 100}",
	  "policy_rules:\n      - {from: \"10.0.1.0/24\", table: 100}\n"},
	 {"32766"}},
	{"gw:" ETH0 ETH1 "]~gw:0:\tfrom all lookup local\n100:\tfrom 10.0.1.0/24 lookup blue\n",
	 {"eth1: {network"},
	 {"local"},
	 {"gw:2:1: warning: the policy rule 'from 10.0.1.0/24 lookup blue' is left out"}},
	{"gw:" ETH0
	 ",{\"ifname\":\"blue\",\"flags\":[\"NOARP\",\"MASTER\",\"UP\"],\"addr_info\":[]}"
	 ",{\"ifname\":\"eth1\",\"master\":\"blue\",\"addr_info\":[{\"local\":\"10.0.1.2\","
	 "\"prefixlen\":24}]}]~gw:[{\"dst\":\"default\",\"gateway\":\"10.0.1.1\",\"dev\":\"eth1\","
	 "\"table\":\"10\"},{\"dst\":\"default\",\"gateway\":\"10.0.0.1\",\"dev\":\"eth0\"}]",
	 {"  gw-blue:\n", "{to: \"default\", via: \"10.0.1.1\", dev: eth1}",
	  "{to: \"default\", via: \"10.0.0.1\", dev: eth0}"},
	 {NULL},
	 {"VRF 'blue' of 'gw' is written as a node of its own, 'gw-blue'"}},
	{"pc:" ETH0 ",{\"ifname\":\"tun0\",\"link_type\":\"none\",\"addr_info\":[{\"local\":"
	 "\"10.8.0.2\",\"prefixlen\":24}]}]~pc:[{\"dst\":\"default\",\"gateway\":\"10.8.0.1\","
	 "\"dev\":\"tun0\",\"metric\":50},{\"dst\":\"default\",\"gateway\":\"10.0.0.1\",\"dev\":"
	 "\"eth0\",\"metric\":100}]",
	 {"{to: \"default\", via: \"10.0.0.1\", dev: eth0}"},
	 {"10.8.0"},
	 {"'tun0' is a tunnel: left out",
	  "the route to 0.0.0.0/0 via 10.8.0.1 is left out: 'tun0' is a tunnel"}},
	{"blackhole.addr.json blackhole.route.json", {"{to: \"10.9.0.0/16\", type: blackhole}"}},
	{"gw:" ETH0 "]~gw:unreachable 10.8.0.0/16 proto static metric 1024\n"
	 "prohibit 10.7.0.0/16\nblackhole 10.6.0.1\nthrow 10.5.0.0/16 table main\n",
	 {"{to: \"10.8.0.0/16\", type: unreachable}", "{to: \"10.7.0.0/16\", type: prohibit}",
	  "{to: \"10.6.0.1/32\", type: blackhole}"},
	 {"10.5"},
	 {"a route of type 'throw' is left out"}},
	{"slash32.addr.json slash32.route.json",
	 {"addresses: [\"203.0.113.91/32\"]", "{to: \"172.31.1.1/32\", dev: eth0}",
	  "{to: \"default\", via: \"172.31.1.1\", dev: eth0}"}},
	/* As cloud-init writes it: the gateway has a route of its own. */
	{"vm:2: eth0: <UP> mtu 1500\n    inet 203.0.113.91/32 scope global eth0\n"
	 "~vm:default via 172.31.1.1 dev eth0 proto dhcp src 203.0.113.91 metric 100\n"
	 "172.31.1.1 dev eth0 proto dhcp scope link src 203.0.113.91 metric 100\n",
	 {"{to: \"172.31.1.1/32\", dev: eth0}",
	  "{to: \"default\", via: \"172.31.1.1\", dev: eth0}"}},
	/* Both ends of the wire. */
	{"vm:2: eth0: <UP> mtu 1500\n    inet 203.0.113.91/32 scope global eth0\n"
	 "~vm:default via 172.31.1.1 dev eth0 onlink\n"
	 "~host:4: tap0: <UP> mtu 1500\n    link/ether 52:54:00:12:34:56\n    inet 172.31.1.1/32 "
	 "scope global tap0\n"
	 "~host:203.0.113.91 dev tap0 scope link\n",
	 {"eth0: {network: net-203.0.113.91,", "tap0: {network: net-203.0.113.91,",
	  "{to: \"203.0.113.91/32\", dev: tap0}", "forwarding: true"},
	 {NULL},
	 {NULL}},
	/* An address that nothing can have, on such a wire. */
	{"vm:2: eth0: <UP> mtu 1500\n    inet 203.0.113.91/32 scope global eth0\n    inet "
	 "0.0.0.0/32\n"
	 "~vm:default via 172.31.1.1 dev eth0 onlink\n"
	 "~host:4: eth0: <UP> mtu 1500\n    inet 172.31.1.1/32 scope global eth0\n",
	 {"addresses: [\"203.0.113.91/32\"]"},
	 {NULL},
	 {"0.0.0.0/32 is not an address that an interface can have: left out"}},
	/* PPPoE. */
	{"r:7: ppp0: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1492 qdisc fq\n    link/ppp\n"
	 "    inet 198.51.100.7 peer 192.0.2.1/32 scope global ppp0\n"
	 "~r:default dev ppp0 scope link\n"
	 "192.0.2.1 dev ppp0 proto kernel scope link src 198.51.100.7\n",
	 {"net-198.51.100.7: {subnet: none}",
	  "ppp0: {network: net-198.51.100.7, addresses: [\"198.51.100.7/32\"], peer: "
	  "\"192.0.2.1\", mtu: 1492B}",
	  "{to: \"default\", via: \"192.0.2.1\", dev: ppp0}"},
	 {"192.0.2.1/32"}},
	/* Two providers. */
	{"r:2: eth0: <UP>\n    inet 10.0.0.2/24 scope global eth0\n"
	 "3: eth1: <UP>\n    inet 10.0.1.2/24 scope global eth1\n"
	 "~r:default via 10.0.0.1 dev eth0 metric 100\ndefault via 10.0.1.1 dev eth1 metric 200\n"
	 "default via 10.0.1.9 dev eth1 metric 200\n",
	 {"{to: \"default\", via: \"10.0.0.1\", dev: eth0, metric: 100}",
	  "{to: \"default\", via: \"10.0.1.1\", dev: eth1, metric: 200}"},
	 {"10.0.1.9"},
	 {"another route to 0.0.0.0/0 via 10.0.1.9 with metric 200 is left out"}},
	{"r:[{\"ifname\":\"ppp0\",\"link_type\":\"ppp\",\"addr_info\":[{\"local\":"
	 "\"198.51.100.7\",\"address\":\"192.0.2.1\",\"prefixlen\":32}]}]"
	 "~r:[{\"dst\":\"default\",\"dev\":\"ppp0\",\"scope\":\"link\"}]",
	 {"{to: \"default\", via: \"192.0.2.1\", dev: ppp0}"}},
	/* A VRF that says to be in itself; a route to an own address without interface. */
	{"gw:[{\"ifname\":\"blue\",\"flags\":[\"NOARP\",\"MASTER\"],\"master\":\"blue\","
	 "\"addr_info\":[{\"local\":\"10.0.0.2\",\"prefixlen\":24}]}]~gw:local 10.0.0.2 table "
	 "local\n",
	 {"10.0.0.2/24"},
	 {"local"}},
	/* All in one file, as it is pasted from a terminal. */
	{"gw:$ ip addr\n2: eth0: <UP> mtu 1500\n    inet 10.0.0.2/24 scope global eth0\n"
	 "    inet6 2001:db8::2/64 scope global\n$ ip route; ip -6 route; ip rule\n"
	 "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 proto kernel src 10.0.0.2\n"
	 "default via 2001:db8::1 dev eth0 metric 1024 pref medium\n"
	 "unreachable default dev lo metric 4294967295 error -101 pref medium\n"
	 "blackhole 2001:db8:99::/48 dev lo metric 1024 pref medium\n"
	 "0:\tfrom all lookup local\n100:\tfrom 10.9.0.0/16 lookup vpn\n",
	 {"{to: \"default\", via: \"10.0.0.1\", dev: eth0}",
	  "{to: \"::/0\", via: \"2001:db8::1\", dev: eth0}",
	  "{to: \"2001:db8:99::/48\", type: blackhole}"},
	 {"type: unreachable", "from:"},
	 {"the policy rule 'from 10.9.0.0/16 lookup vpn' is left out"}},
	{"six.addr.json six.route.json six-router.addr.json",
	 {"{to: \"::/0\", via: \"2001:db8:1::1\", dev: eth0}", "forwarding: true"}},
	/* The same link-local address on another wire says nothing. */
	{"six.addr.json six.route.json six.addr.json",
	 {"2001:db8:1::2", "{to: \"::/0\", via: \"fe80::1\", dev: eth0}"},
	 {NULL},
	 {"no node has the gateway's address fe80::1"}},
	{"colour.route.json", {"via: \"192.0.2.1\""}, {NULL}, {"192.0.2.254 is a guess"}},
	{"text.route.txt",
	 {"10.0.2.15/24", "192.168.127.10/24", "{to: \"default\", via: \"10.0.2.2\", dev: enp0s3}",
	  "{to: \"10.5.4.0/24\", via: \"10.0.2.3\", dev: enp0s3}", "169.254.0.0/16"},
	 {NULL},
	 {"only the first of 2 next hops to 10.5.4.0/24"}},
};

Test(kinds, routes_of_linux)
{
	CHECK(linux_routes);
}

#define TWO "r:2: eth0    inet 10.0.0.2/24\n3: eth1    inet 10.0.1.2/24\n"

/* Whatever is said of a gateway, of several, and of the ends of lines. */
/* Two nodes of one wire have one host address, as VRRP gives it. */
Test(import, a_host_address_of_two_nodes)
{
#define VRRP(own)                                                \
	"[{\"ifname\":\"eth0\",\"addr_info\":[{\"local\":\"" own \
	"\",\"prefixlen\":24},{\"local\":\"203.0.113.9\",\"prefixlen\":32}]}]"
	static const struct kind kinds[] = {
		{"a:" VRRP("10.0.0.2") "~b:" VRRP("10.0.0.3"),
		 {"addresses: [\"10.0.0.2/24\", \"203.0.113.9/32\"]",
		  "addresses: [\"10.0.0.3/24\"]"},
		 {NULL},
		 {"'a' and 'b' both have 203.0.113.9: left out at 'b'"}},
	};

	CHECK(kinds);
}

static const struct kind linux_gateways[] = {
	/* `ip -d` prints the objects of next hops on lines of their own. */
	{"policy.addr.json policy.detail.txt",
	 {"{to: \"10.7.0.0/16\", via: \"10.0.0.9\", dev: eth0}",
	  "{to: \"10.8.0.0/16\", type: blackhole}", "{to: \"172.31.1.1/32\", dev: eth1}"},
	 {"not a route of"},
	 {"the route to 192.0.2.0/24 is left out: its gateway fe80::9 is a link-local address"}},
	/* IPv4 by a neighbour that has only IPv6 here (RFC 8950), and the default route, too. */
	{TWO "~r:[{\"dst\":\"default\",\"nexthops\":[{\"via\":{\"family\":\"inet6\",\"host\":"
	     "\"fe80::22\"},\"dev\":\"eth0\",\"flags\":[\"onlink\"]}]}]",
	 {"eth0: {network"},
	 {"::/0"},
	 {"the route to 0.0.0.0/0 is left out: its gateway fe80::22"}},
	/* The neighbour has an IPv4 address on that wire. */
	{TWO "~r:10.9.0.0/16 via inet6 fe80::9 dev eth1\n~s:4: eth0    inet 10.0.1.9/24\n"
	     "4: eth0    inet6 fe80::9/64\n",
	 {"{to: \"10.9.0.0/16\", via: \"10.0.1.9\", dev: eth1}"}},
	/* The first next hop whose interface is up; all on one line, too. */
	{TWO "~r:default proto static\n\tnexthop via 10.0.0.1 dev eth0 weight 1 dead linkdown\n"
	     "\tnexthop via 10.0.1.1 dev eth1 weight 1\n\tnexthop via 10.0.1.9 dev eth1 weight 1\n",
	 {"{to: \"default\", via: \"10.0.1.1\", dev: eth1}"},
	 {"10.0.1.9"},
	 {"only the first of 3 next hops"}},
	{TWO "~r:default proto static \\\tnexthop via 10.0.0.1 dev eth0 weight 1 \\\tnexthop via "
	     "10.0.1.1 dev eth1 weight 1\n",
	 {"{to: \"default\", via: \"10.0.0.1\", dev: eth0}"},
	 {NULL},
	 {"only the first of 2 next hops"}},
	{TWO
	 "~r:[{\"dst\":\"default\",\"nexthops\":[{\"gateway\":\"10.0.0.1\",\"dev\":\"eth0\","
	 "\"flags\":[\"linkdown\"]},{\"gateway\":\"10.0.1.1\",\"dev\":\"eth1\",\"flags\":[]}]}]",
	 {"{to: \"default\", via: \"10.0.1.1\", dev: eth1}"}},
	/* A kernel's route to a host shows the other end of a line. */
	{"r:default dev ppp0 scope link \n192.0.2.1 dev ppp0 proto kernel scope link src "
	 "198.51.100.7 \n192.168.1.0/24 dev br-lan proto kernel scope link src 192.168.1.1\n",
	 {"ppp0: {network: net-198.51.100.7, addresses: [\"198.51.100.7/32\"], peer: "
	  "\"192.0.2.1\"}",
	  "{to: \"default\", via: \"192.0.2.1\", dev: ppp0}"}},
	/* A tunnel by its name, where no `ip addr` says that it is one. */
	{"pc:default dev wg0 scope link\n10.8.0.0/24 dev wg0 proto kernel scope link src 10.8.0.2\n"
	 "192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.34\n",
	 {"192.168.1.34/24"},
	 {"10.8.0.2", "default"},
	 {"'wg0' is a tunnel, by its name",
	  "the route to 0.0.0.0/0 is left out: 'wg0' is a tunnel"}},
	/* A route of last resort that refuses. */
	{TWO "~r:default via 10.0.0.1 dev eth0\nblackhole default metric 4294967294\n",
	 {"{to: \"default\", via: \"10.0.0.1\", dev: eth0}",
	  "{to: \"default\", type: blackhole, metric: 4294967294}"}},
	/* Two cards in one subnet, each with a default route; the same address at two. */
	{"r:2: eth0    inet 10.0.0.2/24\n3: eth1    inet 10.0.0.3/24\n4: eth2    inet 10.0.0.3/24\n"
	 "~r:default via 10.0.0.1 dev eth0 metric 100\ndefault via 10.0.0.1 dev eth1 metric 200\n",
	 {"eth0: {network: net-10.0.0.0,", "eth1: {network: net-10.0.0.0,",
	  "{to: \"default\", via: \"10.0.0.1\", dev: eth1, metric: 200}"},
	 {"  eth2:"},
	 {"'eth1' and 'eth2' of 'r' both have 10.0.0.3"}},
	/* An advertised subnet is on link with a metric of its own. */
	{"r:2: eth0    inet 10.0.0.2/24\n~r:2001:db8:1::/64 dev eth0 proto ra metric 600\n"
	 "2001:db8:1::2 dev eth0 proto kernel metric 600\n2001:db8:7::/64 dev eth0 metric 600\n"
	 "default via fe80::1 dev eth0 proto ra metric 600\n",
	 {"[\"10.0.0.2/24\", \"2001:db8:1::2/64\"]", "{to: \"2001:db8:7::/64\", dev: eth0}",
	  "{to: \"::/0\", via: \"fe80::1\", dev: eth0}"}},
};

Test(kinds, gateways_of_linux)
{
	CHECK(linux_gateways);
}

/* Tables that rules lead to are written; what a topology's rules cannot say is told. */
static const struct kind linux_policies[] = {
	{"policy.addr.json policy.route.json policy.rule.json",
	 {"{to: \"default\", via: \"10.0.1.1\", dev: eth1, table: 100}",
	  "{to: \"10.99.0.0/16\", via: \"10.0.1.7\", dev: eth1, table: 100}",
	  "- {from: \"10.9.0.0/16\", in: eth1, table: 100}\n      - {from: \"10.0.1.0/24\", table: "
	  "100}\n",
	  "{to: \"default\", via: \"10.0.0.1\", dev: eth0, metric: 100}"},
	 {"fwmark", "via: \"10.0.2.1\""},
	 {"'from all to 10.99.0.0/16 lookup 100' is left out",
	  "'from all fwmark 0x1 lookup 100' is left out", "type 'throw' is left out",
	  "0.0.0.0/0 via 10.0.2.1 is left out: it is in table 10"}},
	/* Tables that have names; a subnet is on link in each. */
	{"r:2: eth0    inet 203.0.113.2/29\n3: eth1    inet 198.51.100.2/30\n4: lan    inet "
	 "192.168.10.1/24\n"
	 "~r:default via 203.0.113.1 dev eth0 table isp1 \n192.168.10.0/24 dev lan table isp1 "
	 "scope "
	 "link\ndefault via 198.51.100.1 dev eth1 table isp2\ndefault via 203.0.113.1 dev eth0\n"
	 "~r:0:\tfrom all lookup local\n90:\tfrom 192.168.10.9 lookup 1000\n100:\tfrom "
	 "192.168.10.0/25 lookup isp1\n102:\tfrom 198.51.100.2 lookup isp2\n104:\tfrom all iif "
	 "eth1 "
	 "lookup isp2 proto static\n105:\tfrom 192.168.10.7 blackhole\n106:\tfrom 192.168.10.8 "
	 "lookup main\n40000:\tfrom all lookup isp2\n",
	 {"{to: \"default\", via: \"203.0.113.1\", dev: eth0, table: 1001}",
	  "{to: \"192.168.10.0/24\", dev: lan, table: 1001}",
	  "{to: \"default\", via: \"198.51.100.1\", dev: eth1, table: 1002}",
	  "- {from: \"192.168.10.0/25\", table: 1001}  # guess: the number of table 'isp1'",
	  "- {from: \"198.51.100.2/32\", table: 1002}",
	  "- {from: \"default\", in: eth1, table: 1002}", "via: \"203.0.113.1\", dev: eth0}"},
	 {"table: 1000}", "\"default\", table: 1002"},
	 {"'from 192.168.10.9 lookup 1000' is left out (import 'ip route show table all'",
	  "'from 192.168.10.7 blackhole' is left out",
	  "'from 192.168.10.8 lookup main' is left out", "'from all lookup isp2' is left out"}},
	/* A table of which nothing can be written; an interface that is not. */
	{TWO "~r:default via 10.9.9.9 dev eth0 table 4\ndefault via 10.0.0.9 dev eth0 table 5\n"
	     "~r:10:\tfrom 10.0.0.6 lookup 4\n11:\tfrom all iif wg0 lookup 5\n12:\tfrom all iif lo "
	     "lookup 5\n",
	 {"eth0: {network"},
	 {"policy_rules", "table:"},
	 {"'from 10.0.0.6 lookup 4' is left out: its table or interface is",
	  "'from all iif wg0 lookup 5' is left out", "'from all iif lo lookup 5' is left out",
	  "0.0.0.0/0 via 10.0.0.9 is left out: it is in table 5"}},
	/* Of both families, the same words; the same rule twice. */
	{"r:2: eth0    inet 10.0.0.2/24\n2: eth0    inet6 2001:db8::2/64\n"
	 "~r:default via 10.0.0.1 dev eth0 table 7\ndefault via 2001:db8::1 dev eth0 table 7\n"
	 "~r:10:\tfrom all iif eth0 lookup 7\n~r:10:\tfrom all iif eth0 lookup 7\n11:\tfrom "
	 "2001:db8:9::/48 lookup 7\n11:\tfrom 2001:db8:9::/48 lookup 7\n",
	 {"policy_rules:\n      - {from: \"default\", in: eth0, table: 7}\n"
	  "      - {from: \"::/0\", in: eth0, table: 7}\n"
	  "      - {from: \"2001:db8:9::/48\", table: 7}\nscenarios"}},
	/* WireGuard's own rules, as wg-quick adds them. */
	{TWO "~r:default dev wg0 table 51820 scope link \ndefault via 10.0.0.1 dev eth0\n"
	     "~r:0:\tfrom all lookup local\n32764:\tfrom all lookup main suppress_prefixlength 0\n"
	     "32765:\tnot from all fwmark 0xca6c lookup 51820\n32766:\tfrom all lookup main\n",
	 {"{to: \"default\", via: \"10.0.0.1\", dev: eth0}"},
	 {"table: 51820", "policy_rules"},
	 {"in table 51820, which is used by the rule 'not from all fwmark 0xca6c lookup 51820'",
	  "'from all lookup main suppress_prefixlength 0' is left out"}},
	/* A VRF by its number; the kernel's rule for VRFs is of every machine that has one. */
	{"pe:[{\"ifname\":\"eth2\",\"master\":\"blue\",\"addr_info\":[{\"local\":\"10.1.0.2\","
	 "\"prefixlen\":24}]},{\"ifname\":\"blue\",\"linkinfo\":{\"info_kind\":\"vrf\",\"info_"
	 "data\":"
	 "{\"table\":20}},\"addr_info\":[{\"local\":\"127.0.0.1\",\"prefixlen\":8}]}]"
	 "~pe:[{\"type\":\"blackhole\",\"dst\":\"10.77.0.0/16\",\"table\":\"20\"},{\"dst\":"
	 "\"default\",\"gateway\":\"10.1.0.1\",\"dev\":\"eth2\",\"table\":\"20\"}]"
	 "~pe:[{\"priority\":1000,\"src\":\"all\",\"l3mdev\":null}]",
	 {"  pe-blue:\n", "{to: \"10.77.0.0/16\", type: blackhole}",
	  "{to: \"default\", via: \"10.1.0.1\", dev: eth2}"},
	 {"127.0.0.0/8", "l3mdev"}},
	{"pe:3: eth1: <UP> mtu 1500 master red\n    link/ether 52:54:00:12:34:56\n    inet "
	 "10.1.0.2/24\n5: red: <NOARP,MASTER,UP> mtu 65575\n    link/ether 52:54:00:12:34:57\n    "
	 "vrf "
	 "table 10 addrgenmode eui64\n~pe:blackhole 10.77.0.0/16 table 10\n",
	 {"  pe-red:\n", "{to: \"10.77.0.0/16\", type: blackhole}"}},
};

Test(kinds, policies_of_linux)
{
	CHECK(linux_policies);
}

static const struct kind linux_addresses[] = {
	{"gw:1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n    link/loopback 00:00:00:00:00:00\n"
	 "    inet 127.0.0.1/8 scope host lo\n    inet 192.0.2.9/32 scope global lo\n"
	 "2: eth0@if7: <BROADCAST,UP> mtu 9000 state UP\n    link/ether 52:54:00:12:34:56\n"
	 "    inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0\n"
	 "    inet6 fe80::1/64 scope link\n"
	 "3: wg0: <POINTOPOINT,NOARP,UP> mtu 1420\n    link/none\n    inet 10.8.0.1/24 scope "
	 "global wg0\n"
	 "4: eth2: <BROADCAST> mtu 1500\n    link/ether 52:54:00:12:34:57\n"
	 "    inet 10.0.2.2/24 scope global eth2\n",
	 {"eth0: {network: net-10.0.0.0, addresses: [\"10.0.0.2/24\"], mtu: 9000B}",
	  "eth2: {network: net-10.0.2.0, addresses: [\"10.0.2.2/24\"], up: false}", "fe80::1"},
	 {"10.8.0.1", "192.0.2.9"},
	 {"'wg0' is a tunnel: left out", "the address 192.0.2.9 on 'lo' is left out"}},
	{"gw:lo               UNKNOWN        127.0.0.1/8 ::1/128\n"
	 "eth0             UP             10.0.0.2/24 2001:db8::2/64 fe80::2/64\n",
	 {"[\"10.0.0.2/24\", \"2001:db8::2/64\"]"}},
	{"gw:2: eth0    inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0\\       valid_lft "
	 "forever\n"
	 "2: eth0    inet6 2001:db8::2/64 scope global\n",
	 {"[\"10.0.0.2/24\", \"2001:db8::2/64\"]"}},
	/* A peer, and a tunnel by its name. */
	{"gw:ppp0             UNKNOWN        198.51.100.7 peer 192.0.2.1/32\n"
	 "tun0             UNKNOWN        10.8.0.1/24\n",
	 {"addresses: [\"198.51.100.7/32\"], peer: \"192.0.2.1\""},
	 {"10.8.0.1"},
	 {"'tun0' is a tunnel, by its name"}},
	/* IPv6 before IPv4, as PowerShell lists them. */
	{"gw:2: eth0    inet6 2001:db8::2/64\n2: eth0    inet 10.0.0.2/24\n",
	 {"eth0: {network: net-10.0.0.0, addresses: [\"10.0.0.2/24\", \"2001:db8::2/64\"]}"}},
	{"gw:\x1b[36m2: eth0: \x1b[0m<UP> mtu 1500\n    inet \x1b[35m10.0.0.2\x1b[0m/24 scope "
	 "global",
	 {"10.0.0.2/24"}},
};

Test(kinds, addresses_of_linux)
{
	CHECK(linux_addresses);
}

/* A router with an outer address, a network and an end of a tunnel; its routes. */
#define END(name, outer, lan, type, inner)                                      \
	name ":2: wan: <UP> mtu 1500\n    inet " outer "/30 scope global wan\n" \
	     "3: lan: <UP> mtu 1500\n    inet " lan "/24 scope global lan\n"    \
	     "4: wg0: <POINTOPOINT,NOARP,UP> mtu 1400\n    link/" type "\n    " inner
#define OUT(name, gateway, lan) "~" name ":default via " gateway " dev wan\n" lan " dev wg0\n"
#define NEAR END("a", "198.51.100.2", "10.1.0.1", "none", "inet 10.8.0.1/24 scope global wg0\n")
#define FAR END("b", "203.0.113.2", "10.2.0.1", "none", "inet 10.8.0.2/24 scope global wg0\n")
#define NEAR_OUT OUT("a", "198.51.100.1", "10.2.0.0/24")

static const struct kind linux_tunnels[] = {
	/* Behind each end: what it has itself, and what the other one sends there. */
	{NEAR "~" FAR NEAR_OUT OUT("b", "203.0.113.1", "10.0.0.0/8"),
	 {"tunnels:", "kind: wireguard", "mtu: 1400B", "{to: \"10.2.0.0/24\", dev: wg0}",
	  "      - node: a\n        iface: wg0\n        address: 10.8.0.1/24\n"
	  "        underlay: 198.51.100.2\n        prefixes: [10.8.0.1/32, 10.1.0.0/24, "
	  "10.0.0.0/8]\n",
	  "        underlay: 203.0.113.2\n        prefixes: [10.8.0.2/32, 10.2.0.0/24]\n"},
	 {"net-10.8.0.0", "is a tunnel"}},
	/* Of a kind that topologies have. */
	{END("a", "198.51.100.2", "10.1.0.1", "gre", "inet 10.8.0.1/30 scope global wg0\n") "~" END(
		 "b", "203.0.113.2", "10.2.0.1", "gre", "inet 10.8.0.2/30 scope global wg0\n")
		 NEAR_OUT OUT("b", "203.0.113.1", "10.1.0.0/24"),
	 {"    kind: gre\n    mtu: 1400B\n"},
	 {"port:"}},
	/* No way for outer packets; all packets by the tunnel; a third end; the same address. */
	{NEAR "~" FAR NEAR_OUT "~b:10.1.0.0/24 dev wg0\n",
	 {"10.1.0.1/24", "10.2.0.1/24"},
	 {"tunnels:\n", "10.8.0.1"},
	 {"'wg0' is a tunnel: left out (import the router at its other end, too"}},
	{NEAR "~" FAR NEAR_OUT OUT("b", "203.0.113.1", "0.0.0.0/1"),
	 {"10.1.0.1/24", "10.2.0.1/24"},
	 {"vpn-1", "10.8.0.1"},
	 {"'wg0' is a tunnel: left out"}},
	{NEAR "~" FAR NEAR_OUT OUT("b", "203.0.113.1",
				   "10.1.0.0/24") "~c:7: eth0: <UP> mtu 1500\n"
						  "    inet 10.8.0.3/24 scope global eth0\n",
	 {"10.8.0.3/24"},
	 {"vpn-1", "10.8.0.1"},
	 {"'wg0' is a tunnel: left out"}},
	{NEAR "~" END("b", "203.0.113.2", "10.2.0.1", "none", "inet 10.8.0.1/24 scope global wg0\n")
		 NEAR_OUT OUT("b", "203.0.113.1", "10.1.0.0/24"),
	 {"10.1.0.1/24", "10.2.0.1/24"},
	 {"vpn-1", "10.8.0.1"},
	 {"'wg0' is a tunnel: left out"}},
	/* An end has one address here. */
	{NEAR "    inet6 2001:db8::1/64 scope global\n~" FAR NEAR_OUT OUT("b", "203.0.113.1",
									  "10.1.0.0/24"),
	 {"10.1.0.1/24", "10.2.0.1/24"},
	 {"vpn-1", "10.8.0.1"},
	 {"'wg0' is a tunnel: left out"}},
};

Test(kinds, tunnels_of_linux)
{
	CHECK(linux_tunnels);
}
