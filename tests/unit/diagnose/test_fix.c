/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fixes: the smallest change, what it says to an administrator, and the network that it fits. */
#include "testbed/diagnose/cause.h"
#include "testbed/diagnose/fix.h"
#include "testbed/diagnose/fix_route_lab.h"
#include "tests/support/fix_words.h"
#include "tests/support/subjects.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

#define COMPANY "tests/data/topologies/company.yaml"

static const struct fix_case {
	enum cause_code code;
	const char *node;
	enum subject_kind kind;
	const char *object, *prefix, *iface;
	const char *change; /* NULL: none */
	guint commands;
} fixes[] = {
	{CAUSE_RETURN_WRONG_EGRESS, "edge", SUBJECT_ROUTE, "10.20.0.0/24", "10.20.0.0/24", "int",
	 "- add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int, persistent: "
	 "true}\n",
	 5},
	{CAUSE_NO_ROUTE, "core", SUBJECT_ROUTE, "10.20.0.0/24", "10.20.0.0/24", NULL,
	 "- remove-route: {node: core, to: 10.20.0.0/24}\n"
	 "- add-route: {node: core, to: 10.20.0.0/24, via: 10.255.0.2, dev: vpn0, persistent: "
	 "true}\n",
	 1}, /* it was lost */
	{CAUSE_NO_ROUTE, "dc1", SUBJECT_ROUTE, "0.0.0.0/0", "0.0.0.0/0", NULL,
	 "- remove-route: {node: dc1, to: default}\n"
	 "- add-route: {node: dc1, to: default, via: 10.0.1.1, dev: lan, persistent: true}\n",
	 1},
	{CAUSE_NAT_MAPPING_CHANGED, "nat1", SUBJECT_NAT, "home-nat", NULL, NULL, NULL,
	 0}, /* it has that */
	{CAUSE_HAIRPIN_UNSUPPORTED, "nat1", SUBJECT_NAT, "home-nat", NULL, NULL,
	 "- set-nat: {node: nat1, nat: home-nat, hairpin: true}\n", 0},
	{CAUSE_NAT_FILTERED, "nat1", SUBJECT_NONE, NULL, NULL, NULL, NULL, 0},
	{CAUSE_RPF_DROP, "edge", SUBJECT_IFACE, "int", NULL, NULL, NULL,
	 0}, /* the model does not ask for it */
	/* what is up in the model was set down by hand */
	{CAUSE_VPN_DOWN, "core", SUBJECT_TUNNEL, "site-to-site", NULL, NULL,
	 "- reboot: {node: core}\n", 2},
	{CAUSE_LINK_DOWN, "edge", SUBJECT_IFACE, "int", NULL, NULL, "- reboot: {node: edge}\n", 5},
	{CAUSE_VPN_DOWN, "edge", SUBJECT_TUNNEL, "site-to-site", NULL, NULL, NULL, 0},
	{CAUSE_RETURN_WRONG_EGRESS, "edge", SUBJECT_ROUTE, "10.99.0.0/24", "10.99.0.0/24", "int",
	 NULL, 0},
	{CAUSE_NO_ROUTE, "nobody", SUBJECT_ROUTE, "10.20.0.0/24", "10.20.0.0/24", NULL, NULL, 0},
	{CAUSE_TLS_UNTRUSTED, "home1", SUBJECT_NONE, NULL, NULL, NULL, NULL, 0},
	{CAUSE_HAIRPIN_UNSUPPORTED, "nat1", SUBJECT_NAT, "home-nat", NULL, NULL,
	 "- set-nat: {node: nat1, nat: home-nat, hairpin: true}\n", 0},
	{CAUSE_NAT_MAPPING_CHANGED, "nat1", SUBJECT_NAT, "home-nat", NULL, NULL, NULL,
	 0}, /* it keeps its mapping */
};

