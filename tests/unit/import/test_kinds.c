/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each kind of input that people paste, beside what it says.  Whatever is made of it must be a
 * valid topology. */
#include "testbed/import/import.h"
#include "testbed/model/model.h"

#include <criterion/criterion.h>
#include <string.h>

/* Rows end where there is nothing more to expect. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define DATA "tests/data/import/"
#define MOST 8

struct kind {
	const char *inputs;	   /* files of DATA; or, with a colon, NODE:text, parted by '~' */
	const char *has[MOST];	   /* lines of the topology, in part */
	const char *has_not[MOST]; /* nothing in it or told has this */
	const char *told[MOST];
};

/* The text of a file, or what stands after the colon; the caller frees. */
static char *input_text(const char *input, char **ret_node)
{
	const char *colon = strchr(input, ':');
	char *text;

	*ret_node = colon ? g_strndup(input, (gsize)(colon - input)) : import_node_of(input);
	if (colon)
		return g_strdup(colon + 1);

	g_autofree char *path = g_strconcat(DATA, input, NULL);

	cr_assert(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
	return text;
}

static void expect_valid(const char *name, const char *topology)
{
	g_autoptr(diags) wrong = diags_new();
	g_autoptr(model) m = model_load_text("made", topology, strlen(topology), wrong);
	g_autofree char *text = diags_to_text(wrong);

	cr_expect_not_null(m, "%s:\n%s\n%s", name, topology, text);
}

static void expect_kind(const struct kind *k)
{
	g_auto(GStrv) inputs = g_strsplit(k->inputs, strchr(k->inputs, ':') ? "~" : " ", 0);
	guint n = g_strv_length(inputs);
	struct import_input in[8] = {0};
	char *texts[8], *nodes[8];
	g_autoptr(diags) found = diags_new();
	g_autofree char *topology = NULL, *told = NULL;

	for (guint i = 0; i < n; i++) {
		texts[i] = input_text(inputs[i], &nodes[i]);
		in[i] = (struct import_input){.file = nodes[i],
					      .text = texts[i],
					      .length = strlen(texts[i]),
					      .node = nodes[i]};
	}
	topology = import_topology(in, n, IMPORT_KINDS, false, found);
	told = diags_to_text(found);
	if (topology)
		expect_valid(k->inputs, topology);
	for (guint i = 0; i < MOST && k->has[i]; i++)
		cr_expect(topology && strstr(topology, k->has[i]), "%s: no '%s' in\n%s%s",
			  k->inputs, k->has[i], topology ? topology : "", told);
	for (guint i = 0; i < MOST && k->has_not[i]; i++)
		cr_expect_not(topology && strstr(topology, k->has_not[i]), "%s: '%s' in\n%s%s",
			      k->inputs, k->has_not[i], topology, told);
	for (guint i = 0; i < MOST && k->told[i]; i++)
		cr_expect_not_null(strstr(told, k->told[i]), "%s: '%s' not told in\n%s", k->inputs,
				   k->told[i], told);
	for (guint i = 0; i < n; i++) {
		g_free(texts[i]);
		g_free(nodes[i]);
	}
}

#define CHECK(table)                                          \
	for (guint row = 0; row < G_N_ELEMENTS(table); row++) \
	expect_kind(&(table)[row])

#define ETH0 "[{\"ifname\":\"eth0\",\"addr_info\":[{\"local\":\"10.0.0.2\",\"prefixlen\":24}]}"
#define ETH1 ",{\"ifname\":\"eth1\",\"addr_info\":[{\"local\":\"10.0.1.2\",\"prefixlen\":24}]}"

static const struct kind linux_routes[] = {
	{"table.addr.json table.route.json",
	 {"{to: \"default\", via: \"10.0.0.1\", dev: eth0}"},
	 {"via: \"10.0.1.1\""},
	 {"the route to 0.0.0.0/0 via 10.0.1.1 is left out: it is in table 100"}},
	{"gw:" ETH0 ETH1 "]~gw:[{\"dst\":\"default\",\"gateway\":\"10.0.1.1\",\"dev\":\"eth1\","
	 "\"table\":\"100\"}]~gw:[{\"priority\":100,\"src\":\"10.0.1.0\",\"srclen\":24,"
	 "\"table\":\"100\"},{\"priority\":32766,\"src\":\"all\",\"table\":\"main\"}]",
	 {"eth1: {network"},
	 {"default", "32766"},
	 {"in table 100, which is used by the rule 'from 10.0.1.0/24 lookup 100'",
	  "the policy rule 'from 10.0.1.0/24 lookup 100' is left out"}},
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
	 "~host:4: tap0: <UP> mtu 1500\n    inet 172.31.1.1/32 scope global tap0\n"
	 "~host:203.0.113.91 dev tap0 scope link\n",
	 {"eth0: {network: net-203.0.113.91,", "tap0: {network: net-203.0.113.91,",
	  "{to: \"203.0.113.91/32\", dev: tap0}", "forwarding: true"},
	 {NULL},
	 {NULL}},
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
	{"gw:\x1b[36m2: eth0: \x1b[0m<UP> mtu 1500\n    inet \x1b[35m10.0.0.2\x1b[0m/24 scope "
	 "global",
	 {"10.0.0.2/24"}},
};

