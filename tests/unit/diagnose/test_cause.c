/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Causes by hand-made evidence: walks, and what agents say. */
#include "testbed/diagnose/cause.h"
#include "testbed/diagnose/diagnose.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

#define COMPANY "tests/data/topologies/company.yaml"

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
static const struct fw_rule that_rule = {
	.name = that_name, .chain = FW_FORWARD, .proto = PROTO_UDP};

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
	{WALK_INSPECTED, WALK_DELIVERED, NULL, NULL, CAUSE_FW_INSPECTS, "core", "that-rule"},
	{WALK_RPF, WALK_DELIVERED, NULL, NULL, CAUSE_RPF_DROP, "core", "that-rule"},
	{WALK_NAT_FILTERED, WALK_DELIVERED, NULL, NULL, CAUSE_NAT_FILTERED, "core", "that-rule"},
	{WALK_NEXT_HOP_DEAD, WALK_DELIVERED, NULL, NULL, CAUSE_NEXT_HOP_DEAD, "core", "that-rule"},
	{WALK_LINK_DOWN, WALK_DELIVERED, NULL, NULL, CAUSE_LINK_DOWN, "core", "that-rule"},
	{WALK_TUNNEL_DOWN, WALK_DELIVERED, NULL, NULL, CAUSE_VPN_DOWN, "core", "that-rule"},
	{WALK_TUNNEL_PREFIX, WALK_DELIVERED, NULL, NULL, CAUSE_VPN_PREFIX_MISSING, "core",
	 "that-rule"},
	{WALK_LOOP, WALK_DELIVERED, NULL, NULL, CAUSE_ROUTE_LOOP, "core", "that-rule"},
};

Test(cause, each_is_in_the_table_that_users_read)
{
	g_autofree char *text = NULL;

	cr_assert(g_file_get_contents("docs/EXPLAIN.md", &text, NULL, NULL));
	for (enum cause_code code = 0; code < CAUSE_COUNT; code++) {
		g_autofree char *row =
			g_strdup_printf("\n| `%s` | %s | ", cause_name(code), cause_text(code));

		cr_expect(strstr(text, row), "docs/EXPLAIN.md has no row%s", row);
	}
}

Test(cause, comes_from_the_first_walk_that_ends_early)
{
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);

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
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);
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
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);
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
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);

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
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);
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
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);
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
	g_autoptr(model) m = scenario_model(COMPANY, "persistent-route", NULL);
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
