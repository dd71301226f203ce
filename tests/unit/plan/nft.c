/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ruleset text, row by row. */
#include "tests/support/walk_state.h"
#include "tests/unit/plan/support.h"

#include <criterion/criterion.h>

struct row {
	const char *name;
	const char *router;   /* the router's lines in the topology */
	const char *has[4];   /* texts that must be in its ruleset */
	const char *lacks[2]; /* texts that must not */
};

#define NAT(settings) "    nat: [{name: n, masquerade: wan" settings "}]\n"

static const struct row rows[] = {
	{"endpoint-independent",
	 NAT(", mapping: endpoint-independent, filtering: address-and-port-dependent"),
	 {"snat ip to meta l4proto . ip saddr . th sport map @tb_mapping0 comment \"n-known\"\n",
	  "th sport @tb_ports0 counter snat to 198.51.100.1 random comment \"n\"\n"
	  "\t\tcounter snat to 198.51.100.1 comment \"n\"\n",
	  "comment \"own-traffic\"", "counter drop comment \"n-filtered\""},
	 {"dnat", "tb_spoken"}},
	{"symmetric",
	 NAT(", mapping: address-and-port-dependent, preserve_port: false"),
	 {"chain tb_map0 {\n\t\tcounter snat to 198.51.100.1 fully-random comment \"n\"\n\t}\n"},
	 {"dnat", "tb_mapping"}},
	{"symmetric that keeps the first port",
	 NAT(", mapping: address-and-port-dependent"),
	 {"th sport @tb_ports0 counter snat to 198.51.100.1 fully-random comment \"n\"\n"
	  "\t\tcounter snat to 198.51.100.1 comment \"n\"\n"},
	 {"dnat", "tb_mapping"}},
	{"address-dependent mapping",
	 NAT(", mapping: address-dependent"),
	 {"snat ip to meta l4proto . ip saddr . th sport . ct original ip daddr map @tb_mapping0",
	  "type inet_proto . ipv4_addr . inet_service . ipv4_addr : ipv4_addr . inet_service"},
	 {"dnat"}},
	{"endpoint-independent with new ports",
	 NAT(", mapping: endpoint-independent, preserve_port: false"),
	 {"th sport map @tb_mapping0 comment \"n-known\"\n\t\tcounter snat to 198.51.100.1 random "
	  "comment \"n\"\n"},
	 {"dnat"}},
	{"full cone",
	 NAT(", filtering: endpoint-independent"),
	 {"iifname \"wan\" ip daddr 198.51.100.1 meta l4proto { tcp, udp } counter dnat ip to meta "
	  "l4proto . th "
	  "dport map @tb_inside0",
	  "update @tb_inside0 { meta l4proto . ct reply proto-dst : ct original ip saddr . ct "
	  "original proto-src }"},
	 {"tb_spoken"}},
	{"address-dependent filtering",
	 NAT(", filtering: address-dependent"),
	 {"meta l4proto . th dport . ip saddr @tb_spoken0 counter dnat",
	  "update @tb_spoken0 { meta l4proto . ct reply proto-dst . ct original ip daddr }"},
	 {NULL}},
	{"hairpin",
	 NAT(", hairpin: true"),
	 {"iifname != \"wan\" ip daddr 198.51.100.1 meta l4proto { tcp, udp } counter dnat ip to "
	  "meta l4proto . th "
	  "dport map @tb_inside0",
	  "ct status dnat ct original ip daddr 198.51.100.1 counter jump tb_map0 comment "
	  "\"n-hairpin-source\""},
	 {"iifname \"wan\" ip daddr 198.51.100.1 meta"}},
	{"full cone through a firewall",
	 NAT(", filtering: endpoint-independent") "    firewall: {rules: [{name: none-in, chain: "
						  "forward, "
						  "in: wan, action: drop}]}\n",
	 {"ct status dnat ct original ip daddr 198.51.100.1 counter accept comment \"n-let-in\"\n"
	  "\t\tiifname \"wan\" counter drop comment \"none-in\""},
	 {NULL}},
	{"one to one",
	 "    nat: [{name: n, static: {inside: 10.9.0.2, outside: 198.51.100.7}, out: wan}]\n"
	 "    firewall: {rules: [{name: none-in, chain: forward, in: wan, action: drop}]}\n",
	 {"ip daddr 198.51.100.7 counter dnat to 10.9.0.2 comment \"n-in\"",
	  "oifname \"wan\" ip saddr 10.9.0.2 counter snat to 198.51.100.7 comment \"n-out\""},
	 {"let-in"}},
	{"forward beside a masquerade",
	 "    nat:\n"
	 "      - {name: f, forward: {outside: 198.51.100.1, inside: 10.9.0.2, proto: udp, ports: "
	 "[3478, 50000-59999]}, out: wan}\n"
	 "      - {name: n, masquerade: wan, filtering: endpoint-independent}\n"
	 "    firewall: {rules: [{name: none-in, chain: forward, in: wan, action: drop}]}\n",
	 {"iifname \"wan\" ip daddr 198.51.100.1 udp dport { 3478, 50000-59999 } counter dnat to "
	  "10.9.0.2 comment \"f-in\"\n\t\tiifname \"wan\" ip daddr 198.51.100.1 meta",
	  "oifname \"wan\" ip saddr 10.9.0.2 udp sport { 3478, 50000-59999 } counter snat to "
	  "198.51.100.1 comment \"f-out\"\n\t\toifname \"wan\" counter jump tb_map1",
	  "udp sport { 3478, 50000-59999 } counter snat to 198.51.100.1:3479-49999 random comment "
	  "\"n\"",
	  "meta l4proto udp ct status dnat ct original ip daddr 198.51.100.1 ct original proto-dst "
	  "!= { 3478, 50000-59999 } counter accept comment \"n-let-in\""},
	 {"f-let-in"}},
	{"forward to another port, with hairpinning",
	 "    nat: [{name: f, forward: {outside: 198.51.100.7, inside: 10.9.0.2, proto: tcp, "
	 "ports: "
	 "8443, to_port: 443}, out: wan, hairpin: true}]\n",
	 {"\t\tip daddr 198.51.100.7 tcp dport { 8443 } counter dnat to 10.9.0.2:443 comment "
	  "\"f-in\"",
	  "oifname \"wan\" ip saddr 10.9.0.2 tcp sport 443 counter snat to 198.51.100.7:8443 "
	  "comment \"f-out\"",
	  "ct original ip daddr 198.51.100.7 meta l4proto tcp ct original proto-dst { 8443 } "
	  "counter snat to 198.51.100.7 comment \"f-hairpin-source\""},
	 {"tb_no_hairpin"}},
	{"replies first, policy last",
	 "    firewall: {input: drop, rules: [{name: web, chain: input, in: wan, proto: tcp, "
	 "dports: [80, "
	 "8000-8080], "
	 "action: accept}]}\n",
	 {"policy drop\n\t\tct state established,related counter accept comment \"established\"\n"
	  "\t\tiifname \"lo\" counter accept comment \"loopback\"\n"
	  "\t\tiifname \"wan\" tcp dport { 80, 8000-8080 } counter accept comment \"web\"\n"
	  "\t\tcounter drop comment \"input-policy\"\n"},
	 {"tb_forward", "tb_output"}},
	{"a host's block comes before replies",
	 "    firewall: {rules: [{name: no, chain: output, dst: [10.0.1.0/24], action: drop}]}\n",
	 {"oifname \"lo\" counter accept comment \"loopback\"\n"
	  "\t\tip daddr { 10.0.1.0/24 } counter drop comment \"no\"\n"
	  "\t\tct state established,related"},
	 {"nd-neighbor-solicit"}},
	{"not stateful",
	 "    firewall: {stateful: false, rules: [{name: no, chain: forward, proto: icmp, action: "
	 "reject}]}\n",
	 {"meta l4proto { icmp, icmpv6 } counter reject with icmpx type admin-prohibited "
	  "comment "
	  "\"no\""},
	 {"established"}},
	{"reject of TCP is a reset",
	 "    firewall: {rules: [{name: no, chain: forward, proto: tcp, action: reject}]}\n",
	 {"meta l4proto tcp counter reject with tcp reset comment \"no\""},
	 {NULL}},
	{"TLS is inspected before replies pass",
	 "    firewall: {forward: drop, rules: [{name: a, chain: forward, proto: tcp, dports: "
	 "[443], "
	 "inspect: tls, action: accept}, {name: b, chain: forward, dst: ['2001:db8::/32'], proto: "
	 "tcp, inspect: tls, action: accept}]}\n",
	 {"policy drop\n"
	  "\t\tct mark 1 @ih,0,16 0x1603 counter ct mark set 0 comment \"a-tls\"\n"
	  "\t\tct mark 1 @ih,0,16 != 0x1603 counter reject with tcp reset comment \"a-no-tls\"\n"
	  "\t\tct mark 2 @ih,0,16 0x1603 counter ct mark set 0 comment \"b-tls\"\n"
	  "\t\tct mark 2 @ih,0,16 != 0x1603 counter reject with tcp reset comment \"b-no-tls\"\n"
	  "\t\tct state established,related",
	  "tcp dport { 443 } counter ct mark set 1 accept comment \"a\"\n",
	  "meta l4proto tcp counter ct mark set 2 accept comment \"b\"\n"},
	 {NULL}},
	{"bogon filter",
	 "    bogon_filter: true\n",
	 {"counter drop comment \"bogon-source\"", "counter drop comment \"bogon-destination\""},
	 {"established", "policy drop"}},
	{"strong receive",
	 "    host_model: strong\n",
	 {"fib daddr type local fib daddr . iif type != local counter drop comment "
	  "\"strong-host-receive\""},
	 {"established"}},
};

