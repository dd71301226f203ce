/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Causes in whole networks that a change has broken, with the walks of their planned state and what
 * the ends report.  Each row is a kind that random changes (tests/mutation) found blamed on
 * something else. */
#include "testbed/diagnose/cause.h"
#include "testbed/diagnose/fix.h"
#include "tests/support/fix_words.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define DUAL "topologies/dual-stack.yaml"
#define ONE "tests/data/topologies/one-address-forwarded.yaml"

#define SIGNED_IN(relay)                                                                          \
	"{\"event\": \"signed-in\", \"relay\": {\"address\": \"" relay "\", \"udp_port\": 3478, " \
	"\"tcp_port\": 443}}"
#define BOTH_RELAYS                                                                           \
	"{\"event\": \"signed-in\", \"relay\": {\"address\": \"203.0.113.3\", \"address6\": " \
	"\"2001:db8:d::3\", "                                                                 \
	"\"udp_port\": 3478, \"tcp_port\": 443}}"
#define FAILED(stage)                                                                        \
	"{\"event\": \"sign-in-failed\", \"stage\": \"" stage "\", \"code\": \"internal\", " \
	"\"reason\": \"W\"}"
#define TRIED(name, address, port)                                       \
	"{\"event\": \"connect-failed\", \"server\": {\"name\": \"" name \
	"\", \"address\": \"" address "\", \"port\": " port              \
	"}, \"code\": \"connection-timed-out\", \"reason\": \"W\"}"
#define ASKED(type, name, answer, code)                                   \
	"{\"event\": \"dns\", \"query\": \"" name "\", \"type\": \"" type \
	"\", \"answer\": [" answer "], \"code\": " code ", \"error\": " code "}"
#define RELAY_AT(address)                                                                     \
	"{\"event\": \"candidate\", \"side\": \"remote\", \"type\": \"relay\", \"address\": " \
	"\"" address "\", \"port\": 50000}"

struct row {
	const char *name, *file, *scenario, *changes, *a, *b;
	enum verdict verdict; /* a call that passes does so over another path than is expected */
	struct {
		const char *agent, *event;
	} heard[5];
	enum cause_code code;
	const char *node, *object;
	const char *fix; /* NULL: it is not looked at */
};

