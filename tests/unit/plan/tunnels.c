/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every kind of tunnel between IPv4 and between IPv6 addresses, as the shell is told of it. */
#include "tests/unit/plan/support.h"

#include <criterion/criterion.h>

Test(tunnels, shell)
{
	g_autoptr(plan) p = plan_of("tests/data/topologies/tunnels.yaml", "all");
	g_autofree char *text = plan_as(p, PLAN_SH);
	static const char *const wanted[] = {
		"'wg4' index 106 mtu 1420 type wireguard\n",
		" endpoint 198.51.100.2:51820 allowed-ips ",
		"'wg6' index 108 mtu 1300 type wireguard\n",
		" endpoint [2001:db8:ff::2]:51821 allowed-ips ",
		"'wg6' index 108 mtu 1300 type vxlan id 2 local 2001:db8:ff::1 ",
		"'vx4' index 110 mtu 1450 type vxlan id 3 local 198.51.100.1 remote 198.51.100.2 "
		"dstport 4789 nolearning\n",
		"'vx6' index 112 mtu 1430 type vxlan ",
		"'gr4' index 114 type gre local 198.51.100.1 remote 198.51.100.2 ttl 64 key 5\n",
		"'gr6' index 116 type ip6gre local 2001:db8:ff::1 remote 2001:db8:ff::2 ttl 64 "
		"encaplimit none key 6\n",
		"'ip4' index 118 type ipip local 198.51.100.1 remote 198.51.100.2 ttl 64 "
		"mode ipip\n",
		"'ip6' index 120 type ip6tnl local 2001:db8:ff::1 remote 2001:db8:ff::2 ttl 64 "
		"encaplimit none\n",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
		cr_expect(strstr(text, wanted[i]), "no '%s'", wanted[i]);
}

Test(tunnels, size)
{
	static const struct {
		struct op_tunnel t;
		unsigned mtu_bytes, overhead_bytes;
	} rows[] = {
		{{.kind = TUNNEL_WIREGUARD, .remote.family = AF_INET}, 1420, 60},
		{{.kind = TUNNEL_WIREGUARD, .remote.family = AF_INET6}, 1420, 80},
		{{.kind = TUNNEL_VXLAN, .remote.family = AF_INET}, 1450, 50},
		{{.kind = TUNNEL_VXLAN, .remote.family = AF_INET6}, 1430, 70},
		{{.kind = TUNNEL_GRE, .remote.family = AF_INET}, 0, 28},
		{{.kind = TUNNEL_GRE, .remote.family = AF_INET6}, 0, 48},
		{{.kind = TUNNEL_IPIP, .remote.family = AF_INET}, 0, 20},
		{{.kind = TUNNEL_IPIP, .remote.family = AF_INET6}, 0, 40},
		{{.kind = TUNNEL_VXLAN, .remote.family = AF_INET6, .mtu_bytes = 1300}, 1300, 70},
		{{.kind = TUNNEL_GRE, .remote.family = AF_INET, .mtu_bytes = 1300}, 1300, 28},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct op_tunnel *t = &rows[i].t;

		cr_expect_eq(op_tunnel_mtu_bytes(t), rows[i].mtu_bytes, "row %zu: %u", i,
			     op_tunnel_mtu_bytes(t));
		cr_expect_eq(tunnel_overhead_bytes(t->kind, t->remote.family),
			     rows[i].overhead_bytes, "row %zu", i);
	}
}
