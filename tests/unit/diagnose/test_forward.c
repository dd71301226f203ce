/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port forwards that are missing or lead elsewhere: the cause, and the change that mends it. */
#include "testbed/diagnose/diagnose.h"
#include "testbed/diagnose/fix.h"
#include "tests/support/fix_words.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>

#define ONE "tests/data/topologies/one-address-forwarded.yaml"

/* What home1 says, as lists of events. */
#define NO_RELAY                                                                              \
	"[{\"event\": \"signed-in\", \"relay\": {\"host\": \"av.one.example\", \"address\": " \
	"\"198.51.100.6\", \"udp_port\": 3478, \"tcp_port\": 443}, \"mras\": {\"uri\": \"x\"}}]"
#define NO_SERVER                                                                              \
	"[{\"event\": \"connect-failed\", \"server\": {\"name\": \"sip.one.example\", "        \
	"\"address\": \"198.51.100.6\", \"port\": 5061}, \"code\": \"connection-timed-out\", " \
	"\"reason\": \"W\"}, {\"event\": \"sign-in-failed\", \"stage\": \"tls\", \"code\": "   \
	"\"connection-timed-out\", \"reason\": \"W\"}]"
#define NO_WEB                                                                                   \
	"[{\"event\": \"dns\", \"query\": \"lyncdiscover.one.example\", \"type\": \"A\", "       \
	"\"answer\": [\"198.51.100.20\"], \"servers\": [\"192.0.2.53\"]}, {\"event\": \"web\", " \
	"\"server\": {\"name\": \"lyncdiscover.one.example\", \"address\": \"198.51.100.20\", "  \
	"\"port\": 443, \"found_by\": \"lyncdiscover.one.example\"}, \"path\": \"/\", "          \
	"\"code\": \"connection-timed-out\", \"reason\": \"W\"}, {\"event\": "                   \
	"\"sign-in-failed\", \"stage\": \"web\", \"code\": \"connection-timed-out\", "           \
	"\"reason\": \"W\"}]"

