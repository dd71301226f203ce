/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the nodes' connection tracking says of a call: which sessions are its own, what they prove,
 * how they are told. */
#include "testbed/report/sessions_text.h"

#include "testbed/diagnose/cause_rules.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

#define INSIDE "192.168.1.10"
#define OUTSIDE "198.51.100.14"
#define RELAY "203.0.113.20"

/* One session of a socket inside towards `dst`; `outside`: the port that the node shows it as, 0:
 * it is no NAT. */
static json_t *session(const char *proto, const char *src, int sport, const char *dst, int dport,
		       int outside, bool replied)
{
	return json_pack("{s:s, s:s, s:i, s:s, s:i, s:s, s:i, s:s, s:i, s:s?, s:b, s:b, s:i}",
			 "proto", proto, "src", src, "sport", sport, "dst", dst, "dport", dport,
			 "reply_src", dst, "reply_sport", dport, "reply_dst",
			 outside != 0 ? OUTSIDE : src, "reply_dport",
			 outside != 0 ? outside : sport, "state",
			 strcmp(proto, "tcp") == 0 ? "SYN_SENT" : NULL, "replied", replied,
			 "assured", replied, "timeout_s", 25);
}

/* Takes over the sessions of the two nodes on the way, nat1 and core. */
static netstate *state_of(json_t *nat1, json_t *core)
{
	return state_from(json_pack("{s:{s:{s:o}, s:{s:o}, s:{}}}", "nodes", "nat1", "conntrack",
				    nat1, "core", "conntrack", core, "edge"));
}

static struct cell *cell_of_home1(void)
{
	struct cell *c = cell_new();

	g_ptr_array_add(c->participants, g_strdup("home1"));
	return c;
}

static void hear_candidate(struct observation *seen, const char *address, int port)
{
	json_t *event = json_pack("{s:s, s:s, s:s, s:s, s:i}", "event", "candidate", "side",
				  "local", "type", "host", "address", address, "port", port);

	g_ptr_array_add(seen->heard, heard_new("home1", event));
	json_decref(event);
}

/* A TCP packet of `from` that came to nat1 at that second. */
static void see_at_nat(journeys *all, const char *from, guint8 id, guint64 s, guint16 sport)
{
	struct sighting at = {.node = g_intern_string(from),
			      .iface = g_intern_string("lan"),
			      .out = true,
			      .time_ns = s * 1000000000u,
			      .proto = PROTO_TCP,
			      .sport = sport,
			      .dport = 443,
			      .id = {.kind = PACKET_TCP, .bytes = {id}}};

	cr_assert(addr_parse(INSIDE, &at.src) && addr_parse(RELAY, &at.dst));
	journeys_add(all, &at);
	at.node = g_intern_string("nat1");
	at.out = false;
	at.time_ns++;
	journeys_add(all, &at);
}

Test(sessions, are_of_the_calls_sockets_only)
{
	struct observation seen;
	struct cell *c = cell_of_home1();
	GPtrArray *own;

	observation_init(&seen);
	seen.clock_offset_us = 0;
	seen.start_us = 10 * G_USEC_PER_SEC;
	seen.end_us = 20 * G_USEC_PER_SEC;
	seen.packets = journeys_new();
	hear_candidate(&seen, INSIDE, 5000);
	hear_candidate(&seen, OUTSIDE, 6000);
	see_at_nat(seen.packets, "home1", 1, 15, 443);
	see_at_nat(seen.packets, "home1", 2, 5, 444);
	see_at_nat(seen.packets, "home3", 3, 15, 445);
	journeys_sort(seen.packets);
	seen.state = state_of(
		json_pack("[o, o, o, o, o]", session("tcp", INSIDE, 443, RELAY, 443, 443, true),
			  session("tcp", INSIDE, 444, RELAY, 443, 444, true),
			  session("tcp", INSIDE, 445, RELAY, 443, 445, true),
			  session("udp", INSIDE, 5000, RELAY, 3478, 5000, true),
			  session("udp", INSIDE, 5001, RELAY, 3478, 5001, true)),
		json_pack("[o, o]", session("udp", OUTSIDE, 6000, RELAY, 3478, 0, true),
			  session("tcp", INSIDE, 443, RELAY, 443, 0, true)));
	own = sessions_of_call(&seen, c);
	cr_assert_eq(own->len, 3, "%u", own->len);
	cr_expect_eq(((struct tracked *)own->pdata[0])->sport, 443,
		     "its packet came by while the call went on");
	cr_expect_eq(((struct tracked *)own->pdata[1])->sport, 5000, "a candidate");
	cr_expect_eq(((struct tracked *)own->pdata[2])->sport, 6000,
		     "a reflexive candidate, behind the NAT");
	g_ptr_array_unref(own);
	observation_clear(&seen);
	cell_free(c);
}

