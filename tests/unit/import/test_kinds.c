/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `route -n`, `netstat -rn`, and candidates of ICE. */
#include "tests/unit/import/kinds.h"

#include <criterion/criterion.h>

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
	/* Newer net-tools put :: into brackets. */
	{"gw:Destination                    Next Hop                   Flag Met Ref Use If\n"
	 "[::]/0                         fe80::1                    UGDAe 1024 3   0 eth0\n"
	 "2001:db8:5::/64                [::]                       UAe  256 2     0 eth0\n"
	 "[::]/0                         [::]                       !n   -1  1     0 lo\n"
	 "::1/128                        [::]                       Un   0   5     0 lo\n"
	 "2001:db8:5::9/128              [::]                       Un   0   2     0 eth0\n",
	 {"2001:db8:5::9/64", "{to: \"::/0\", via: \"fe80::1\", dev: eth0}"},
	 {"unreachable", "guess: the address"}},
	/* Names in place of addresses. */
	{"gw:Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n"
	 "default         _gateway        0.0.0.0         UG        0 0          0 eth0\n"
	 "10.0.0.0        0.0.0.0         255.255.255.0   U         0 0          0 eth0\n",
	 {"net-10.0.0.0"},
	 {NULL},
	 {"gw:2:1: warning: this is not a route: left out ('route -n' and 'netstat -rn' have"}},
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
	 {"the default route at 'utun3' is left out"}},
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
	/* Two providers, by priority; a line with two ends; what FreeBSD refuses anyhow. */
	{"bsd:Destination        Gateway            Flags   Refs      Use   Mtu  Prio Iface\n"
	 "default            198.51.100.1       UGSP       9      108     -     8 em0\n"
	 "default            198.51.100.129     UGSP       1        1     -    12 em1\n"
	 "198.51.100.0/25    198.51.100.7       UCn        1        0     -     4 em0\n"
	 "198.51.100.128/25  198.51.100.130     UCn        1        0     -     4 em1\n",
	 {"{to: \"default\", via: \"198.51.100.1\", dev: em0, metric: 8}",
	  "{to: \"default\", via: \"198.51.100.129\", dev: em1, metric: 12}"}},
	{"bsd:default            192.0.2.1          UGS      ppp0\n"
	 "192.0.2.1          198.51.100.7       UH       ppp0\n"
	 "10.0.0.0/24        link#2             U        em1\n10.0.0.1 link#2 UHS lo0\n"
	 "::/96              ::1                UGRS     lo0\n"
	 "::ffff:0.0.0.0/96  ::1                UGRS     lo0\n",
	 {"addresses: [\"198.51.100.7/32\"], peer: \"192.0.2.1\"}",
	  "{to: \"default\", via: \"192.0.2.1\", dev: ppp0}"},
	 {"unreachable"}},
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
	/* A whole offer of Skype for Business, with the other end's candidates. */
	{"sfb.sdp",
	 {"192.168.1.34/24", "10.8.0.6/24", "198.51.100.9/24", "203.0.113.4/24"},
	 {"203.0.113.5"}},
	/* In a log, in JSON, in a browser's list. */
	{"pc:12/05/2026|10:11:12.123 1F2C:2A1C INFO  :: a=candidate:1 1 UDP 2130706431 "
	 "192.168.1.34 "
	 "27486 typ host\n{\"candidate\":\"candidate:4 1 udp 2043278322 192.168.5.56 44323 typ "
	 "host\",\"sdpMid\":\"0\"}\nsdpMid: 0, candidate: candidate:9 1 udp 99 198.51.100.9 4 typ "
	 "srflx raddr 192.168.1.34 rport 27486\n",
	 {"192.168.1.34/24", "192.168.5.56/24", "198.51.100.9/24"}},
	/* Zones, names, mapped and unspecified addresses. */
	{"pc:a=candidate:1 1 UDP 9 fe80::1%eth0 27486 typ host\na=candidate:2 1 UDP 9 192.168.1.34 "
	 "5 "
	 "typ host\na=candidate:5 1 UDP 1 ::ffff:192.168.1.34 443 typ host\na=candidate:7 1 UDP 1 "
	 "host.example.com 443 typ host\na=candidate:8 1 UDP 1 0.0.0.0 9 typ host\n"
	 "a=remote-candidates:1 192.168.9.9 5\na=remote-candidate:pJOvIzaF\n",
	 {"[\"192.168.1.34/24\"]", "::ffff:192.168.1.34, 0.0.0.0"},
	 {"192.168.9.9", "eth1"},
	 {"'host.example.com' is not an address: left out"}},
};

Test(kinds, candidates)
{
	CHECK(candidates);
}
