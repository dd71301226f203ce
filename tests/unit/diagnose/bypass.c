/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way around a tunnel: derived where the topology has one, and nowhere else. */
#include "testbed/diagnose/bypass.h"
#include "testbed/diagnose/cause_rules.h"
#include "tests/support/fix_words.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define AROUND                                                                                    \
	"- add-nrpt: {nodes: [branch1, branch2], namespace: .contoso.com, servers: "              \
	"[192.0.2.53]}\n"                                                                         \
	"- allow: {nodes: [branch1, branch2], name: bypass-dns-udp, chain: output, dst: "         \
	"[10.0.1.53], proto: udp, dports: [53]}\n"                                                \
	"- allow: {nodes: [branch1, branch2], name: bypass-dns-tcp, chain: output, dst: "         \
	"[10.0.1.53], proto: tcp, dports: [53]}\n"                                                \
	"- block: {nodes: [branch1, branch2], name: bypass-not-into-tunnel, chain: output, dst: " \
	"[10.0.1.0/24, 172.25.33.0/24]}\n"                                                        \
	"- block: {nodes: [branch1, branch2], name: bypass-not-from-tunnel, chain: input, src: "  \
	"[10.0.1.0/24, 172.25.33.0/24]}\n"
#define AROUND_SOUTH                                                                            \
	"- add-nrpt: {nodes: [south1, south2], namespace: .fabrikam.example, servers: "         \
	"[198.51.100.53]}\n"                                                                    \
	"- allow: {nodes: [south1, south2], name: bypass-dns-udp, chain: output, dst: "         \
	"[10.50.0.2], proto: udp, dports: [53]}\n"                                              \
	"- allow: {nodes: [south1, south2], name: bypass-dns-tcp, chain: output, dst: "         \
	"[10.50.0.2], proto: tcp, dports: [53]}\n"                                              \
	"- block: {nodes: [south1, south2], name: bypass-not-into-tunnel, chain: output, dst: " \
	"[10.50.0.0/24, 172.30.5.0/24, 10.61.0.0/24]}\n"                                        \
	"- block: {nodes: [south1, south2], name: bypass-not-from-tunnel, chain: input, src: "  \
	"[10.50.0.0/24, 172.30.5.0/24, 10.61.0.0/24]}\n"

static const struct bypass_case {
	const char *name, *file, *scenario, *changes, *end, *relay;
	const char *change; /* NULL: there is no way around */
} cases[] = {
	{"the branch of a company", COMPANY, "missing-route", NULL, "branch1", "172.25.33.10",
	 AROUND},
	{"an Edge that lets the answer leak", COMPANY, "missing-route",
	 "set-host-model: {node: edge, host_model: weak}", "branch1", "172.25.33.10", AROUND},
	{"another company", "topologies/two-branches.yaml", "broken", NULL, "south1", "172.30.5.9",
	 AROUND_SOUTH},
	{"nobody outside says where to sign in", COMPANY, "missing-route",
	 "remove-record: {node: dns-pub, name: _sip._tls.contoso.com}", "branch1", "172.25.33.10",
	 NULL},
	{"no media to the Internet from here", COMPANY, "missing-route",
	 "block: {node: branch-gw, name: no-stun, chain: forward, out: wan, proto: udp, dports: "
	 "3478}",
	 "branch1", "172.25.33.10", NULL},
	{"it is done already", COMPANY, "missing-route",
	 "add-nrpt: {node: branch2, namespace: .contoso.com, servers: [192.0.2.53]}", "branch1",
	 "172.25.33.10", NULL},
	{"everything goes through the tunnel", "topologies/force-tunnel.yaml", "without-route",
	 NULL, "branch1", "172.16.5.10", NULL},
	{"no tunnel is in the way", COMPANY, "missing-route",
	 "remove-route: {node: edge, to: 10.0.1.0/24}", "dc1", "172.25.33.10", NULL},
};

/* What the walk of the end to its relay shows. */
static finding *lost_leg(const model *m, const netstate *state, const struct bypass_case *c)
{
	g_autoptr(GPtrArray) heard = g_ptr_array_new();
	g_autoptr(knet) net = knet_new(m, state);
	const struct evidence e = {
		.model = m, .heard = heard, .state = state, .net = net, .walk = walk_both};
	finding *f = finding_new(NULL);

	cr_assert(cause_walk_to(&e, f, c->end, "its relay", c->relay, PROTO_UDP, 3478), "%s",
		  c->name);
	return f;
}

Test(bypass, is_derived_from_the_topology)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct bypass_case *c = &cases[i];
		g_autoptr(model) m = scenario_model(c->file, c->scenario, c->changes);
		g_autoptr(netstate) state = planned_state(m);
		g_autoptr(finding) f = lost_leg(m, state, c);
		g_autoptr(fix) x = bypass_derive(m, state, f);

		cr_expect_str_eq(fix_words(x), c->change ? c->change : "none", "%s: %s", c->name,
				 fix_words(x));
		cr_expect_eq(x ? x->commands->len : 0, c->change ? 4 : 0, "%s", c->name);
	}
}

Test(bypass, is_written_for_windows)
{
	static const char *const commands[] = {
		"Add-DnsClientNrptRule -Namespace \".contoso.com\" -NameServers \"192.0.2.53\"",
		"New-NetFirewallRule -DisplayName \"bypass-not-into-tunnel-TCP\" -Direction "
		"Outbound -Action Block -Protocol TCP "
		"-RemotePort 0-52,54-65535 -RemoteAddress 10.0.1.0/24,172.25.33.0/24",
		"New-NetFirewallRule -DisplayName \"bypass-not-into-tunnel-UDP\" -Direction "
		"Outbound -Action Block -Protocol UDP "
		"-RemotePort 0-52,54-65535 -RemoteAddress 10.0.1.0/24,172.25.33.0/24",
		"New-NetFirewallRule -DisplayName \"bypass-not-from-tunnel\" -Direction Inbound "
		"-Action Block "
		"-RemoteAddress 10.0.1.0/24,172.25.33.0/24",
	};
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);
	g_autoptr(netstate) state = planned_state(m);
	g_autoptr(finding) f = lost_leg(m, state, &cases[0]);
	g_autoptr(fix) x = bypass_derive(m, state, f);

	cr_assert_not_null(x);
	cr_assert_eq(x->commands->len, G_N_ELEMENTS(commands));
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		cr_expect_str_eq(((const struct fix_command *)x->commands->pdata[i])->text,
				 commands[i]);
}

Test(bypass, is_for_an_edge_without_a_route_only)
{
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);
	g_autoptr(netstate) state = planned_state(m);
	g_autoptr(finding) f = lost_leg(m, state, &cases[0]);

	f->code = CAUSE_FW_DROP;
	cr_assert_null(bypass_derive(m, state, f));
}