Test(fix, is_the_smallest_change)
{
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);

	for (guint i = 0; i < G_N_ELEMENTS(fixes); i++) {
		const struct fix_case *c = &fixes[i];
		finding f = {.code = c->code};
		g_autoptr(fix) x = NULL;
		g_autofree char *node = g_strdup(c->node), *iface = g_strdup(c->iface);

		f.node = node;
		f.subject = subject_find(m, c->node, c->kind, c->object);
		f.iface = iface;
		cr_assert(!c->prefix || prefix_parse(c->prefix, &f.prefix));
		x = fix_derive(m, &f);
		cr_assert_str_eq(fix_words(x), c->change ? c->change : "none", "case %u", i);
		cr_assert_eq(x ? x->commands->len : 0, c->commands, "case %u: %u", i,
			     x ? x->commands->len : 0);
		subject_clear(&f.subject);
	}
}

/* What a NAT answers for is on nobody's network: the route leads to the NAT, and to all that it
 * answers for. */
#define UPLINKS "tests/data/topologies/uplinks.yaml"

static void expect_fix(const model *m, const finding *f, const char *change,
		       const char *const *commands)
{
	g_autoptr(fix) x = fix_derive(m, f);

	cr_assert_not_null(x);
	cr_expect_str_eq(fix_words(x), change, "%s", fix_words(x));
	for (guint i = 0; commands[i]; i++) {
		const struct fix_command *c;

		cr_assert_lt(i, x->commands->len, "no '%s'", commands[i]);
		c = x->commands->pdata[i];
		cr_expect_str_eq(c->text, commands[i], "%s", c->text);
	}
}

/* The office needs the default route by which answers of the DMZ stray: they get a table. */
Test(fix, gives_answers_a_table_of_their_own_where_others_need_the_route)
{
	static const char *const commands[] = {
		"ip rule add from 192.168.200.0/24 iif dmz lookup 100",
		"ip route add default via 198.51.100.1 dev wan1 table 100",
		"ip route add 10.0.1.0/24 dev lan table 100", NULL};
	g_autoptr(model) m = scenario_model(UPLINKS, "answers-stray", NULL);
	finding *f = finding_new(NULL);

	f->code = CAUSE_RETURN_WRONG_EGRESS;
	f->node = g_strdup("gw");
	f->turning.node = g_strdup("gw");
	f->turning.iface = g_strdup("wan1");
	f->turning.in = g_strdup("dmz");
	f->turning.out = g_strdup("wan2");
	cr_assert(addr_parse("198.51.100.1", &f->turning.via) &&
		  addr_parse("198.51.100.14", &f->flow.dst) &&
		  prefix_parse("192.168.200.0/24", &f->turning.from) &&
		  prefix_parse("198.51.100.12/30", &f->prefix));
	expect_fix(
		m, f,
		"- add-policy-rule: {node: gw, from: 192.168.200.0/24, in: dmz, table: 100}\n"
		"- add-route: {node: gw, to: default, via: 198.51.100.1, dev: wan1, table: 100, "
		"persistent: true}\n"
		"- add-route: {node: gw, to: 10.0.1.0/24, dev: lan, table: 100, persistent: "
		"true}\n"
		"- add-route: {node: gw, to: 172.16.5.0/24, dev: perim, table: 100, persistent: "
		"true}\n"
		"- add-route: {node: gw, to: 192.168.200.0/24, dev: dmz, table: 100, persistent: "
		"true}\n",
		commands);
	finding_free(f);
}

/* Of two routes to one destination; a strong host's is also written for Windows. */
Test(fix, the_preferred_route_gets_the_highest_metric)
{
	static const char *const commands[] = {
		"ip route del default via 10.0.1.1 dev eth0 metric 25",
		"ip route del default via 10.0.1.1 dev eth0 metric 25 table 100",
		"ip route add default via 10.0.1.1 dev eth0 metric 60",
		"ip route add default via 10.0.1.1 dev eth0 metric 60 table 100",
		"route add -p 0.0.0.0 mask 0.0.0.0 10.0.1.1 metric 60",
		"netsh interface ipv4 add route 0.0.0.0/0 \"eth0\" 10.0.1.1 metric=60 "
		"store=persistent",
		"New-NetRoute -DestinationPrefix \"0.0.0.0/0\" -InterfaceAlias \"eth0\" -NextHop "
		"10.0.1.1 -RouteMetric 60",
		NULL};
	g_autoptr(model) m = scenario_model(
		UPLINKS, "answers-stray",
		"[{set-host-model: {node: hq1, host_model: strong}}, {remove-route: {node: hq1, "
		"to: default, metric: 25}}, {add-route: {node: hq1, to: default, via: 10.0.1.1, "
		"dev: eth0, metric: 25}}]");
	const struct node *n = model_node(m, "hq1");
	finding *f = finding_new(NULL);

	f->code = CAUSE_WRONG_METRIC;
	f->node = g_strdup("hq1");
	f->subject = subject_declared_route(n->routes->pdata[n->routes->len - 1]);
	expect_fix(m, f,
		   "- remove-route: {node: hq1, to: default, metric: 25}\n"
		   "- add-route: {node: hq1, to: default, via: 10.0.1.1, dev: eth0, metric: 60, "
		   "persistent: true}\n",
		   commands);
	finding_free(f);
}