Test(kinds, addresses_of_linux)
{
	CHECK(linux_addresses);
}

#define WINDOWS_PC                                                                      \
	"          0.0.0.0          0.0.0.0      192.168.1.1     192.168.1.34     35\n" \
	"      192.168.1.0    255.255.255.0   %s     192.168.1.34    291\n"             \
	"     192.168.1.34  255.255.255.255   %s     192.168.1.34    291\n"             \
	"    192.168.1.255  255.255.255.255   %s     192.168.1.34    291\n"

static const struct kind windows_routes[] = {
	{"route-print.de.txt",
	 {"172.25.33.10/24", "203.0.113.10/27",
	  "{to: \"10.0.1.0/24\", via: \"172.25.33.1\", dev: eth0}",
	  "{to: \"10.20.0.0/24\", via: \"172.25.33.1\", dev: eth0, persistent: false}"}},
	{"route-print.fr.txt",
	 {"192.168.8.101/24", "{to: \"10.20.0.0/24\", via: \"192.168.56.254\", dev: eth1}"},
	 {"192.168.112.1"},
	 {"route-print:27:11: warning: this persistent route is not among the active ones"}},
	{"route-print.en.txt",
	 {"192.168.8.101/24", "{to: \"10.20.0.0/24\", via: \"192.168.56.254\", dev: eth1}"}},
	{"min-gateway-host-route.txt",
	 {"[\"192.168.1.34/24\"]", "{to: \"192.168.1.1/32\", dev: eth0, persistent: false}",
	  "{to: \"default\", via: \"192.168.1.1\", dev: eth0}"}},
	{"min-onlink-default.txt",
	 {NULL},
	 {NULL},
	 {"the interface with 10.61.168.144 is left out: it is a VPN client's",
	  "the route to 0.0.0.0/0 is left out",
	  "no address of 'min-onlink-default' (its interfaces are left out"}},
	/* A VPN client's default route beside that of the network: the best is of what is kept. */
	{"pc:0.0.0.0 0.0.0.0 On-link 10.61.168.144 2\n"
	 "10.61.168.144 255.255.255.255 On-link 10.61.168.144 257\n"
	 "0.0.0.0 0.0.0.0 192.168.1.1 192.168.1.34 4250\n"
	 "192.168.1.0 255.255.255.0 On-link 192.168.1.34 4506\n"
	 "192.168.1.34 255.255.255.255 On-link 192.168.1.34 4506\n"
	 "203.0.113.5 255.255.255.255 192.168.1.1 192.168.1.34 4251\n",
	 {"{to: \"default\", via: \"192.168.1.1\", dev: eth0}",
	  "{to: \"203.0.113.5/32\", via: \"192.168.1.1\", dev: eth0, persistent: false}"},
	 {"10.61.168.144"},
	 {"10.61.168.144 is left out"}},
	/* The halves of all addresses, as OpenVPN adds them. */
	{"pc:0.0.0.0 0.0.0.0 192.168.1.1 192.168.1.34 25\n"
	 "0.0.0.0 128.0.0.0 10.8.0.5 10.8.0.6 281\n128.0.0.0 128.0.0.0 10.8.0.5 10.8.0.6 281\n"
	 "10.8.0.4 255.255.255.252 On-link 10.8.0.6 281\n10.8.0.6 255.255.255.255 On-link 10.8.0.6 "
	 "281\n"
	 "192.168.1.0 255.255.255.0 On-link 192.168.1.34 281\n"
	 "192.168.1.34 255.255.255.255 On-link 192.168.1.34 281\n",
	 {"192.168.1.34/24", "{to: \"default\", via: \"192.168.1.1\""},
	 {"10.8.0"},
	 {"the route to 128.0.0.0/1 via 10.8.0.5 is left out: 'eth0' is a VPN client's"}},
	/* A subnet that was added on link is a route, an address that Windows made one. */
	{"pc:192.168.1.0 255.255.255.0 On-link 192.168.1.34 281\n"
	 "192.168.1.34 255.255.255.255 On-link 192.168.1.34 281\n"
	 "192.168.1.35 255.255.255.255 On-link 192.168.1.34 281\n"
	 "192.168.0.0 255.255.0.0 On-link 192.168.1.34 26\n"
	 "10.9.0.0 255.255.0.0 On-link 192.168.1.34 26\n",
	 {"[\"192.168.1.34/24\", \"192.168.1.35/24\"]", "{to: \"10.9.0.0/16\", dev: eth0,",
	  "{to: \"192.168.0.0/16\", dev: eth0,"}},
	/* Windows XP: own addresses by the loopback, on link by the interface's address. */
	{"pc:0.0.0.0 0.0.0.0 192.168.1.1 192.168.1.34 20\n"
	 "192.168.1.0 255.255.255.0 192.168.1.34 192.168.1.34 20\n"
	 "192.168.1.34 255.255.255.255 127.0.0.1 127.0.0.1 20\n"
	 "192.168.1.255 255.255.255.255 192.168.1.34 192.168.1.34 20\n"
	 "Default Gateway:       192.168.1.1\nPersistent Routes:\n  None\n",
	 {"[\"192.168.1.34/24\"]", "{to: \"default\", via: \"192.168.1.1\", dev: eth0}"},
	 {"/32", ".255/"}},
	{"network-gateway.route.txt",
	 {"[\"10.20.0.101/24\"]", "# interface: Evil\n"},
	 {"endpoint: {client", "default\""},
	 {"network-gateway:11:11: warning: the route to 0.0.0.0/0 is left out: its gateway "
	  "10.20.0.0 is the network or broadcast address"}},
};

