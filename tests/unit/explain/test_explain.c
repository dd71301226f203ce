/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Causes by hand-made evidence, fixes from a topology, ICEWarn, ids that are near. */
#include "testbed/explain/explain.h"
#include "testbed/diagnose/cause.h"
#include "testbed/diagnose/icewarn.h"
#include "tests/support/subjects.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

static model *load(const char *scenario)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
	model *m = base ? model_instantiate(base, model_scenario(base, scenario), d) : NULL;
	g_autofree char *text = diags_to_text(d);

	cr_assert_not_null(m, "%s", text);
	return m;
}

/* --- ICEWarn ---------------------------------------------------------------------------------- */

static const struct icewarn_case {
	const char *text;
	guint32 value;
	const char *bits; /* that are told, lowest first */
} icewarns[] = {
	{"0x12b", 0x12b, "0x1 0x2 0x8 0x20 0x100"},
	{"0x3eb", 0x3eb, "0x1 0x2 0x8 0x20 0x40 0x80 0x100 0x200"},
	{"1003", 0x3eb, "0x1 0x2 0x8 0x20 0x40 0x80 0x100 0x200"},
	{"0x80012b", 0x80012b, "0x1 0x2 0x8 0x20 0x100 0x800000"},
	{"0X0", 0, "0x0"},
	{"0xffffffff", G_MAXUINT32, NULL},
};

Test(icewarn, tells_every_bit)
{
	for (guint i = 0; i < G_N_ELEMENTS(icewarns); i++) {
		const struct icewarn_case *c = &icewarns[i];
		g_autoptr(GString) text = g_string_new(NULL), bits = g_string_new(NULL);
		g_auto(GStrv) lines = NULL;
		guint32 value = 1;

		cr_assert(icewarn_parse(c->text, &value), "%s", c->text);
		cr_assert_eq(value, c->value, "%s: %u", c->text, value);
		icewarn_text(value, text);
		lines = g_strsplit(g_strchomp(text->str), "\n", 0);
		if (!c->bits) {
			cr_assert_eq(g_strv_length(lines), 32);
			continue;
		}
		for (guint k = 0; lines[k]; k++) {
			g_auto(GStrv) words = g_strsplit(g_strstrip(lines[k]), " ", 2);

			g_string_append_printf(bits, "%s%s", k > 0 ? " " : "", words[0]);
		}
		cr_assert_str_eq(bits->str, c->bits, "%s: %s", c->text, bits->str);
	}
}

Test(icewarn, refuses_what_is_no_number)
{
	static const char *const bad[] = {"",	"0x",	       "0xg",  "3eb",
					  "-1", "0x100000000", "0x1 ", "4294967296"};
	guint32 value;

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		cr_assert_not(icewarn_parse(bad[i], &value), "'%s'", bad[i]);
}

/* --- causes ----------------------------------------------------------------------------------- */

/* What the walk of a case gives: "out" of the relay's node, where it ends and how.  Criterion runs
 * each case of a test in one thread of its own process. */
struct walk_case {
	enum walk_end forward, back;
	const char *out;       /* interface by which the answer leaves; NULL: by none */
	const char *back_node; /* where the answer ends */
	enum cause_code code;
	const char *node, *object;
};

static const struct walk_case *current;
static char that_name[] = "that-rule";
static const struct fw_rule that_rule = {.name = that_name, .chain = FW_FORWARD};

static walk *walk_made(enum walk_end end, const char *node, const char *in, const char *out,
		       const struct flow *flow)
{
	walk *w = walk_new();
	struct hop *h = walk_add_hop(w, "edge", in, out);

	addr_parse("10.20.0.101", in ? &h->src : &h->dst);
	*(in ? &h->dst : &h->src) = flow->dst;
	w->end = end;
	w->node = g_strdup(node);
	if (end != WALK_DELIVERED)
		w->subject = (struct subject){.kind = SUBJECT_RULE, .rule = &that_rule};
	w->why = g_strdup("because");
	return w;
}

static struct walk_pair *walk_by_hand(const knet *net G_GNUC_UNUSED, const struct flow *flow)
{
	struct walk_pair *p = g_new0(struct walk_pair, 1);

	p->forward =
		walk_made(current->forward, current->forward == WALK_DELIVERED ? "edge" : "core",
			  "int", NULL, flow);
	if (current->forward == WALK_DELIVERED)
		p->back = walk_made(current->back, current->back_node, NULL, current->out, flow);
	return p;
}