/* A tunnel takes the routes of both ends with it. */
Test(fix, puts_a_tunnel_up_at_both_ends_with_its_routes)
{
	static const char *const commands[] = {"ip link set dev vpn0 up",
					       "ip route replace 10.20.0.0/24 via 10.255.0.2",
					       "ip link set dev vpn0 up",
					       "ip route replace 10.0.1.0/24 via 10.255.0.1",
					       "ip route replace 172.25.33.0/24 via 10.255.0.1",
					       NULL};
	g_autoptr(model) m = scenario_model(COMPANY, "persistent-route",
					    "[{tunnel-down: {tunnel: site-to-site}}]");
	finding *f = finding_new(NULL);

	f->code = CAUSE_VPN_DOWN;
	f->node = g_strdup("branch-gw");
	f->subject = subject_find(m, "branch-gw", SUBJECT_TUNNEL, "site-to-site");
	expect_fix(m, f, "- tunnel-up: {tunnel: site-to-site}\n", commands);
	finding_free(f);
}

Test(fix, leads_to_the_nat_that_has_the_address)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("topologies/two-branches.yaml", d);
	g_autoptr(model) m =
		model_instantiate_with(base, model_scenario(base, "fixed"), "test",
				       "- remove-route: {node: backbone, to: 203.0.113.128/28}\n",
				       d);
	char node[] = "backbone";
	finding f = {.code = CAUSE_NO_ROUTE, .node = node};
	g_autoptr(fix) x = NULL;

	prefix_parse("203.0.113.131/32", &f.prefix);
	cr_assert_not_null(m);
	x = fix_derive(m, &f);
	cr_assert_str_eq(fix_words(x),
			 "- add-route: {node: backbone, to: 203.0.113.131/32, via: 192.0.2.6, dev: "
			 "perimeter, persistent: true}\n"
			 "- add-route: {node: backbone, to: 203.0.113.130/32, via: 192.0.2.6, dev: "
			 "perimeter, persistent: true}\n"
			 "- add-route: {node: backbone, to: 203.0.113.132/32, via: 192.0.2.6, dev: "
			 "perimeter, persistent: true}\n"
			 "- add-route: {node: backbone, to: 203.0.113.133/32, via: 192.0.2.6, dev: "
			 "perimeter, persistent: true}\n");
	cr_expect_eq(x->commands->len, 4);
}