Test(kinds, routes_of_windows)
{
	CHECK(windows_routes);
}

#define ONE_CARD                                                          \
	"0.0.0.0 0.0.0.0 192.168.1.1 192.168.1.34 25\n"                   \
	"192.168.1.0 255.255.255.0 On-link 192.168.1.34 281\n"            \
	"192.168.1.34 255.255.255.255 On-link 192.168.1.34 281\n"         \
	"224.0.0.0 240.0.0.0 On-link 127.0.0.1 331\n"                     \
	"224.0.0.0 240.0.0.0 On-link 192.168.1.34 281\n"                  \
	"===========\n 1 331 ::1/128 On-link\n 7 291 fe80::/64 On-link\n" \
	" 1 331 ff00::/8 On-link\n 7 291 ff00::/8 On-link\n"

static const struct kind windows_routes6[] = {
	/* Two cards of one metric: by their order among the multicast routes. */
	{"route-print6.de.txt",
	 {"[\"172.25.33.10/24\", \"2001:db8:25::10/64\"]",
	  "[\"203.0.113.10/27\", \"2001:db8:d:0:bbbb:cccc:dddd:eeee/64\"]",
	  "{to: \"::/0\", via: \"2001:db8:d::1\", dev: eth1}  # guess: from a router's",
	  "{to: \"2001:db8:20::/64\", via: \"2001:db8:25::1\", dev: eth0}\n",
	  "{to: \"2001:db8:9::/64\", dev: eth1, persistent: false}",
	  "eeee:0/112\", via: \"2001:db8:25::1\", dev: eth0, persistent: false}",
	  "# guess: interface 12 of the IPv6 table is eth0"},
	 {"2001:db8:77"},
	 {"route-print6:51:3: warning: this persistent route is not among the active ones"}},
	/* One card: whatever its metric is; a temporary address; words for 'on link' or none. */
	{"pc:" ONE_CARD " 7 291 2001:db8:a::/64 \343\202\252\343\203\263 link\n"
	 " 7 291 2001:db8:a::34/128 \343\202\252\343\203\263\n"
	 " 7 291 2001:db8:a:0:1:2:3:4/128\n      \343\202\252\n"
	 " 7 35 2001:db8:a::99/128 On-link\n 7 300 ::/0 2001:db8:a::1\n",
	 {"[\"192.168.1.34/24\", \"2001:db8:a::34/64\", \"2001:db8:a:0:1:2:3:4/64\"]",
	  "{to: \"::/0\", via: \"2001:db8:a::1\", dev: eth0}",
	  "{to: \"2001:db8:a::99/128\", dev: eth0, persistent: false}"},
	 {"if7"}},
	/* The gateway is the link-local address of a router whose file is there; on the next line.
	 */
	{"pc:" ONE_CARD " 7 291 2001:db8:1::/64 On-link\n 7 291 2001:db8:1::2/128 On-link\n"
	 " 7 291 ::/0\n     fe80::1\n"
	 "~gw:2: eth0: <UP> mtu 1500\n    inet6 2001:db8:1::1/64 scope global\n"
	 "    inet6 fe80::1/64 scope link\n",
	 {"{to: \"::/0\", via: \"2001:db8:1::1\", dev: eth0}", "forwarding: true"}},
	/* A part of the output. */
	{"pc:0.0.0.0 0.0.0.0 192.168.1.1 192.168.1.34 25\n"
	 "192.168.1.0 255.255.255.0 On-link 192.168.1.34 281\n"
	 "192.168.1.34 255.255.255.255 On-link 192.168.1.34 281\n"
	 " 7 291 2001:db8:1::/64 On-link\n 7 291 2001:db8:1::2/128 On-link\n",
	 {"[\"192.168.1.34/24\", \"2001:db8:1::2/64\"]"}},
	{"pc: 12 266 2001:db8::/16 On-link\n",
	 {NULL},
	 {NULL},
	 {"'2001:db8::/16' has host bits set"}},
	/* No IPv4 at all: the number is the name, unless another text has the address. */
	{"pc: 12 266 fe80::/64 On-link\n 12 266 2001:db8:1::/64 On-link\n"
	 " 12 266 2001:db8:1::2/128 On-link\n 12 11 2001:db8:5::/64 2001:db8:1::1\n",
	 {"if12: {network: net-2001-db8-1--1, addresses: [\"2001:db8:1::2/64\"]}",
	  "{to: \"2001:db8:5::/64\", via: \"2001:db8:1::1\", dev: if12, persistent: false}"}},
	{"pc:IPAddress         : 2001:db8:1::2\nInterfaceAlias    : LAN\nPrefixLength      : 64\n"
	 "~pc:" ONE_CARD " 7 291 2001:db8:1::/64 On-link\n 7 291 2001:db8:1::2/128 On-link\n"
	 " 7 11 2001:db8:5::/64 2001:db8:1::1\n",
	 {"LAN: {network", "via: \"2001:db8:1::1\", dev: LAN, persistent: false}"}},
	/* Another order, or not as many: by a metric that only one of each table has. */
	{"pc:" ONE_CARD "10.0.0.0 255.255.255.0 On-link 10.0.0.5 291\n"
	 "10.0.0.5 255.255.255.255 On-link 10.0.0.5 291\n"
	 "224.0.0.0 240.0.0.0 On-link 10.0.0.5 291\n"
	 " 7 291 2001:db8:1::/64 On-link\n 7 291 2001:db8:1::2/128 On-link\n",
	 {"[\"10.0.0.5/24\", \"2001:db8:1::2/64\"]", "[\"192.168.1.34/24\"]"}},
	{"pc:" ONE_CARD " 9 331 ff00::/8 On-link\n 9 331 2001::/32 On-link\n"
	 " 9 331 2001:0:5ef5:79fb:3ca3:36ab:fa66:7cf9/128 On-link\n"
	 " 7 291 2001:db8:a::/64 On-link\n 7 291 2001:db8:a::34/128 On-link\n",
	 {"[\"192.168.1.34/24\", \"2001:db8:a::34/64\"]"},
	 {"2001:0:5"},
	 {"a route of interface 9 is left out: it is a Teredo tunnel"}},
	/* A VPN client's default route on link. */
	{"pc:" ONE_CARD " 7 291 2001:db8:a::/64 On-link\n 7 291 2001:db8:a::34/128 On-link\n"
	 " 20 5 ::/0 On-link\n 20 5 fe80::/64 On-link\n 20 5 2001:db8:f::8/128 On-link\n",
	 {"2001:db8:a::34/64"},
	 {"2001:db8:f::8"},
	 {"'if20' is left out: it is a VPN client's or a modem's"}},
};