static void hear(GPtrArray *heard, const char *agent, const char *text)
{
	json_t *event = json_loads(text, 0, NULL);

	cr_assert_not_null(event, "%s", text);
	g_ptr_array_add(heard, heard_new(agent, event));
	json_decref(event);
}

#define SIGNED_IN                                                                              \
	"{\"event\": \"signed-in\", \"relay\": {\"address\": \"172.25.33.10\", \"udp_port\": " \
	"3478, \"tcp_port\": 443}}"

static finding *find(const model *m, GPtrArray *heard, enum verdict verdict)
{
	struct cell *c = cell_new();
	g_autoptr(netstate) state =
		state_from(json_pack("{s:{s:{s:[{s:s, s:i}]}, s:{s:[{s:s, s:s}]}}}", "nodes",
				     "dmz-fw", "nft", "name", "that-rule", "packets", 7, "edge",
				     "routes", "to", "0.0.0.0/0", "type", "unicast"));
	const struct evidence e = {
		.model = m, .cell = c, .heard = heard, .state = state, .walk = walk_by_hand};
	finding *f;

	c->a = g_strdup("branch1");
	c->b = g_strdup("home1");
	c->media = MEDIA_AUDIO;
	c->verdict = verdict;
	g_ptr_array_add(c->participants, g_strdup("branch1"));
	g_ptr_array_add(c->participants, g_strdup("home1"));
	f = cause_find(&e);
	cell_free(c);
	return f;
}

static const struct walk_case walks[] = {
	{WALK_DELIVERED, WALK_NO_ROUTE, NULL, "edge", CAUSE_RETURN_WRONG_EGRESS, "edge",
	 "10.20.0.0/24"},
	{WALK_DELIVERED, WALK_FILTERED, "ext", "dmz-fw", CAUSE_RETURN_WRONG_EGRESS, "edge",
	 "10.20.0.0/24"},
	{WALK_DELIVERED, WALK_FILTERED, "int", "dmz-fw", CAUSE_FW_NO_STATE, "dmz-fw", "that-rule"},
	{WALK_DELIVERED, WALK_NO_ROUTE, "int", "core", CAUSE_NO_ROUTE, "core", "10.20.0.0/24"},
	{WALK_DELIVERED, WALK_DELIVERED, "int", "branch1", CAUSE_UNKNOWN, NULL, NULL},
	{WALK_NO_ROUTE, WALK_DELIVERED, NULL, NULL, CAUSE_NO_ROUTE, "core", "172.25.33.0/24"},
	{WALK_NULL_ROUTE, WALK_DELIVERED, NULL, NULL, CAUSE_NULL_ROUTE, "core", "that-rule"},
	{WALK_FILTERED, WALK_DELIVERED, NULL, NULL, CAUSE_FW_DROP, "core", "that-rule"},
	{WALK_REJECTED, WALK_DELIVERED, NULL, NULL, CAUSE_FW_REJECT, "core", "that-rule"},
	{WALK_RPF, WALK_DELIVERED, NULL, NULL, CAUSE_RPF_DROP, "core", "that-rule"},
	{WALK_NAT_FILTERED, WALK_DELIVERED, NULL, NULL, CAUSE_NAT_FILTERED, "core", "that-rule"},
	{WALK_NEXT_HOP_DEAD, WALK_DELIVERED, NULL, NULL, CAUSE_NEXT_HOP_DEAD, "core", "that-rule"},
	{WALK_LINK_DOWN, WALK_DELIVERED, NULL, NULL, CAUSE_LINK_DOWN, "core", "that-rule"},
	{WALK_TUNNEL_DOWN, WALK_DELIVERED, NULL, NULL, CAUSE_VPN_DOWN, "core", "that-rule"},
	{WALK_TUNNEL_PREFIX, WALK_DELIVERED, NULL, NULL, CAUSE_VPN_PREFIX_MISSING, "core",
	 "that-rule"},
	{WALK_LOOP, WALK_DELIVERED, NULL, NULL, CAUSE_ROUTE_LOOP, "core", "that-rule"},
};