Test(nft, rows)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(plan) p = small_plan(rows[i].router);
		const char *text = ruleset(p, "router");

		for (gsize k = 0; k < G_N_ELEMENTS(rows[i].has) && rows[i].has[k]; k++)
			cr_expect(strstr(text, rows[i].has[k]) != NULL, "%s: no '%s' in\n%s",
				  rows[i].name, rows[i].has[k], text);
		for (gsize k = 0; k < G_N_ELEMENTS(rows[i].lacks) && rows[i].lacks[k]; k++)
			cr_expect(strstr(text, rows[i].lacks[k]) == NULL, "%s: '%s' in\n%s",
				  rows[i].name, rows[i].lacks[k], text);
	}
}

/* Rules are what stands in chains and does not describe the chain itself. */
static bool is_rule(const char *line)
{
	static const char *const others[] = {"type ", "policy ", "flags ", "timeout ",
					     "size ", "chain ",	 "table ", "delete ",
					     "map ",  "set ",	 "}"};

	for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
		if (g_str_has_prefix(line, others[i]))
			return false;
	return *line != '\0';
}

Test(nft, every_rule_counts_and_has_a_name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(plan) p = small_plan(rows[i].router);
		g_auto(GStrv) lines = g_strsplit(ruleset(p, "router"), "\n", -1);

		for (char **line = lines; *line; line++) {
			g_strstrip(*line);
			if (!is_rule(*line))
				continue;
			cr_expect(strstr(*line, "counter ") && strstr(*line, " comment \""),
				  "%s: %s", rows[i].name, *line);
			cr_expect_not(
				g_str_has_prefix(*line, "iif ") || g_str_has_prefix(*line, "oif "),
				"%s: %s: only iifname works from outside", rows[i].name, *line);
		}
	}
}

/* What ARP is to IPv4; without it a policy that drops would cut the node off from IPv6. */
Test(nft, no_firewall_stops_neighbour_discovery)
{
	g_autoptr(model) m =
		scenario_model("topologies/dual-stack.yaml", "dual-stack",
			       "block: {nodes: [home-a], name: all, chain: input, proto: any}");
	g_autoptr(plan) p = plan_build(m);
	const char *text = ruleset(p, "home-a"),
		   *neighbours = strstr(text, "nd-neighbor-advert } counter accept"),
		   *block = strstr(text, "counter drop comment \"all\"");

	cr_expect(neighbours && block && neighbours < block, "%s", text);
}

Test(nft, a_plain_router_has_no_ruleset)
{
	g_autoptr(plan) p = small_plan(NULL);

	for (guint i = 0; i < p->ops->len; i++)
		cr_expect_neq(((const struct op *)p->ops->pdata[i])->kind, OP_NFT,
			      "no ruleset without a reason");
}