Test(kinds, ipv6_routes_of_windows)
{
	CHECK(windows_routes6);
}

/* Spanish, Italian, Polish, Japanese (Shift-JIS), Russian (code page 866), Chinese (GBK). */
Test(kinds, windows_in_any_language)
{
	static const char *const on_link[] = {"On-link",
					      "En v\303\255nculo",
					      "In collegamento",
					      "Po\263\271czenie",
					      "\203\212\203\223\203\116\217\343",
					      "\215\245 \341\242\357\247\240\255\256",
					      "\324\332\301\264\302\267\311\317"};

	for (guint i = 0; i < G_N_ELEMENTS(on_link); i++) {
		g_autofree char *text =
			g_strdup_printf("pc:" WINDOWS_PC, on_link[i], on_link[i], on_link[i]);
		struct kind k = {text,
				 {"[\"192.168.1.34/24\"]",
				  "{to: \"default\", via: \"192.168.1.1\", dev: eth0}"},
				 {"192.168.1.255"},
				 {NULL}};

		expect_kind(&k);
	}
}

static const struct kind tables[] = {
	/* Linux: no address of the node is in it. */
	{"gw:Kernel-IP-Routentabelle\n"
	 "Ziel            Router          Genmask         Flags Metric Ref    Use Iface\n"
	 "0.0.0.0         10.0.0.1        0.0.0.0         UG    100    0        0 eth0\n"
	 "10.0.0.0        0.0.0.0         255.255.255.0   U     100    0        0 eth0\n"
	 "10.9.0.0        -               255.255.0.0     !     0      -        0 -\n"
	 "169.254.0.0     0.0.0.0         255.255.0.0     U     1000   0        0 eth0\n",
	 {"[\"10.0.0.254/24\"]}  # guess: the address",
	  "{to: \"default\", via: \"10.0.0.1\", dev: eth0}",
	  "{to: \"10.9.0.0/16\", type: unreachable}", "169.254.0.0/16"},
	 {NULL},
	 {"gw:4:1: warning: the input does not say which address 'eth0' has in 10.0.0.0/24"}},
	{"gw:" ETH0
	 "]~gw:Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n"
	 "default         10.0.0.1        0.0.0.0         UG        0 0          0 eth0\n"
	 "10.0.0.0        *               255.255.255.0   U         0 0          0 eth0\n",
	 {"10.0.0.2/24", "{to: \"default\", via: \"10.0.0.1\", dev: eth0}"},
	 {"guess: the address"}},
	{"gw:Destination                    Next Hop                   Flag Met Ref Use If\n"
	 "2001:db8:1::/64                ::                         U    256 1     0 eth0\n"
	 "::/0                           2001:db8:1::1              UG   1024 1    0 eth0\n"
	 "2001:db8:1::5/128              ::                         Un   0   3     0 eth0\n",
	 {"2001:db8:1::5/64", "{to: \"::/0\", via: \"2001:db8:1::1\", dev: eth0}"}},
	/* macOS. */
	{"mac:Routing tables\n\nInternet:\n"
	 "Destination        Gateway            Flags               Netif Expire\n"
	 "default            192.168.1.1        UGScg                 en0\n"
	 "127                127.0.0.1          UCS                   lo0\n"
	 "192.168.1          link#6             UCS                   en0      !\n"
	 "192.168.1.1/32     link#6             UCS                   en0      !\n"
	 "192.168.1.1        a4:91:b1:0:1:2     UHLWIir               en0   1180\n"
	 "192.168.1.34/32    link#6             UCS                   en0      !\n"
	 "192.168.1.255      ff:ff:ff:ff:ff:ff  UHLWbI                en0      !\n"
	 "10.9               192.168.1.7        UGSc                  en0\n"
	 "default            link#20            UCSIg               utun3\n"
	 "\nInternet6:\ndefault  fe80::%utun0  UGcIg  utun0\n",
	 {"en0: {network: net-192.168.1.0, addresses: [\"192.168.1.34/24\"]}",
	  "{to: \"default\", via: \"192.168.1.1\", dev: en0}",
	  "{to: \"10.9.0.0/16\", via: \"192.168.1.7\", dev: en0}"},
	 {"192.168.1.1/32", "utun"},
	 {"'utun3' is a tunnel"}},
	/* FreeBSD and OpenBSD. */
	{"bsd:Destination        Gateway            Flags     Netif Expire\n"
	 "default            10.0.0.1           UGS        em0\n"
	 "10.0.0.0/24        link#1             U          em0\n"
	 "10.0.0.5           link#1             UHS        lo0\n"
	 "2001:db8::/64 link#1 U em0\n2001:db8::5 link#1 UHS lo0\n",
	 {"[\"10.0.0.5/24\", \"2001:db8::5/64\"]",
	  "{to: \"default\", via: \"10.0.0.1\", dev: em0}"}},
	{"bsd:Destination        Gateway            Flags   Refs      Use   Mtu  Prio Iface\n"
	 "default            10.0.0.1           UGS        5       20     -     8 em0\n"
	 "10.0.0/24          10.0.0.5           UCn        1        0     -     4 em0\n"
	 "10.0.0.5           52:54:00:12:34:56  UHLl       0        2     -     1 em0\n"
	 "10.0.0.255         10.0.0.5           UHb        0        0     -     1 em0\n"
	 "224/4              127.0.0.1          URS        0        0 32768     8 lo0\n",
	 {"[\"10.0.0.5/24\"]", "{to: \"default\", via: \"10.0.0.1\", dev: em0}"},
	 {"10.0.0.255"}},
	/* A VPN client on Linux. */
	{"pc:" ETH0 "]~pc:0.0.0.0 10.8.0.5 128.0.0.0 UG 0 0 0 tun0\n"
	 "128.0.0.0 10.8.0.5 128.0.0.0 UG 0 0 0 tun0\n0.0.0.0 10.0.0.1 0.0.0.0 UG 0 0 0 eth0\n"
	 "10.0.0.0 0.0.0.0 255.255.255.0 U 0 0 0 eth0\n",
	 {"{to: \"default\", via: \"10.0.0.1\", dev: eth0}"},
	 {"10.8.0.5"},
	 {"the route to 128.0.0.0/1 via 10.8.0.5 is left out"}},
};