Test(sessions, a_state_of_an_older_run_tells_of_none)
{
	struct observation seen;
	struct cell *c = cell_of_home1();
	g_autoptr(finding) f = finding_new(NULL);
	g_autoptr(GString) out = g_string_new(NULL);
	json_t *list;

	observation_init(&seen);
	hear_candidate(&seen, INSIDE, 5000);
	seen.state = state_from(json_pack("{s:{s:{}}}", "nodes", "nat1"));
	cr_expect_null(sessions_of_call(&seen, c));
	sessions_prove(f, NULL);
	cr_expect_eq(f->proof->len, 0);
	sessions_text(&seen, c, f, 80, out);
	cr_expect_str_eq(out->str, "", "%s", out->str);
	list = sessions_json(&seen, c);
	cr_expect(json_is_array(list) && json_array_size(list) == 0);
	json_decref(list);
	observation_clear(&seen);
	cell_free(c);
}

/* --- proof ------------------------------------------------------------------------------------ */

static void put_hop(walk *w, const char *node, const char *src, const char *dst)
{
	struct hop *h = walk_add_hop(w, node, NULL, NULL);

	cr_assert(addr_parse(src, &h->src) && addr_parse(dst, &h->dst));
	h->sport = CLIENT_PORT;
	h->dport = 3478;
	g_free(w->node);
	w->node = g_strdup(node);
}

/* home1 > nat1 > core > edge, where the question arrives and the answer ends as told. */
static finding *finding_of(enum direction direction, enum walk_end forward, enum walk_end back)
{
	finding *f = finding_new(NULL);
	struct leg *l = g_new0(struct leg, 1);

	f->code = CAUSE_RETURN_WRONG_EGRESS;
	f->direction = direction;
	l->walk = g_new0(struct walk_pair, 1);
	l->walk->forward = walk_new();
	put_hop(l->walk->forward, "home1", INSIDE, RELAY);
	put_hop(l->walk->forward, "nat1", OUTSIDE, RELAY);
	put_hop(l->walk->forward, "core", OUTSIDE, RELAY);
	put_hop(l->walk->forward, "edge", OUTSIDE, RELAY);
	l->walk->forward->end = forward;
	l->walk->back = walk_new();
	l->walk->back->end = back;
	l->flow = (struct flow){.proto = PROTO_UDP, .dport = 3478};
	g_ptr_array_add(f->legs, l);
	return f;
}

static const struct proof_case {
	const char *name;
	enum direction direction;
	enum walk_end forward, back;
	bool nat_replied, core_replied,
		core_is_other; /* other: of the flow's addresses, another protocol */
	const char *proof;     /* NULL: none */
} proofs[] = {
	{"nobody saw the answer", DIRECTION_BACK, WALK_DELIVERED, WALK_NO_ROUTE, false, false,
	 false, "core: session udp " OUTSIDE ":6000 -> " RELAY ":3478, no reply"},
	{"it came as far as core", DIRECTION_BACK, WALK_DELIVERED, WALK_FILTERED, false, true,
	 false,
	 "nat1: session udp " INSIDE ":5000 -> " RELAY ":3478, outside " OUTSIDE ":6000, no reply"},
	{"core remembers something else", DIRECTION_BACK, WALK_DELIVERED, WALK_FILTERED, false,
	 false, true,
	 "nat1: session udp " INSIDE ":5000 -> " RELAY ":3478, outside " OUTSIDE ":6000, no reply"},
	{"it came through", DIRECTION_BACK, WALK_DELIVERED, WALK_FILTERED, true, true, false, NULL},
	{"it is not the answer that got lost", DIRECTION_THERE, WALK_DELIVERED, WALK_FILTERED,
	 false, false, false, NULL},
	{"the walk was not this one", DIRECTION_BACK, WALK_DELIVERED, WALK_DELIVERED, false, false,
	 false, NULL},
	{"the question did not arrive", DIRECTION_BACK, WALK_FILTERED, WALK_FILTERED, false, false,
	 false, NULL},
};