static const struct row rows[] = {
	{"a rule leads a client inside to the relay's outside, which a firewall keeps it from",
	 COMPANY,
	 "persistent-route",
	 "add-nrpt: {node: dc1, namespace: .contoso.com, servers: [192.0.2.53]}",
	 "dc1",
	 "home1",
	 VERDICT_PASS,
	 {{"dc1", SIGNED_IN("203.0.113.20")}, {"home1", SIGNED_IN("203.0.113.20")}},
	 CAUSE_DNS_WRONG_VIEW,
	 "dc1",
	 ".contoso.com",
	 NULL},
	{"the same, and the call fails",
	 COMPANY,
	 "persistent-route",
	 "set-resolvers: {node: dc1, servers: [192.0.2.53]}",
	 "dc1",
	 "home1",
	 VERDICT_FAIL,
	 {{"dc1", SIGNED_IN("203.0.113.20")}, {"home1", SIGNED_IN("203.0.113.20")}},
	 CAUSE_DNS_WRONG_VIEW,
	 "dc1",
	 "192.0.2.53",
	 NULL},
	{"a NAT shows a client by an address that nobody knows",
	 COMPANY,
	 "persistent-route",
	 "add-nat: {node: core, name: odd, static: {inside: 10.20.0.101, outside: 10.77.0.9}, out: "
	 "perim}",
	 "branch1",
	 "home1",
	 VERDICT_FAIL,
	 {{"branch1", SIGNED_IN("172.25.33.10")}, {"home1", SIGNED_IN("203.0.113.20")}},
	 CAUSE_NAT_UNWANTED,
	 "core",
	 "odd",
	 "- remove-nat: {node: core, nat: odd}\n"},
	{"and that the tunnel does not carry",
	 COMPANY,
	 "persistent-route",
	 "add-nat: {node: branch-gw, name: odd, static: {inside: 10.20.0.101, outside: 10.77.0.9}, "
	 "out: vpn0}",
	 "branch1",
	 "home1",
	 VERDICT_FAIL,
	 {{"branch1", SIGNED_IN("172.25.33.10")}, {"home1", SIGNED_IN("203.0.113.20")}},
	 CAUSE_NAT_UNWANTED,
	 "branch-gw",
	 "odd",
	 "- remove-nat: {node: branch-gw, nat: odd}\n"},
	{"one of those that go around the tunnel asks inside",
	 COMPANY,
	 "vpn-bypass",
	 "[{remove-nrpt: {node: branch1, namespace: .contoso.com}}]",
	 "branch1",
	 "home1",
	 VERDICT_FAIL,
	 {{"branch1", SIGNED_IN("172.25.33.10")}, {"home1", SIGNED_IN("203.0.113.20")}},
	 CAUSE_DNS_WRONG_VIEW,
	 "branch1",
	 "10.0.1.53",
	 NULL},
	{"all go around the tunnel, and a firewall keeps them from the relay",
	 COMPANY,
	 "vpn-bypass",
	 "block: {node: branch-gw, name: no-relay, chain: forward, dst: [203.0.113.20]}",
	 "branch1",
	 "home1",
	 VERDICT_FAIL,
	 {{"branch1", SIGNED_IN("203.0.113.20")}, {"home1", SIGNED_IN("203.0.113.20")}},
	 CAUSE_FW_DROP,
	 "branch-gw",
	 "no-relay",
	 NULL},
	{"a rule names a server of a family that the client has no way for",
	 DUAL,
	 "ipv6-only",
	 "add-nrpt: {node: home-b, namespace: .example.com, servers: [192.0.2.53]}",
	 "pc1",
	 "home-b",
	 VERDICT_FAIL,
	 {{"home-b", ASKED("A", "sip.example.com", "", "\"dns-refused\"")},
	  {"home-b", FAILED("dns")}},
	 CAUSE_DNS_WRONG_VIEW,
	 "home-b",
	 ".example.com",
	 NULL},
	{"a client inside that looks only by the web, in the view outside, whose proxy it can't "
	 "reach",
	 "topologies/lync.yaml",
	 "persistent-route",
	 "- remove-node: {node: branch2}\n"
	 "- set-discovery: {node: branch1, discovery: web}\n"
	 "- set-resolvers: {node: branch1, servers: [192.0.2.53]}\n"
	 "- block: {node: branch-gw, name: not-there, chain: forward, dst: [203.0.113.12], proto: "
	 "tcp}",
	 "branch1",
	 "home1",
	 VERDICT_FAIL,
	 {{"branch1", TRIED("lyncdiscover.contoso.com", "203.0.113.12", "443")},
	  {"branch1", FAILED("web")}},
	 CAUSE_DNS_WRONG_VIEW,
	 "branch1",
	 "192.0.2.53",
	 NULL},
	{"a client's lost way by one family goes before the provider's rule against the other",
	 DUAL,
	 "blocked",
	 "remove-route: {node: home-b, to: \"0.0.0.0/0\"}",
	 "pc1",
	 "home-b",
	 VERDICT_FAIL,
	 {{"home-b", ASKED("A", "sip.example.com", "", "\"dns-timed-out\"")},
	  {"home-b", FAILED("dns")}},
	 CAUSE_NO_ROUTE,
	 "home-b",
	 "default",
	 NULL},
	{"a default route that discards, where the name server is behind a private line",
	 "topologies/two-data-centers.yaml",
	 "as-it-is",
	 "[{remove-route: {node: east1, to: default}}, {add-route: {node: east1, to: default, "
	 "type: "
	 "blackhole}}]",
	 "hq1",
	 "east1",
	 VERDICT_FAIL,
	 {{"east1", ASKED("A", "fe.twodc.example", "", "\"dns-timed-out\"")},
	  {"east1", FAILED("dns")}},
	 CAUSE_NULL_ROUTE,
	 "east1",
	 "default",
	 NULL},
	{"of two rules that cover the name the longer counts",
	 COMPANY,
	 "persistent-route",
	 "[{add-nrpt: {node: dc1, namespace: .contoso.com, servers: [10.0.1.53]}}, {add-nrpt: "
	 "{node: "
	 "dc1, namespace: .pool.contoso.com, servers: [192.0.2.53]}}, {block: {node: core, name: "
	 "no-dns, chain: forward, src: [10.0.1.101], proto: udp, dports: [53]}}]",
	 "dc1",
	 "home1",
	 VERDICT_FAIL,
	 {{"dc1", ASKED("A", "fe.pool.contoso.com", "", "\"dns-timed-out\"")},
	  {"dc1", FAILED("dns")}},
	 CAUSE_FW_DROP,
	 "core",
	 "no-dns",
	 NULL},
	{"a name server that asks another one, which is silent",
	 "topologies/hotel-wifi.yaml",
	 "as-it-is",
	 "block: {node: internet, name: no-dns, chain: forward, proto: udp, dports: [53]}",
	 "hq1",
	 "airport1",
	 VERDICT_FAIL,
	 {{"airport1", ASKED("A", "sip.traveller.example", "", "\"dns-timed-out\"")},
	  {"airport1", FAILED("dns")}},
	 CAUSE_FW_DROP,
	 "internet",
	 "no-dns",
	 NULL},
	{"a default route to a host that is no router",
	 COMPANY,
	 "persistent-route",
	 "[{remove-route: {node: dc1, to: default}}, {add-route: {node: dc1, to: default, via: "
	 "10.0.1.10}}]",
	 "dc1",
	 "home1",
	 VERDICT_FAIL,
	 {{"dc1", SIGNED_IN("172.25.33.10")}, {"home1", SIGNED_IN("203.0.113.20")}},
	 CAUSE_NO_FORWARDING,
	 "dc1",
	 "default",
	 NULL},
	{"a rule leads the only client of a site outside, where a firewall keeps it from the "
	 "server",
	 "topologies/two-data-centers.yaml",
	 "as-it-is",
	 "[{add-nrpt: {node: hq1, namespace: .twodc.example, servers: [192.0.2.53]}}, "
	 "{remove-rule: "
	 "{node: core, rule: web-out}}]",
	 "hq1",
	 "home1",
	 VERDICT_FAIL,
	 {{"hq1", TRIED("sip.twodc.example", "203.0.113.10", "443")}, {"hq1", FAILED("tls")}},
	 CAUSE_DNS_WRONG_VIEW,
	 "hq1",
	 ".twodc.example",
	 NULL},
	{"the same where the server has another port than what the firewall lets pass",
	 "tests/data/topologies/one-address.yaml",
	 "own-address",
	 "add-nrpt: {node: hq1, namespace: .one.example, servers: [192.0.2.53]}",
	 "hq1",
	 "home1",
	 VERDICT_FAIL,
	 {{"hq1", TRIED("sip.one.example", "203.0.113.2", "5061")}, {"hq1", FAILED("tls")}},
	 CAUSE_DNS_WRONG_VIEW,
	 "hq1",
	 ".one.example",
	 NULL},
	{"an IPv6 address that is the server's is no wrong answer, and what was tried last is no "
	 "cause",
	 DUAL,
	 "ipv6-only",
	 "block: {node: internet, name: no-web, chain: forward, proto: tcp, dst: "
	 "[\"2001:db8:d::2\"], dports: [443]}",
	 "pc1",
	 "home-b",
	 VERDICT_FAIL,
	 {{"home-b", TRIED("sip.example.com", "203.0.113.2", "443")},
	  {"home-b", TRIED("sip.example.com", "2001:db8:d::2", "443")},
	  {"home-b", TRIED("sip.example.com", "2001:db8:d::2", "5061")},
	  {"home-b", TRIED("sip.example.com", "203.0.113.2", "5061")},
	  {"home-b", FAILED("tls")}},
	 CAUSE_FW_DROP,
	 "internet",
	 "no-web",
	 NULL},
	{"a name that clients try last, and alone is there, leads nowhere",
	 COMPANY,
	 "persistent-route",
	 "[{remove-record: {node: dns-int, name: _sipinternaltls._tcp.contoso.com}}, {set-record: "
	 "{node: dns-int, name: sipinternal.contoso.com, a: 10.0.1.251}}]",
	 "dc1",
	 "home1",
	 VERDICT_FAIL,
	 {{"dc1", ASKED("SRV", "_sipinternaltls._tcp.contoso.com", "", "\"dns-nxdomain\"")},
	  {"dc1", ASKED("A", "sipinternal.contoso.com", "\"10.0.1.251\"", "null")},
	  {"dc1", TRIED("sipinternal.contoso.com", "10.0.1.251", "5061")},
	  {"dc1", FAILED("tls")}},
	 CAUSE_DNS_WRONG_ANSWER,
	 "dns-int",
	 "sipinternal.contoso.com",
	 "- set-record: {node: dns-int, name: sipinternal.contoso.com, a: 10.0.1.10}\n"},
	{"a server gives its packets too small a TTL",
	 COMPANY,
	 "persistent-route",
	 "set-sysctl: {node: edge, key: net.ipv4.ip_default_ttl, value: '2'}",
	 "dc1",
	 "home1",
	 VERDICT_FAIL,
	 {{"home1", TRIED("sip.contoso.com", "203.0.113.10", "443")}, {"home1", FAILED("tls")}},
	 CAUSE_TTL_EXPIRED,
	 "edge",
	 "net.ipv4.ip_default_ttl",
	 NULL},
	{"large packets of a client outside go to the port of the Access Edge",
	 COMPANY,
	 "persistent-route",
	 "set-mtu: {node: nat1, interface: wan, mtu: 1000B}",
	 "dc1",
	 "home1",
	 VERDICT_FAIL,
	 {{"home1", ASKED("A", "sip.contoso.com", "\"203.0.113.10\"", "null")},
	  {"home1", FAILED("provisioning")}},
	 CAUSE_MTU_BLACKHOLE,
	 "nat1",
	 "wan",
	 NULL},
	{"a link that is down, and a wider route that is not the default",
	 COMPANY,
	 "persistent-route",
	 "[{add-route: {node: core, to: 172.16.0.0/12, via: 10.255.0.2}}, {link-down: {node: core, "
	 "interface: perim}}]",
	 "dc1",
	 "home1",
	 VERDICT_FAIL,
	 {{"dc1", SIGNED_IN("172.25.33.10")}, {"home1", SIGNED_IN("203.0.113.20")}},
	 CAUSE_LINK_DOWN,
	 "core",
	 "perim",
	 NULL},
	{"a firewall lets only TCP to the relay, which another one drops",
	 ONE,
	 "forwarded",
	 "remove-rule: {node: dmz-fw, rule: stun-tcp}",
	 "hq1",
	 "cafe1",
	 VERDICT_FAIL,
	 {{"hq1", SIGNED_IN("172.16.5.10")}, {"cafe1", SIGNED_IN("198.51.100.6")}},
	 CAUSE_FW_DROP,
	 "dmz-fw",
	 "forward policy",
	 NULL},
	{"IPv6 is closed, and there is no route for IPv4",
	 DUAL,
	 "blocked",
	 "remove-route: {node: router, to: default}",
	 "pc1",
	 "home-b",
	 VERDICT_FAIL,
	 {{"home-b", TRIED("sip.example.com", "2001:db8:d::2", "443")},
	  {"home-b", TRIED("sip.example.com", "203.0.113.2", "443")},
	  {"home-b", FAILED("tls")}},
	 CAUSE_NO_ROUTE,
	 "router",
	 "default",
	 NULL},
	{"a relay of two families that is reached, for an end that has only one",
	 DUAL,
	 "one-without",
	 "set-edge: {node: edge, relay_family: same}",
	 "pc1",
	 "home-b",
	 VERDICT_FAIL,
	 {{"pc1", SIGNED_IN("10.1.0.20")}, {"home-b", BOTH_RELAYS}},
	 CAUSE_UNKNOWN,
	 "-",
	 "",
	 NULL},
	{"a provider keeps IPv6 from the relay, the owner's firewall IPv4",
	 DUAL,
	 "blocked",
	 "block: {node: router, name: no-relay, chain: forward, dst: [203.0.113.3]}",
	 "pc1",
	 "home-b",
	 VERDICT_FAIL,
	 {{"pc1", SIGNED_IN("10.1.0.20")}, {"home-b", BOTH_RELAYS}},
	 CAUSE_FW_DROP,
	 "router",
	 "no-relay",
	 NULL},
	{"a default route by a router that does not lead to the Internet",
	 COMPANY,
	 "persistent-route",
	 "[{remove-route: {node: edge, to: default}}, {add-route: {node: edge, to: default, via: "
	 "172.25.33.1}}]",
	 "dc1",
	 "home1",
	 VERDICT_FAIL,
	 {{"home1", TRIED("sip.contoso.com", "203.0.113.10", "443")}, {"home1", FAILED("tls")}},
	 CAUSE_RETURN_WRONG_EGRESS,
	 "edge",
	 "198.51.100.12/30",
	 "- remove-route: {node: edge, to: default}\n"
	 "- add-route: {node: edge, to: default, via: 203.0.113.1, dev: ext, persistent: true}\n"},
	{"a home's router translates nothing",
	 COMPANY,
	 "persistent-route",
	 "remove-nat: {node: nat1, nat: home-nat}",
	 "dc1",
	 "home1",
	 VERDICT_FAIL,
	 {{"home1", TRIED("sip.contoso.com", "203.0.113.10", "443")}, {"home1", FAILED("tls")}},
	 CAUSE_NAT_MISSING,
	 "nat1",
	 "wan",
	 "- add-nat: {node: nat1, name: nat-wan, masquerade: wan, src: [192.168.1.0/24]}\n"},
	{"a home's router before a provider's NAT",
	 "topologies/cgn.yaml",
	 "as-it-should-be",
	 "remove-nat: {node: alice-gw, nat: home-nat}",
	 "alice",
	 "bob",
	 VERDICT_FAIL,
	 {{"alice", TRIED("sip.contoso.com", "203.0.113.10", "443")}, {"alice", FAILED("tls")}},
	 CAUSE_NAT_MISSING,
	 "alice-gw",
	 "wan",
	 NULL},
	{"a provider's NAT, behind that of the homes",
	 "topologies/cgn.yaml",
	 "as-it-should-be",
	 "remove-nat: {node: cgn, nat: cgn-nat}",
	 "alice",
	 "bob",
	 VERDICT_FAIL,
	 {{"alice", TRIED("sip.contoso.com", "203.0.113.10", "443")}, {"alice", FAILED("tls")}},
	 CAUSE_NAT_MISSING,
	 "cgn",
	 "wan",
	 NULL},
	{"nobody has the public address of the Access Edge",
	 "topologies/dmz-nat.yaml",
	 "hairpin",
	 "remove-nat: {node: dmz-fw, nat: nat-access}",
	 "hq1",
	 "home1",
	 VERDICT_FAIL,
	 {{"home1", TRIED("sip.example.com", "203.0.113.130", "443")}, {"home1", FAILED("tls")}},
	 CAUSE_NAT_FORWARD_MISSING,
	 "dmz-fw",
	 "203.0.113.130",
	 "- add-nat: {node: dmz-fw, name: to-server, static: {inside: 192.168.200.10, outside: "
	 "203.0.113.130}, out: wan, hairpin: true}\n"},
	{"two homes with the same addresses are not neighbours",
	 COMPANY,
	 "persistent-route",
	 "link-down: {node: nat2, interface: wan}",
	 "home1",
	 "home2",
	 VERDICT_FAIL,
	 {{"home1", SIGNED_IN("203.0.113.20")}, {"home2", SIGNED_IN("203.0.113.20")}},
	 CAUSE_LINK_DOWN,
	 "nat2",
	 "wan",
	 NULL},
};