Test(kinds, tables_of_route_and_netstat)
{
	CHECK(tables);
}

#define PS_ROUTES                                                                                  \
	"[{\"DestinationPrefix\":\"0.0.0.0/0\",\"InterfaceAlias\":\"Ethernet 2\",\"NextHop\":"     \
	"\"10.20.0.1\",\"RouteMetric\":0,\"InterfaceMetric\":25,\"Protocol\":3},"                  \
	"{\"DestinationPrefix\":\"10.20.0.0/24\",\"InterfaceAlias\":\"Ethernet 2\",\"NextHop\":"   \
	"\"0.0.0.0\",\"RouteMetric\":256,\"Protocol\":2},"                                         \
	"{\"DestinationPrefix\":\"10.20.0.101/32\",\"InterfaceAlias\":\"Ethernet 2\",\"NextHop\":" \
	"\"0.0.0.0\",\"RouteMetric\":256,\"Protocol\":2},"                                         \
	"{\"DestinationPrefix\":\"10.20.0.255/32\",\"InterfaceAlias\":\"Ethernet 2\",\"NextHop\":" \
	"\"0.0.0.0\",\"RouteMetric\":256,\"Protocol\":2},"                                         \
	"{\"DestinationPrefix\":\"ff00::/8\",\"InterfaceAlias\":\"Ethernet "                       \
	"2\",\"NextHop\":\"::\","                                                                  \
	"\"RouteMetric\":256,\"Protocol\":2}]"