Test(fix, is_written_for_lab_and_windows_and_can_be_applied)
{
	static const struct {
		enum fix_place place;
		const char *text, *undo;
	} commands[] = {
		{FIX_IN_LAB, "ip route add 10.20.0.0/24 via 172.25.33.1 dev int",
		 "ip route del 10.20.0.0/24 via 172.25.33.1 dev int"},
		{FIX_IN_LAB, "ip route add 10.20.0.0/24 via 172.25.33.1 dev int table 100",
		 "ip route del 10.20.0.0/24 via 172.25.33.1 dev int table 100"},
		{FIX_ON_WINDOWS, "route add -p 10.20.0.0 mask 255.255.255.0 172.25.33.1", ""},
		{FIX_ON_WINDOWS,
		 "netsh interface ipv4 add route 10.20.0.0/24 \"int\" 172.25.33.1 "
		 "store=persistent",
		 ""},
		{FIX_ON_WINDOWS,
		 "New-NetRoute -DestinationPrefix \"10.20.0.0/24\" -InterfaceAlias \"int\" "
		 "-NextHop 172.25.33.1",
		 ""},
	};
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load(COMPANY, d);
	g_autoptr(model) m = model_instantiate(base, model_scenario(base, "missing-route"), d);
	g_autoptr(model) mended = NULL;
	char node[] = "edge", interface[] = "int";
	finding f = {.code = CAUSE_RETURN_WRONG_EGRESS, .node = node, .iface = interface};
	g_autoptr(fix) x = NULL;

	prefix_parse("10.20.0.0/24", &f.prefix);
	x = fix_derive(m, &f);
	cr_assert_not_null(x);
	cr_assert_eq(x->commands->len, G_N_ELEMENTS(commands));
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
		const struct fix_command *c = x->commands->pdata[i];

		cr_expect_eq(c->place, commands[i].place);
		cr_expect_str_eq(c->text, commands[i].text);
		cr_expect_str_eq(c->undo ? c->undo : "", commands[i].undo);
	}
	mended = model_instantiate_with(base, model_scenario(base, "missing-route"), "the fix",
					fix_words(x), d);
	cr_assert_not_null(mended);
	cr_assert_eq(model_node(mended, "edge")->routes->len,
		     model_node(m, "edge")->routes->len + 1);
}