static const struct forward_case {
	const char *name, *changes, *events;
	enum cause_code code;
	const char *object, *fix;
} cases[] = {
	{"none to the reverse proxy, whose address no router has",
	 "{remove-nat: {node: dmz-fw, nat: to-web}}", NO_WEB, CAUSE_NAT_FORWARD_MISSING,
	 "198.51.100.20 TCP 443",
	 "- add-nat: {node: dmz-fw, name: to-server, static: {inside: 192.168.200.20, outside: "
	 "198.51.100.20}, out: wan, hairpin: true}\n"},
	{"one that leads the reverse proxy's address to the Edge",
	 "{set-nat: {node: dmz-fw, nat: to-web, inside: 192.168.200.10}}", NO_WEB,
	 CAUSE_NAT_FORWARD_WRONG, "to-web",
	 "- set-nat: {node: dmz-fw, nat: to-web, inside: 192.168.200.20}\n"},
	{"none to the relay", "{remove-nat: {node: dmz-fw, nat: to-stun}}", NO_RELAY,
	 CAUSE_NAT_FORWARD_MISSING, "198.51.100.6 UDP 3478",
	 "- add-nat: {node: dmz-fw, name: to-udp-3478, forward: {outside: 198.51.100.6, inside: "
	 "192.168.200.10, proto: udp, ports: [3478, 50000-59999]}, out: wan}\n"},
	{"one that lacks a port and some more",
	 "{set-nat: {node: dmz-fw, nat: to-stun, ports: [50000-54999, 56000-59998]}}", NO_RELAY,
	 CAUSE_NAT_FORWARD_MISSING, "198.51.100.6 UDP 3478",
	 "- set-nat: {node: dmz-fw, nat: to-stun, ports: [50000-54999, 56000-59998, 3478, "
	 "55000-55999, 59999]}\n"},
	{"none to the Access Edge, which has another port",
	 "{remove-nat: {node: dmz-fw, nat: to-access}}", NO_SERVER, CAUSE_NAT_FORWARD_MISSING,
	 "198.51.100.6 TCP 5061",
	 "- add-nat: {node: dmz-fw, name: to-tcp-5061, forward: {outside: 198.51.100.6, inside: "
	 "192.168.200.10, proto: tcp, ports: [5061], to_port: 444}, out: wan}\n"},
	{"a wrong port inside", "{set-nat: {node: dmz-fw, nat: to-access, to_port: 443}}",
	 NO_SERVER, CAUSE_NAT_FORWARD_WRONG, "to-access",
	 "- set-nat: {node: dmz-fw, nat: to-access, to_port: 444}\n"},
	{"a wrong port inside of one of several",
	 "{remove-nat: {node: dmz-fw, nat: to-access}}, {set-nat: {node: dmz-fw, nat: to-stun-tcp, "
	 "ports: [443, 5000-5100]}}",
	 NO_SERVER, CAUSE_NAT_FORWARD_WRONG, "to-stun-tcp",
	 "- set-nat: {node: dmz-fw, nat: to-stun-tcp, ports: [443, 5000-5060, 5062-5100]}\n"
	 "- add-nat: {node: dmz-fw, name: to-tcp-5061, forward: {outside: 198.51.100.6, inside: "
	 "192.168.200.10, proto: tcp, ports: [5061], to_port: 444}, out: wan}\n"},
	{"a wrong server",
	 "{add-node: {games: {interfaces: {eth0: {network: dmz, address: 192.168.200.99/24}}}}}, "
	 "{set-nat: {node: dmz-fw, nat: to-stun, inside: 192.168.200.99}}",
	 NO_RELAY, CAUSE_NAT_FORWARD_WRONG, "to-stun",
	 "- set-nat: {node: dmz-fw, nat: to-stun, inside: 192.168.200.10}\n"},
	{"a firewall behind it",
	 "{block: {node: dmz-fw, name: no-444, chain: forward, proto: tcp, dports: 444}}",
	 NO_SERVER, CAUSE_FW_DROP, "no-444",
	 "- allow: {node: dmz-fw, name: not-no-444, chain: forward, src: [198.51.100.10], dst: "
	 "[192.168.200.10], proto: tcp, dports: [444]}\n"},
};

static finding *find(const model *m, const struct forward_case *c)
{
	struct cell *cell = cell_new();
	struct observation seen;
	json_t *events = json_loads(c->events, 0, NULL), *event;
	size_t i;
	finding *f;

	cr_assert_not_null(events, "%s", c->name);
	cell->a = g_strdup("hq1");
	cell->b = g_strdup("home1");
	cell->media = MEDIA_AUDIO;
	cell->verdict = VERDICT_FAIL;
	g_ptr_array_add(cell->participants, g_strdup(cell->a));
	g_ptr_array_add(cell->participants, g_strdup(cell->b));
	observation_init(&seen);
	seen.state = planned_state(m);
	json_array_foreach(events, i, event)
		g_ptr_array_add(seen.heard, heard_new("home1", event));
	f = diagnose_call(m, cell, &seen);
	json_decref(events);
	observation_clear(&seen);
	cell_free(cell);
	return f;
}

Test(forward, missing_or_wrong)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct forward_case *c = &cases[i];
		g_autofree char *changes = g_strdup_printf("[%s]", c->changes);
		g_autoptr(model) m = scenario_model(ONE, "proxy", changes);
		g_autoptr(finding) f = find(m, c);
		g_autoptr(fix) x = fix_derive(m, f);
		g_autofree char *object = subject_text(&f->subject);

		cr_assert_eq(f->code, c->code, "%s: %s: %s", c->name, cause_name(f->code), f->why);
		cr_expect_str_eq(f->node, "dmz-fw", "%s: %s", c->name, f->node);
		cr_expect_str_eq(object, c->object, "%s: %s", c->name, object);
		cr_expect(f->proof->len > 0, "%s: no proof", c->name);
		cr_assert_not_null(x, "%s: no fix", c->name);
		cr_expect_str_eq(fix_words(x), c->fix, "%s: %s", c->name, fix_words(x));
	}
}