static const struct kind powershell[] = {
	{"pc:" PS_ROUTES,
	 {"Ethernet-2: {network: net-10.20.0.0, addresses: [\"10.20.0.101/24\"]}",
	  "{to: \"default\", via: \"10.20.0.1\", dev: Ethernet-2}", "host_model: strong"},
	 {"10.20.0.255"}},
	{"pc:{\"IPAddress\":\"10.20.0.101\",\"PrefixLength\":24,\"InterfaceAlias\":\"LAN\"}"
	 "~pc:{\"DestinationPrefix\":\"0.0.0.0/0\",\"NextHop\":\"10.20.0.1\",\"InterfaceAlias\":"
	 "\"LAN\"}",
	 {"LAN: {network", "10.20.0.101/24", "via: \"10.20.0.1\", dev: LAN"}},
	{"pc:#TYPE "
	 "Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetIPAddress\r\n"
	 "\"IPAddress\",\"InterfaceAlias\",\"PrefixLength\"\r\n\"fe80::5%12\",\"LAN\",\"64\"\r\n"
	 "\"10.20.0.101\",\"LAN\",\"24\"\r\n\"127.0.0.1\",\"Loopback\",\"8\"\r\n"
	 "~pc:\"ifIndex\";\"DestinationPrefix\";\"NextHop\";\"InterfaceAlias\";\"Protocol\"\n"
	 "\"12\";\"10.9.0.0/16\";\"10.20.0.7\";\"LAN\";\"NetMgmt\"\n",
	 {"LAN: {network: net-10.20.0.0, addresses: [\"10.20.0.101/24\"]}",
	  "{to: \"10.9.0.0/16\", via: \"10.20.0.7\", dev: LAN}"}},
	{"pc:IPAddress         : 10.20.0.101\nInterfaceIndex    : 12\nInterfaceAlias    : LAN\n"
	 "PrefixLength      : 24\n\nIPAddress         : 2001:db8::5\nInterfaceAlias    : LAN\n"
	 "PrefixLength      : 64\n",
	 {"LAN: {network: net-10.20.0.0, addresses: [\"10.20.0.101/24\", \"2001:db8::5/64\"]}"}},
	{"pc:" PS_ROUTES
	 "~pc:[{\"Namespace\":\".contoso.com\",\"NameServers\":[\"10.0.1.53\",\"10.0.1.54\"]},"
	 "{\"Namespace\":\"fe.contoso.com\",\"NameServers\":{\"value\":[\"10.0.1.53\"],\"Count\":1}"
	 "},"
	 "{\"Namespace\":\"mail.contoso.com\",\"NameServers\":null}]"
	 "~pc:{\"InterfaceAlias\":\"LAN\",\"ServerAddresses\":[\"10.20.0.53\"]}",
	 {"- {namespace: \".contoso.com\", servers: [\"10.0.1.53\", \"10.0.1.54\"]}",
	  "- {namespace: \"fe.contoso.com\", servers: [\"10.0.1.53\"]}",
	  "resolvers: [\"10.20.0.53\"]"},
	 {"mail.contoso.com"},
	 {"the NRPT rule for 'mail.contoso.com' is left out"}},
	/* Tables as they are shown; one names the interface by its number. */
	{"pc:InterfaceAlias IPAddress   PrefixLength\n-------------- ---------   ------------\n"
	 "Ethernet 2     10.20.0.101           24\n"
	 "~pc:ifIndex DestinationPrefix NextHop   RouteMetric ifMetric PolicyStore\n"
	 "------- ----------------- -------   ----------- -------- -----------\n"
	 "12      10.20.0.255/32    0.0.0.0           256 25       ActiveStore\n"
	 "12      10.20.0.101/32    0.0.0.0           256 25       ActiveStore\n"
	 "12      10.20.0.0/24      0.0.0.0           256 25       ActiveStore\n"
	 "12      0.0.0.0/0         10.20.0.1           0 25       ActiveStore\n",
	 {"Ethernet-2: {network: net-10.20.0.0, addresses: [\"10.20.0.101/24\"]}",
	  "{to: \"default\", via: \"10.20.0.1\", dev: Ethernet-2}"},
	 {"if12", "10.20.0.255"}},
	/* A VPN client with the default route on link. */
	{"pc:" PS_ROUTES
	 "~pc:{\"DestinationPrefix\":\"0.0.0.0/0\",\"InterfaceAlias\":\"Company VPN\","
	 "\"NextHop\":\"0.0.0.0\",\"RouteMetric\":1,\"Protocol\":3}",
	 {"{to: \"default\", via: \"10.20.0.1\", dev: Ethernet-2}"},
	 {"Company"},
	 {"'Company VPN' is left out: it is a VPN client's"}},
};