/* Fixes for packets on their way, each applied to the network it was derived from. */
static const struct flow_case {
	enum cause_code code;
	const char *changes; /* that make the fault */
	const char *node;
	enum subject_kind kind;
	const char *object;
	const char *src, *dst;
	enum ip_proto proto;
	uint16_t sport, dport;
	const char *fix;
} flows[] = {
	{CAUSE_FW_DROP,
	 "block: {node: core, name: no-stun, chain: forward, proto: udp, dports: [3478]}", "core",
	 SUBJECT_RULE, "no-stun", "10.0.1.101", "172.25.33.10", PROTO_UDP, 49152, 3478,
	 "- allow: {node: core, name: not-no-stun, chain: forward, src: [10.0.1.101], dst: "
	 "[172.25.33.10], proto: udp, dports: [3478]}\n"},
	{CAUSE_FW_DROP, "block: {node: edge, name: mute, chain: output, proto: udp}", "edge",
	 SUBJECT_RULE, "mute", "203.0.113.20", "198.51.100.14", PROTO_UDP, 3478, 49152,
	 "- allow: {node: edge, name: not-mute, chain: output, src: [203.0.113.20], dst: "
	 "[198.51.100.14], proto: udp, sports: [3478]}\n"},
	{CAUSE_FW_DROP, "block: {node: dc1, name: no-udp, chain: input, proto: udp}", "dc1",
	 SUBJECT_RULE, "no-udp", "10.0.1.102", "10.0.1.101", PROTO_UDP, 50000, 51000,
	 "- allow: {node: dc1, name: not-no-udp, chain: input, src: [10.0.1.102], dst: "
	 "[10.0.1.101], proto: udp, dports: [1024-65535]}\n"},
	/* both ends begin, and this rule stops both */
	{CAUSE_FW_DROP, "block: {node: core, name: no-udp, chain: forward, proto: udp}", "core",
	 SUBJECT_RULE, "no-udp", "10.0.1.101", "10.20.0.101", PROTO_UDP, 49152, 49152,
	 "- allow: {node: core, name: not-no-udp, chain: forward, src: [10.0.1.101], dst: "
	 "[10.20.0.101], proto: udp, dports: [1024-65535]}\n"
	 "- allow: {node: core, name: not-no-udp-back, chain: forward, src: [10.20.0.101], dst: "
	 "[10.0.1.101], proto: udp, dports: [1024-65535]}\n"},
	{CAUSE_FW_DROP, "remove-rule: {node: dmz-fw, rule: access-sip}", "dmz-fw", SUBJECT_POLICY,
	 "forward", "198.51.100.14", "203.0.113.10", PROTO_TCP, 49152, 443,
	 "- allow: {node: dmz-fw, name: not-forward-policy, chain: forward, src: [198.51.100.14], "
	 "dst: [203.0.113.10], proto: tcp, "
	 "dports: [443]}\n"},
	{CAUSE_RPF_DROP, "set-sysctl: {node: edge, key: net.ipv4.conf.all.rp_filter, value: '1'}",
	 "edge", SUBJECT_IFACE, "int", NULL, NULL, PROTO_UDP, 0, 0,
	 "- set-sysctl: {node: edge, key: net.ipv4.conf.all.rp_filter, value: \"0\"}\n"},
	{CAUSE_NO_FORWARDING, "set-sysctl: {node: core, key: net.ipv4.ip_forward, value: '0'}",
	 "core", SUBJECT_IFACE, "lan", NULL, NULL, PROTO_UDP, 0, 0,
	 "- set-sysctl: {node: core, key: net.ipv4.ip_forward, value: \"1\"}\n"},
	{CAUSE_NO_FORWARDING, "add-route: {node: dc1, to: 172.25.33.0/24, via: 10.0.1.102}", "dc1",
	 SUBJECT_ROUTE, "172.25.33.0/24", "10.0.1.101", "172.25.33.10", PROTO_UDP, 49152, 3478,
	 "- remove-route: {node: dc1, to: 172.25.33.0/24}\n"
	 "- add-route: {node: dc1, to: 172.25.33.0/24, via: 10.0.1.1, dev: lan, persistent: "
	 "true}\n"},
	{CAUSE_NEXT_HOP_DEAD, "add-route: {node: branch-gw, to: 10.0.1.10/32, via: 10.20.0.250}",
	 "branch-gw", SUBJECT_ADDRESS, "10.20.0.250", "10.20.0.101", "10.0.1.10", PROTO_TCP, 49152,
	 5061,
	 "- remove-route: {node: branch-gw, to: 10.0.1.10/32}\n"
	 "- add-route: {node: branch-gw, to: 10.0.1.10/32, via: 10.255.0.1, dev: vpn0, persistent: "
	 "true}\n"},
	{CAUSE_NEXT_HOP_DEAD,
	 "remove-route: {node: edge, to: default}\n"
	 "- add-route: {node: edge, to: default, via: 203.0.113.9}",
	 "edge", SUBJECT_ADDRESS, "203.0.113.9", "203.0.113.10", "198.51.100.14", PROTO_TCP, 443,
	 49152,
	 "- remove-route: {node: edge, to: default}\n"
	 "- add-route: {node: edge, to: default, via: 203.0.113.1, dev: ext, persistent: true}\n"},
	{CAUSE_ROUTE_LOOP, "add-route: {node: internet, to: 203.0.113.10/32, via: 198.51.100.2}",
	 "internet", SUBJECT_ROUTE, "203.0.113.10/32", "198.51.100.14", "203.0.113.10", PROTO_TCP,
	 49152, 443,
	 "- remove-route: {node: internet, to: 203.0.113.10/32}\n"
	 "- add-route: {node: internet, to: 203.0.113.10/32, via: 198.51.100.6, dev: dmz, "
	 "persistent: true}\n"},
	{CAUSE_NULL_ROUTE, "add-route: {node: edge, to: 10.20.0.96/27, type: blackhole}", "edge",
	 SUBJECT_ROUTE, "10.20.0.96/27", "172.25.33.10", "10.20.0.101", PROTO_UDP, 3478, 49152,
	 "- remove-route: {node: edge, to: 10.20.0.96/27}\n"},
	{CAUSE_NULL_ROUTE, "add-route: {node: edge, to: 10.77.0.0/24, type: prohibit}", "edge",
	 SUBJECT_ROUTE, "10.77.0.0/24", "172.25.33.10", "10.77.0.1", PROTO_UDP, 3478, 49152,
	 "- remove-route: {node: edge, to: 10.77.0.0/24}\n"}, /* its way is not known */
	{CAUSE_MTU_BLACKHOLE, "set-mtu: {node: core, interface: lan, mtu: 1000B}", "core",
	 SUBJECT_IFACE, "lan", NULL, NULL, PROTO_UDP, 0, 0,
	 "- set-mtu: {node: core, interface: lan, mtu: 1500B}\n"},
	{CAUSE_LINK_DOWN, "link-down: {node: edge, interface: int}", "edge", SUBJECT_IFACE, "int",
	 NULL, NULL, PROTO_UDP, 0, 0, "- link-up: {node: edge, interface: int}\n"},
	{CAUSE_VPN_DOWN, "tunnel-down: {tunnel: site-to-site}", "branch-gw", SUBJECT_TUNNEL,
	 "site-to-site", NULL, NULL, PROTO_UDP, 0, 0, "- tunnel-up: {tunnel: site-to-site}\n"},
	{CAUSE_VPN_PREFIX_MISSING,
	 "remove-prefix: {tunnel: site-to-site, node: core, prefix: 172.25.33.0/24}", "branch-gw",
	 SUBJECT_TUNNEL, "site-to-site", "10.20.0.101", "172.25.33.10", PROTO_UDP, 49152, 3478,
	 "- add-prefix: {tunnel: site-to-site, node: core, prefix: 172.25.33.0/24}\n"},
};

