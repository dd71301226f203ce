/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `route print` and PowerShell. */
#include "tests/unit/import/kinds.h"

#include <criterion/criterion.h>

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
	/* Two cards in one subnet. */
	{"pc:0.0.0.0 0.0.0.0 192.168.1.1 192.168.1.34 25\n0.0.0.0 0.0.0.0 192.168.1.1 192.168.1.35 "
	 "35\n192.168.1.0 255.255.255.0 On-link 192.168.1.34 281\n"
	 "192.168.1.0 255.255.255.0 On-link 192.168.1.35 291\n"
	 "192.168.1.34 255.255.255.255 On-link 192.168.1.34 281\n"
	 "192.168.1.35 255.255.255.255 On-link 192.168.1.35 291\n",
	 {"eth0: {network: net-192.168.1.0, addresses: [\"192.168.1.34/24\"]}",
	  "eth1: {network: net-192.168.1.0, addresses: [\"192.168.1.35/24\"]}",
	  "dev: eth0, metric: 25}", "dev: eth1, metric: 35}"}},
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
	/* An advertised subnet has a metric of its own. */
	{"route-print6.ja.txt",
	 {"[\"192.168.1.34/24\", \"2001:db8:a::34/64\", \"2001:db8:a:0:1d2c:33:4:5/64\"]",
	  "{to: \"default\", via: \"192.168.1.1\", dev: eth0}\n",
	  "{to: \"::/0\", via: \"fe80::1\""},
	 {"2001:db8:a::/64\", dev"},
	 {"route-print6:25:9: warning: this persistent route is not among the active ones",
	  "route-print6:46:3: warning: this persistent route is not among the active ones"}},
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
	/* A heading in two lines, lists in braces; what Windows asks where nothing is configured.
	 */
	{"pc:" PS_ROUTES "~pc:InterfaceAlias               Interface Address ServerAddresses\n"
	 "                             Index     Family\n"
	 "--------------               --------- ------- ---------------\n"
	 "Ethernet 2                          12 IPv4    {10.20.0.53, 10.20.0.54}\n"
	 "Wi-Fi                               14 IPv4    {10.20.0.53}\n"
	 "Ethernet 2                          12 IPv6    {}\n"
	 "Loopback Pseudo-Interface 1          1 IPv6    {fec0:0:0:ffff::1, fec0:0:0:ffff::2}\n",
	 {"resolvers: [\"10.20.0.53\", \"10.20.0.54\"]\n", "fec0:0:0:ffff::1"},
	 {"resolvers: [\"10.20.0.53\", \"10.20.0.54\", "}},
	/* CSV without quotes, as PowerShell 7 can write it. */
	{"pc:IPAddress,InterfaceAlias,InterfaceIndex,PrefixLength\r\n10.20.0.101,LAN,12,24\r\n"
	 "fe80::1%12,LAN,12,64\r\n~pc:DestinationPrefix\tNextHop\tInterfaceAlias\tProtocol\n"
	 "10.9.0.0/16\t10.20.0.7\tLAN\tNetMgmt\n",
	 {"LAN: {network: net-10.20.0.0, addresses: [\"10.20.0.101/24\"]}",
	  "{to: \"10.9.0.0/16\", via: \"10.20.0.7\", dev: LAN}"}},
	/* An advertised subnet. */
	{"pc:" PS_ROUTES
	 "~pc:[{\"DestinationPrefix\":\"2001:db8:20::101/128\",\"InterfaceAlias\":\"Ethernet 2\","
	 "\"NextHop\":\"::\",\"Protocol\":2},{\"DestinationPrefix\":\"2001:db8:20::/64\","
	 "\"InterfaceAlias\":\"Ethernet 2\",\"NextHop\":\"::\",\"Protocol\":3,\"RouteMetric\":16}]",
	 {"[\"10.20.0.101/24\", \"2001:db8:20::101/64\"]"}},
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