Test(cause, comes_from_the_first_walk_that_ends_early)
{
	g_autoptr(model) m = load("missing-route");

	for (guint i = 0; i < G_N_ELEMENTS(walks); i++) {
		g_autoptr(GPtrArray) heard =
			g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
		g_autoptr(finding) f = NULL;
		g_autofree char *object = NULL;

		current = &walks[i];
		hear(heard, "branch1", SIGNED_IN);
		f = find(m, heard, VERDICT_FAIL);
		object = subject_text(&f->subject);
		cr_assert_eq(f->code, current->code, "case %u: %s", i, cause_name(f->code));
		cr_assert_str_eq(f->node ? f->node : "-", current->node ? current->node : "-",
				 "case %u", i);
		cr_assert_str_eq(object ? object : "-", current->object ? current->object : "-",
				 "case %u", i);
		cr_assert(f->proof->len > 0 || f->code == CAUSE_UNKNOWN, "case %u has no proof", i);
		cr_assert_eq(f->legs->len, 2, "case %u: UDP and TCP", i);
	}
}

/* An end that has its relay is not asked about the way to it. */
Test(cause, an_end_with_a_relay_is_not_blamed)
{
	g_autoptr(model) m = load("missing-route");
	g_autoptr(GPtrArray) heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
	g_autoptr(finding) f = NULL;

	current = &walks[0];
	hear(heard, "branch1", SIGNED_IN);
	hear(heard, "branch1",
	     "{\"event\": \"candidate\", \"side\": \"local\", \"type\": \"relay\"}");
	f = find(m, heard, VERDICT_FAIL);
	cr_assert_eq(f->code, CAUSE_UNKNOWN, "%s", cause_name(f->code));
	cr_assert_eq(f->legs->len, 0);
}

Test(cause, a_counter_and_a_send_error_are_proof)
{
	g_autoptr(model) m = load("missing-route");
	g_autoptr(GPtrArray) heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
	g_autoptr(finding) f = NULL;

	current = &walks[1];
	hear(heard, "branch1", SIGNED_IN);
	hear(heard, "edge/tb-edge",
	     "{\"event\": \"send-error\", \"to\": \"10.20.0.101:50000\", \"text\": \"no way\"}");
	f = find(m, heard, VERDICT_FAIL);
	cr_assert_eq(f->proof->len, 4);
	cr_assert_not_null(strstr(f->proof->pdata[1], "counted 7 packets"), "%s",
			   (char *)f->proof->pdata[1]);
	cr_assert_not_null(strstr(f->proof->pdata[2], "no way"), "%s", (char *)f->proof->pdata[2]);
}

static const struct event_case {
	const char *agent, *event;
	enum cause_code code;
	const char *node;
} events[] = {
	{"home1",
	 "{\"event\": \"sign-in-failed\", \"stage\": \"tls\", \"reason\": \"10.0.1.10:5061: "
	 "certificate of another CA\"}",
	 CAUSE_TLS_UNTRUSTED, "home1"},
	{"home1",
	 "{\"event\": \"sign-in-failed\", \"stage\": \"tls\", \"reason\": \"10.0.1.10:5061: name "
	 "mismatch\"}",
	 CAUSE_TLS_NAME_MISMATCH, "home1"},
	{"home1",
	 "{\"event\": \"sign-in-failed\", \"stage\": \"tls\", \"reason\": \"10.0.1.10:5061: "
	 "Connection refused\"}",
	 CAUSE_FW_DROP, "core"},
	{"home1",
	 "{\"event\": \"sign-in-failed\", \"stage\": \"tls\", \"reason\": \"10.0.1.10:5061: timed "
	 "out\"}",
	 CAUSE_FW_DROP, "core"},
	{"home1",
	 "{\"event\": \"sign-in-failed\", \"stage\": \"register\", \"reason\": \"no\", "
	 "\"sip_status\": 403}",
	 CAUSE_SIP_AUTH, "home1"},
	{"home1", "{\"event\": \"sign-in-failed\", \"stage\": \"mras\", \"reason\": \"no answer\"}",
	 CAUSE_UNKNOWN, NULL},
	{"edge/tb-edge", "{\"event\": \"agent-died\", \"how\": \"signal 11\"}", CAUSE_AGENT_DIED,
	 "edge"},
	{"edge/tb-edge",
	 "{\"event\": \"auth-failed\", \"client\": \"10.0.1.1:5\", \"reason\": \"expired\"}",
	 CAUSE_RELAY_AUTH, "edge"},
	{"edge/tb-edge",
	 "{\"event\": \"denied\", \"peer\": \"10.0.1.1:5\", \"rule\": \"relay_not_to\"}",
	 CAUSE_RELAY_PERMISSION, "edge"},
	/* what our own agents say counts by its code, in whatever words */
	{"home1",
	 "{\"event\": \"sign-in-failed\", \"stage\": \"tls\", \"code\": \"tls-untrusted\", "
	 "\"reason\": \"W\"}",
	 CAUSE_TLS_UNTRUSTED, "home1"},
	{"home1",
	 "{\"event\": \"sign-in-failed\", \"stage\": \"tls\", \"code\": \"tls-not-yet-valid\", "
	 "\"reason\": \"W\"}",
	 CAUSE_TLS_EXPIRED, "home1"},
	{"home1",
	 "{\"event\": \"sign-in-failed\", \"stage\": \"tls\", \"code\": \"internal\", "
	 "\"reason\": \"certificate refused\"}",
	 CAUSE_UNKNOWN, NULL},
	{"home1",
	 "{\"event\": \"sign-in-failed\", \"stage\": \"register\", \"code\": "
	 "\"account-disabled\", \"reason\": \"W\", \"sip_status\": 403}",
	 CAUSE_SIP_AUTH, "home1"},
	{"edge/tb-edge",
	 "{\"event\": \"auth-failed\", \"client\": \"10.0.1.1:5\", \"code\": \"turn-realm\", "
	 "\"reason\": \"W\"}",
	 CAUSE_RELAY_AUTH, "edge"},
	{"edge/tb-edge",
	 "{\"event\": \"relay-refused\", \"client\": \"10.0.1.1:5\", \"code\": \"turn-quota\", "
	 "\"reason\": \"W\"}",
	 CAUSE_RELAY_ALLOC, "edge"},
	{"edge/tb-edge",
	 "{\"event\": \"relay-refused\", \"client\": \"10.0.1.1:5\", \"code\": "
	 "\"turn-unsatisfiable\", \"reason\": \"no port for that\"}",
	 CAUSE_UNKNOWN, NULL},
	{"edge/tb-edge",
	 "{\"event\": \"denied\", \"peer\": \"10.0.1.1:5\", \"code\": \"peer-private\", "
	 "\"rule\": \"relay_not_to\"}",
	 CAUSE_UNKNOWN, NULL},
};