Test(sessions, prove_that_the_question_passed_and_no_answer_did)
{
	for (guint i = 0; i < G_N_ELEMENTS(proofs); i++) {
		const struct proof_case *c = &proofs[i];
		g_autoptr(netstate) state =
			state_of(json_pack("[o]", session("udp", INSIDE, 5000, RELAY, 3478, 6000,
							  c->nat_replied)),
				 json_pack("[o]", session(c->core_is_other ? "tcp" : "udp", OUTSIDE,
							  6000, RELAY, 3478, 0, c->core_replied)));
		g_autoptr(GPtrArray) sessions = tracked_of(state, NULL);
		g_autoptr(finding) f = finding_of(c->direction, c->forward, c->back);

		sessions_prove(f, sessions);
		cr_assert_eq(f->proof->len, c->proof ? 1 : 0, "%s: %u", c->name, f->proof->len);
		if (c->proof)
			cr_expect_str_eq(f->proof->pdata[0], c->proof, "%s: %s", c->name,
					 (const char *)f->proof->pdata[0]);
	}
}

Test(sessions, prove_that_a_mapping_changed)
{
	static const int second_ports[] = {6000, 6001};

	for (guint i = 0; i < G_N_ELEMENTS(second_ports); i++) {
		g_autoptr(netstate) state =
			state_of(json_pack("[o, o, o]",
					   session("udp", INSIDE, 4999, RELAY, 3478, 4999, true),
					   session("udp", INSIDE, 5000, RELAY, 3478, 6000, true),
					   session("udp", INSIDE, 5000, "203.0.113.21", 3478,
						   second_ports[i], true)),
				 json_array());
		g_autoptr(GPtrArray) sessions = tracked_of(state, NULL);
		g_autoptr(finding) f = finding_new(NULL);

		f->code = CAUSE_NAT_MAPPING_CHANGED;
		f->node = g_strdup("nat1");
		sessions_prove(f, sessions);
		cr_assert_eq(f->proof->len, second_ports[i] == 6001 ? 1 : 0,
			     "the second is seen as %d", second_ports[i]);
		if (f->proof->len == 1)
			cr_expect_str_eq(f->proof->pdata[0],
					 "nat1: session udp " INSIDE ":5000 -> " RELAY
					 ":3478 is outside " OUTSIDE ":6000, and udp " INSIDE
					 ":5000 -> 203.0.113.21:3478 is outside " OUTSIDE ":6001");
	}
}

/* --- for people and programs ------------------------------------------------------------------ */

Test(sessions, are_told_a_line_each)
{
	struct observation seen;
	struct cell *c = cell_of_home1();
	g_autoptr(finding) f = finding_of(DIRECTION_BACK, WALK_DELIVERED, WALK_FILTERED);
	g_autoptr(GString) out = g_string_new(NULL);
	json_t *list;

	observation_init(&seen);
	hear_candidate(&seen, INSIDE, 5000);
	hear_candidate(&seen, OUTSIDE, 6000);
	hear_candidate(&seen, INSIDE, 4000);
	hear_candidate(&seen, INSIDE, 4001);
	seen.packets = journeys_new();
	see_at_nat(seen.packets, "home1", 1, 15, 443);
	journeys_sort(seen.packets);
	seen.state = state_of(
		json_pack("[o, o, o, o]", session("tcp", INSIDE, 443, RELAY, 443, 0, false),
			  session("udp", INSIDE, 4000, "10.0.1.53", 53, 4000, true),
			  session("udp", INSIDE, 4001, "10.0.1.53", 53, 4001, true),
			  session("udp", INSIDE, 5000, RELAY, 3478, 6000, false)),
		json_pack("[o]", session("udp", OUTSIDE, 6000, RELAY, 3478, 0, true)));
	planned_node(seen.state, "core")->sessions_left_out = 7;
	sessions_text(&seen, c, f, 80, out);
	cr_expect_str_eq(
		out->str,
		"\nsessions on the path\n"
		"  nat1: tcp 192.168.1.10:443 -> 203.0.113.20:443, no reply, SYN_SENT, 25s left\n"
		"  nat1: udp 192.168.1.10:4000 -> 10.0.1.53:53, outside 198.51.100.14:4000,\n"
		"        replied, assured, 25s left, and 1 like it\n"
		"  nat1: udp 192.168.1.10:5000 -> 203.0.113.20:3478, outside 198.51.100.14:6000,\n"
		"        no reply, 25s left\n"
		"  core: udp 198.51.100.14:6000 -> 203.0.113.20:3478, replied, assured, 25s left\n"
		"  core: 7 more, of any call, are not recorded\n",
		"%s", out->str);
	list = sessions_json(&seen, c);
	cr_assert_eq(json_array_size(list), 5);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(list, 4), "node")),
			 "core");
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(list, 3), "reply_dst")),
			 OUTSIDE);
	json_decref(list);
	observation_clear(&seen);
	cell_free(c);
}