static finding *find(const struct row *r, const model *m)
{
	g_autoptr(GPtrArray) heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
	g_autoptr(netstate) state = planned_state(m);
	g_autoptr(knet) net = knet_new(m, state);
	struct cell *c = cell_new();
	const struct evidence e = {.model = m,
				   .cell = c,
				   .heard = heard,
				   .state = state,
				   .net = net,
				   .walk = walk_both,
				   .meet = walk_meet};
	finding *f;

	for (guint i = 0; i < G_N_ELEMENTS(r->heard) && r->heard[i].agent; i++) {
		json_t *event = json_loads(r->heard[i].event, 0, NULL);

		cr_assert_not_null(event, "%s", r->heard[i].event);
		g_ptr_array_add(heard, heard_new(r->heard[i].agent, event));
		json_decref(event);
	}
	c->a = g_strdup(r->a);
	c->b = g_strdup(r->b);
	c->media = MEDIA_AUDIO;
	c->verdict = r->verdict;
	c->path = r->verdict == VERDICT_PASS ? PATH_TCP_RELAY : PATH_NONE;
	g_ptr_array_add(c->participants, g_strdup(r->a));
	g_ptr_array_add(c->participants, g_strdup(r->b));
	f = cause_find(&e);
	cell_free(c);
	return f;
}

Test(networks, the_change_is_the_cause)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		g_autoptr(model) m = scenario_model(r->file, r->scenario, r->changes);
		g_autoptr(finding) f = find(r, m);
		g_autofree char *object = subject_text(&f->subject);

		cr_expect_eq(f->code, r->code, "%s: %s, %s", r->name, cause_name(f->code), f->why);
		cr_expect_str_eq(f->node ? f->node : "-", r->node, "%s: %s", r->name, f->why);
		cr_expect(strstr(object ? object : "", r->object), "%s: %s", r->name,
			  object ? object : "no object");
		if (r->fix) {
			g_autoptr(fix) x = fix_derive(m, f);

			cr_expect_str_eq(fix_words(x), r->fix, "%s: %s", r->name, fix_words(x));
		}
	}
}