Test(cause, comes_from_what_agents_say)
{
	g_autoptr(model) m = load("missing-route");

	for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
		g_autoptr(GPtrArray) heard =
			g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
		g_autoptr(finding) f = NULL;

		current = &walks[7]; /* a firewall drops it */
		hear(heard, events[i].agent, events[i].event);
		f = find(m, heard, VERDICT_FAIL);
		cr_assert_eq(f->code, events[i].code, "case %u: %s", i, cause_name(f->code));
		cr_assert_str_eq(f->node ? f->node : "-", events[i].node ? events[i].node : "-",
				 "case %u", i);
		cr_assert(f->proof->len > 0 || f->code == CAUSE_UNKNOWN, "case %u has no proof", i);
	}
}

Test(cause, refused_where_nothing_is_in_the_way_is_nobody_listening)
{
	g_autoptr(model) m = load("missing-route");
	g_autoptr(GPtrArray) heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
	g_autoptr(finding) f = NULL;
	g_autofree char *object = NULL;

	current = &walks[4]; /* there and back */
	hear(heard, "home1",
	     "{\"event\": \"sign-in-failed\", \"stage\": \"tls\", \"reason\": \"203.0.113.10:443: "
	     "Connection refused\"}");
	f = find(m, heard, VERDICT_FAIL);
	cr_assert_eq(f->code, CAUSE_NO_LISTENER, "%s", cause_name(f->code));
	cr_assert_str_eq(f->node, "edge");
	object = subject_text(&f->subject);
	cr_assert_str_eq(object, "203.0.113.10 TCP 443");
	cr_assert_gt(f->proof->len, 0);
}

/* The server that was tried is the one of the last attempt, not the one in the sentence. */
Test(cause, a_failed_attempt_says_where_it_went)
{
	g_autoptr(model) m = load("missing-route");
	g_autoptr(GPtrArray) heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
	g_autoptr(finding) f = NULL;
	g_autofree char *object = NULL;

	current = &walks[4];
	hear(heard, "home1",
	     "{\"event\": \"connect-failed\", \"server\": {\"name\": \"sip.contoso.com\", "
	     "\"address\": \"203.0.113.10\", \"port\": 443}, \"code\": \"connection-refused\"}");
	hear(heard, "home1",
	     "{\"event\": \"sign-in-failed\", \"stage\": \"tls\", \"code\": "
	     "\"connection-refused\", \"reason\": \"203.0.113.20:80: W\"}");
	f = find(m, heard, VERDICT_FAIL);
	cr_assert_eq(f->code, CAUSE_NO_LISTENER, "%s", cause_name(f->code));
	object = subject_text(&f->subject);
	cr_assert_str_eq(object, "203.0.113.10 TCP 443");
}