Test(fix, fits_the_network_it_was_derived_from)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load(COMPANY, d);
	const struct scenario *sc = model_scenario(base, "persistent-route");

	for (guint i = 0; i < G_N_ELEMENTS(flows); i++) {
		const struct flow_case *c = &flows[i];
		g_autofree char *fault = g_strdup_printf("- %s\n", c->changes), *both = NULL;
		g_autoptr(model) m = model_instantiate_with(base, sc, "the fault", fault, d),
				 mended = NULL;
		g_autofree char *node = g_strdup(c->node), *text = diags_to_text(d);
		finding f = {.code = c->code, .node = node};
		g_autoptr(fix) x = NULL;

		cr_assert_not_null(m, "case %u: %s", i, text);
		f.subject = subject_find(m, c->node, c->kind, c->object);
		f.flow = (struct flow){.proto = c->proto, .sport = c->sport, .dport = c->dport};
		cr_assert(!c->src ||
			  (addr_parse(c->src, &f.flow.src) && addr_parse(c->dst, &f.flow.dst)));
		x = fix_derive(m, &f);
		cr_assert_str_eq(fix_words(x), c->fix, "case %u: %s", i, fix_words(x));
		cr_assert_gt(x->commands->len, 0, "case %u has no commands", i);
		both = g_strconcat(fault, fix_words(x), NULL);
		mended = model_instantiate_with(base, sc, "both", both, d);
		cr_assert_not_null(mended, "case %u does not fit", i);
		subject_clear(&f.subject);
	}
}

/* A route in place of another one, and what brings the other one back: the kernel may take both for
 * one, which then is only to be removed. */
Test(fix, is_taken_back_in_the_lab)
{
	static const struct {
		const char *old, *wanted; /* gateways */
		unsigned metric;	  /* of the wanted one */
		const char *dev, *undo;
	} undos[] = {
		{"10.0.1.1", "10.0.1.1", 0, "lan", "ip route del default via 10.0.1.1 dev lan"},
		{"10.0.1.1", "10.0.1.10", 0, NULL,
		 "ip route replace default via 10.0.1.1 proto static"},
		{"10.0.1.10", "10.0.1.1", 0, NULL,
		 "ip route replace default via 10.0.1.10 proto static"},
		{"10.0.1.1", "10.0.1.1", 20, NULL,
		 "ip route replace default via 10.0.1.1 proto static"},
	};
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);

	for (guint i = 0; i < G_N_ELEMENTS(undos); i++) {
		g_autofree char *dev = g_strdup(undos[i].dev);
		struct route old = {.to = {.addr.family = AF_INET}, .table = ROUTE_TABLE_MAIN},
			     wanted = {.to = {.addr.family = AF_INET},
				       .table = ROUTE_TABLE_MAIN,
				       .dev = dev,
				       .metric = undos[i].metric};
		g_autoptr(fix) x = fix_new();
		const struct fix_command *c;

		cr_assert(addr_parse(undos[i].old, &old.via) &&
			  addr_parse(undos[i].wanted, &wanted.via));
		fix_replace_in_lab(x, model_node(m, "dc1"), &old, &wanted);
		cr_assert_eq(x->commands->len, 1);
		c = x->commands->pdata[0];
		cr_expect_str_eq(c->undo, undos[i].undo, "case %u: %s", i, c->undo);
	}
}