Test(kinds, powershell)
{
	CHECK(powershell);
}

#define D06 \
	"a=candidate:gAH6Rj7UAhyhL37x1myyRCEe0s90i/okTPPlQ8q9Ufg= 1 AT6jQtrWTfVi7S1Ko4pBxA== UDP "

static const struct kind candidates[] = {
	{"x-candidate-ipv6.sdp", {"10.20.0.101/24", "2001:db8:20::101/64"}},
	{"home:" D06 "0.830 192.168.1.107 54183 \r\n" D06 "0.550 198.51.100.9 54183 \r\n" D06
	 "0.450 203.0.113.4 32594 \r\n",
	 {"192.168.1.107/24", "out: {network: net-198.51.100.0, addresses: [\"198.51.100.9/24\"]}",
	  "ext: {network: net-203.0.113.0, addresses: [\"203.0.113.4/24\"]}"}},
	{"home:a=candidate:1 1 UDP 2130706431 10.20.0.101 7538 typ host\r\n"
	 "a=x-candidate-ipv6:3 1 UDP 33553407 2001:0:5ef5:79fb:3ca3:36ab:fa66:7cf9 24634 typ host "
	 "\r\n"
	 "a=x-candidate-ipv6:4 1 tcp-pass 18087935 2001:db8:9::4 3478 typ relay \r\n",
	 {"10.20.0.101/24", "2001:db8:9::4/64"},
	 {"2001:0:", "2001:0:5ef5"},
	 {"is left out: it is of a Teredo tunnel"}},
};

Test(kinds, candidates)
{
	CHECK(candidates);
}