Test(cause, a_call_that_works_raises_no_alarm)
{
	g_autoptr(model) m = load("persistent-route");
	g_autoptr(GPtrArray) heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
	g_autoptr(finding) f = NULL;

	current = &walks[0];
	hear(heard, "branch1", SIGNED_IN);
	hear(heard, "branch1",
	     "{\"event\": \"selected\", \"local\": {\"type\": \"relay\", \"address\": "
	     "\"203.0.113.20\", \"relay_transport\": \"udp\"},"
	     " \"remote\": {\"type\": \"host\", \"address\": \"192.168.1.10\", \"port\": 5}}");
	f = find(m, heard, VERDICT_PASS);
	cr_assert_eq(f->code, CAUSE_NONE, "%s", cause_name(f->code));
	cr_assert_null(f->node);
	cr_assert_eq(f->legs->len, 1);
}

/* --- fixes ------------------------------------------------------------------------------------ */

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
	 4},
	{CAUSE_NO_ROUTE, "core", SUBJECT_ROUTE, "10.20.0.0/24", "10.20.0.0/24", NULL,
	 "- remove-route: {node: core, to: 10.20.0.0/24}\n"
	 "- add-route: {node: core, to: 10.20.0.0/24, via: 10.255.0.2, dev: vpn0, persistent: "
	 "true}\n",
	 2}, /* it was lost */
	{CAUSE_NO_ROUTE, "dc1", SUBJECT_ROUTE, "0.0.0.0/0", "0.0.0.0/0", NULL,
	 "- remove-route: {node: dc1, to: default}\n"
	 "- add-route: {node: dc1, to: default, via: 10.0.1.1, dev: lan, persistent: true}\n",
	 2},
	{CAUSE_NAT_MAPPING_CHANGED, "nat1", SUBJECT_NAT, "home-nat", NULL, NULL, NULL,
	 0}, /* it has that */
	{CAUSE_HAIRPIN_UNSUPPORTED, "nat1", SUBJECT_NAT, "home-nat", NULL, NULL,
	 "- set-nat: {node: nat1, nat: home-nat, hairpin: true}\n", 0},
	{CAUSE_NAT_FILTERED, "nat1", SUBJECT_NONE, NULL, NULL, NULL, NULL, 0},
	{CAUSE_RPF_DROP, "edge", SUBJECT_IFACE, "int", NULL, NULL, NULL,
	 0}, /* the model does not ask for it */
	{CAUSE_VPN_DOWN, "core", SUBJECT_TUNNEL, "site-to-site", NULL, NULL, NULL,
	 0}, /* up in the model */
	{CAUSE_RETURN_WRONG_EGRESS, "edge", SUBJECT_ROUTE, "10.99.0.0/24", "10.99.0.0/24", "int",
	 NULL, 0},
	{CAUSE_NO_ROUTE, "nobody", SUBJECT_ROUTE, "10.20.0.0/24", "10.20.0.0/24", NULL, NULL, 0},
	{CAUSE_LINK_DOWN, "edge", SUBJECT_IFACE, "int", NULL, NULL, NULL,
	 0}, /* it is up in the model: not what was done */
	{CAUSE_TLS_UNTRUSTED, "home1", SUBJECT_NONE, NULL, NULL, NULL, NULL, 0},
	{CAUSE_HAIRPIN_UNSUPPORTED, "nat1", SUBJECT_NAT, "home-nat", NULL, NULL,
	 "- set-nat: {node: nat1, nat: home-nat, hairpin: true}\n", 0},
	{CAUSE_NAT_MAPPING_CHANGED, "nat1", SUBJECT_NAT, "home-nat", NULL, NULL, NULL,
	 0}, /* it keeps its mapping */
};

Test(fix, is_the_smallest_change)
{
	g_autoptr(model) m = load("missing-route");

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
		cr_assert_str_eq(x ? x->change : "none", c->change ? c->change : "none", "case %u",
				 i);
		cr_assert_eq(x ? x->commands->len : 0, c->commands, "case %u", i);
		subject_clear(&f.subject);
	}
}

/* What a NAT answers for is on nobody's network: the route leads to the NAT, and to all that it
 * answers for. */
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
	cr_assert_str_eq(x ? x->change : "none",
			 "- add-route: {node: backbone, to: 203.0.113.131/32, via: 192.0.2.6, dev: "
			 "perimeter, persistent: true}\n"
			 "- add-route: {node: backbone, to: 203.0.113.130/32, via: 192.0.2.6, dev: "
			 "perimeter, persistent: true}\n"
			 "- add-route: {node: backbone, to: 203.0.113.132/32, via: 192.0.2.6, dev: "
			 "perimeter, persistent: true}\n");
	cr_expect_eq(x->commands->len, 3);
}

Test(fix, is_written_for_windows_and_can_be_applied)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
	g_autoptr(model) m = model_instantiate(base, model_scenario(base, "missing-route"), d);
	g_autoptr(model) mended = NULL;
	char node[] = "edge", interface[] = "int";
	finding f = {.code = CAUSE_RETURN_WRONG_EGRESS, .node = node, .iface = interface};
	g_autoptr(fix) x = NULL;

	prefix_parse("10.20.0.0/24", &f.prefix);
	x = fix_derive(m, &f);
	cr_assert_not_null(x);
	cr_assert_str_eq(x->commands->pdata[0],
			 "ip route add 10.20.0.0/24 via 172.25.33.1 dev int");
	cr_assert_str_eq(x->commands->pdata[1],
			 "route add -p 10.20.0.0 mask 255.255.255.0 172.25.33.1");
	cr_assert_str_eq(
		x->commands->pdata[2],
		"netsh interface ipv4 add route 10.20.0.0/24 \"int\" 172.25.33.1 store=persistent");
	cr_assert_str_eq(x->commands->pdata[3], "New-NetRoute -DestinationPrefix \"10.20.0.0/24\" "
						"-InterfaceAlias \"int\" -NextHop 172.25.33.1");
	mended = model_instantiate_with(base, model_scenario(base, "missing-route"), "the fix",
					x->change, d);
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
	 "[10.0.1.101], proto: udp}\n"},
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
	{CAUSE_NO_FORWARDING, "add-route: {node: dc1, to: 172.25.33.0/24, via: 10.0.1.102}", "dc2",
	 SUBJECT_IFACE, "lan", "10.0.1.101", "172.25.33.10", PROTO_UDP, 49152, 3478,
	 "- remove-route: {node: dc1, to: 172.25.33.0/24}\n"
	 "- add-route: {node: dc1, to: 172.25.33.0/24, via: 10.0.1.1, dev: lan, persistent: "
	 "true}\n"},
	{CAUSE_NEXT_HOP_DEAD, "add-route: {node: branch-gw, to: 10.0.1.10/32, via: 10.20.0.250}",
	 "branch-gw", SUBJECT_ADDRESS, "10.20.0.250", "10.20.0.101", "10.0.1.10", PROTO_TCP, 49152,
	 5061,
	 "- remove-route: {node: branch-gw, to: 10.0.1.10/32}\n"
	 "- add-route: {node: branch-gw, to: 10.0.1.10/32, via: 10.255.0.1, dev: vpn0, persistent: "
	 "true}\n"},
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
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
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
		cr_assert_str_eq(x ? x->change : "none", c->fix, "case %u: %s", i,
				 x ? x->change : "none");
		cr_assert_gt(x->commands->len, 0, "case %u has no commands", i);
		both = g_strconcat(fault, x->change, NULL);
		mended = model_instantiate_with(base, sc, "both", both, d);
		cr_assert_not_null(mended, "case %u does not fit", i);
		subject_clear(&f.subject);
	}
}

/* --- ids -------------------------------------------------------------------------------------- */

Test(ids, unknown_ones_name_near_ones)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
	g_autoptr(matrix_selection) s =
		explain_select_id(base, "missing-route/branch1-home1/audio", NULL);
	g_autoptr(GError) error = NULL;

	cr_assert_not_null(s);
	cr_assert_null(explain_select_id(base, "missing-rout/branch1-home1/audio", &error));
	cr_assert_eq(error->code, TB_ERROR_INPUT);
	cr_assert_not_null(strstr(error->message, "(near: missing-route/branch1-home1/audio, "),
			   "%s", error->message);
	g_clear_error(&error);
	cr_assert_null(explain_select_id(base, "nothing of the kind", &error));
	cr_assert_null(strstr(error->message, "near"), "%s", error->message);
}
