/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call step by step, from events and packets by hand. */
#include "testbed/report/story_json.h"

#include <criterion/criterion.h>
#include <string.h>

#define MS_NS 1000000u

/* alice is behind a NAT, bob beside the relay. */
static const char topology[] =
	"topology: t\n"
	"domain: t.test\n"
	"scenarios: {plain: {title: none}}\n"
	"networks:\n"
	"  lan: {subnet: 10.0.0.0/24}\n"
	"  out: {subnet: 203.0.113.0/24}\n"
	"nodes:\n"
	"  alice:\n    interfaces: {lan: {network: lan, address: 10.0.0.1/24}}\n"
	"  gw:\n    forwarding: true\n    interfaces:\n"
	"      lan: {network: lan, address: 10.0.0.254/24}\n"
	"      wan: {network: out, address: 203.0.113.1/24}\n"
	"    nat: [{name: n, masquerade: wan}]\n"
	"  relay:\n    interfaces: {eth0: {network: out, address: 203.0.113.8/24}}\n"
	"  bob:\n    interfaces: {eth0: {network: out, address: 203.0.113.2/24}}\n";

struct stage {
	model *m;
	struct observation seen;
	struct cell *c;
	story *s;
};

static void stage_init(struct stage *s)
{
	diags *d = diags_new();

	*s = (struct stage){0};
	s->m = model_load_text("t.yaml", topology, strlen(topology), d);
	cr_assert(s->m, "the topology is right");
	diags_free(d);
	observation_init(&s->seen);
	s->seen.clock_offset_us = 0;
	s->seen.packets = journeys_new();
	s->c = cell_new();
	g_ptr_array_add(s->c->participants, g_strdup("alice"));
	g_ptr_array_add(s->c->participants, g_strdup("bob"));
}

static void stage_clear(struct stage *s)
{
	object_free(s->s);
	observation_clear(&s->seen);
	cell_free(s->c);
	model_free(s->m);
}

static void hear(struct stage *s, const char *agent, json_t *event)
{
	cr_assert(event, "the event is well made");
	g_ptr_array_add(s->seen.heard, heard_new(agent, event));
	json_decref(event);
}

static void say_sip(struct stage *s, const char *agent, int ms, bool sent, const char *method,
		    int status, const char *peer)
{
	hear(s, agent,
	     json_pack("{s:s, s:i, s:b, s:s, s:o, s:s, s:s, s:s}", "event", "sip", "time_us",
		       ms * 1000, "sent", sent, "method", method, "status",
		       status ? json_integer(status) : json_null(), "call", "call", "peer", peer,
		       "text", "</script><!--"));
}

struct packet {
	const char *node, *iface;
	bool out;
	guint64 ms;
	const char *src, *dst;
	guint16 sport, dport;
};

/* The same STUN request or answer at several places. */
static void see(struct stage *s, const struct packet *way, guint n, guint16 stun, guint8 id,
		bool in_turn)
{
	for (guint i = 0; i < n; i++) {
		struct sighting at = {.node = g_intern_string(way[i].node),
				      .iface = g_intern_string(way[i].iface),
				      .out = way[i].out,
				      .time_ns = way[i].ms * MS_NS,
				      .proto = PROTO_UDP,
				      .sport = way[i].sport,
				      .dport = way[i].dport,
				      .in_turn = in_turn,
				      .stun = stun};

		addr_parse(way[i].src, &at.src);
		addr_parse(way[i].dst, &at.dst);
		at.id.kind = PACKET_STUN;
		at.id.bytes[0] = (guint8)(stun >> 8);
		at.id.bytes[1] = (guint8)stun;
		at.id.bytes[2] = id;
		journeys_add(s->seen.packets, &at);
	}
}

static const struct step *tell(struct stage *s, guint n)
{
	journeys_sort(s->seen.packets);
	s->s = story_new(s->m, &s->seen, s->c, NULL);
	return n < s->s->steps->len ? s->s->steps->pdata[n] : NULL;
}

#define WAY(ms)                                                                                  \
	{                                                                                        \
		{"alice", "lan", true, (ms), "10.0.0.1", "203.0.113.8", 1000, 3478},             \
			{"gw", "lan", false, (ms) + 1, "10.0.0.1", "203.0.113.8", 1000, 3478},   \
			{"gw", "wan", true, (ms) + 2, "203.0.113.1", "203.0.113.8", 1000, 3478}, \
			{"relay",	"eth0",	       false, (ms) + 3,                          \
			 "203.0.113.1", "203.0.113.8", 1000,  3478},                             \
	}

Test(story, a_request_crosses_a_nat_and_its_answer_is_tied_to_it)
{
	static const struct packet way[] = WAY(1);
	static const struct packet back[] = {
		{"relay", "eth0", true, 5, "203.0.113.8", "203.0.113.1", 3478, 1000},
		{"gw", "wan", false, 6, "203.0.113.8", "203.0.113.1", 3478, 1000},
		{"gw", "lan", true, 7, "203.0.113.8", "10.0.0.1", 3478, 1000},
		{"alice", "lan", false, 8, "203.0.113.8", "10.0.0.1", 3478, 1000}};
	struct stage s;
	const struct step *p, *answer;

	stage_init(&s);
	see(&s, way, 4, 0x0003, 1, false);
	see(&s, back, 4, 0x0103, 1, false);
	p = tell(&s, 0);
	cr_assert_eq(s.s->steps->len, 2);
	cr_expect_str_eq(p->title, "TURN Allocate request");
	cr_expect_str_eq(p->text,
			 "alice asks the relay on relay for an address that others can send to.");
	cr_expect_str_eq(p->to, "relay");
	cr_expect_eq(p->hops->len, 4);
	cr_expect_str_eq(g_array_index(p->hops, struct story_hop, 2).nat,
			 "SNAT 10.0.0.1:1000 -> 203.0.113.1:1000");
	cr_expect_null(p->lost);
	cr_expect_not(p->back);
	answer = s.s->steps->pdata[1];
	cr_expect_eq(answer->answers, p);
	cr_expect(answer->back);
	cr_expect_str_eq(g_array_index(answer->hops, struct story_hop, 2).nat,
			 "DNAT 203.0.113.1:1000 -> 10.0.0.1:1000");
	stage_clear(&s);
}

Test(story, what_is_sent_again_is_one_step_and_ends_where_it_was_seen_last)
{
	static const struct packet first[] = WAY(1), again[] = WAY(100);
	struct stage s;
	const struct step *p;

	stage_init(&s);
	see(&s, first, 2, 0x0003, 1, false);
	see(&s, again, 2, 0x0003, 1, false);
	p = tell(&s, 0);
	cr_assert_eq(s.s->steps->len, 1);
	cr_expect_eq(p->count, 2);
	cr_expect_eq(p->until_us - p->time_us, 99000);
	cr_assert_not_null(p->lost);
	cr_expect_str_eq(p->lost->node, "gw");
	cr_expect_str_eq(p->lost->iface, "lan");
	cr_expect_str_eq(p->lost->text, "It was seen last as it came in at gw by lan.");
	stage_clear(&s);
}

Test(story, a_relay_passes_a_packet_on_in_one_step)
{
	static const struct packet way[] = WAY(1);
	static const struct packet on[] = {
		{"relay", "eth0", true, 5, "203.0.113.8", "203.0.113.2", 50000, 2000},
		{"bob", "eth0", false, 6, "203.0.113.8", "203.0.113.2", 50000, 2000}};
	struct stage s;
	const struct step *p;

	stage_init(&s);
	see(&s, way, 4, 0x0001, 1, true);
	see(&s, on, 2, 0x0001, 1, false);
	p = tell(&s, 0);
	cr_assert_eq(s.s->steps->len, 1);
	cr_expect_str_eq(p->title, "ICE check");
	cr_expect_str_eq(p->to, "bob");
	cr_expect_eq(p->hops->len, 6);
	cr_expect_str_eq(g_array_index(p->hops, struct story_hop, 4).relay, "the relay on relay");
	cr_expect_null(p->lost);
	stage_clear(&s);
}

Test(story, a_relay_that_passes_nothing_on_is_where_it_ends)
{
	static const struct packet way[] = WAY(1);
	struct stage s;
	const struct step *p;

	stage_init(&s);
	see(&s, way, 4, 0x0001, 1, true);
	p = tell(&s, 0);
	cr_assert(p && p->lost);
	cr_expect_str_eq(p->lost->node, "relay");
	cr_expect_null(p->lost->iface);
	cr_expect_str_eq(p->lost->text, "The relay on relay did not pass it on.");
	stage_clear(&s);
}

Test(story, time_begins_at_the_invite_and_both_ends_tell_of_one_message)
{
	struct stage s;
	const struct step *p;

	stage_init(&s);
	hear(&s, "alice", json_pack("{s:s, s:i}", "event", "signed-in", "time_us", 500));
	say_sip(&s, "alice", 1, true, "INVITE", 0, "203.0.113.2:5061");
	say_sip(&s, "bob", 3, false, "INVITE", 0, "10.0.0.1:4000");
	say_sip(&s, "bob", 4, true, "INVITE", 200, "10.0.0.1:4000");
	say_sip(&s, "bob", 9, true, "BYE", 0, "10.0.0.1:4000");
	p = tell(&s, 1);
	cr_assert_eq(s.s->steps->len, 4);
	cr_expect_str_eq(s.s->zero, "INVITE");
	cr_expect_eq(s.s->zero_us, 1000);
	cr_expect_str_eq(p->title, "INVITE");
	cr_expect_eq(p->phase, PHASE_CALL);
	cr_expect_eq(((const struct step *)s.s->steps->pdata[0])->phase, PHASE_SIGN_IN);
	p = s.s->steps->pdata[2];
	cr_expect_str_eq(p->title, "200 (INVITE)");
	cr_expect_eq(p->answers, s.s->steps->pdata[1]);
	cr_expect(p->back);
	cr_expect_eq(((const struct step *)s.s->steps->pdata[3])->phase, PHASE_END);
	stage_clear(&s);
}

Test(story, what_a_relay_could_not_send_is_told_by_its_report)
{
	struct stage s;
	const struct step *p;

	stage_init(&s);
	hear(&s, "relay/tb-edge",
	     json_pack("{s:s, s:i, s:s, s:s}", "event", "send-error", "time_us", 7, "to",
		       "10.0.0.1:1000", "text", "Network is unreachable"));
	p = tell(&s, 0);
	cr_assert(p && p->lost);
	cr_expect_str_eq(p->from, "relay");
	cr_expect_str_eq(p->to, "alice");
	cr_expect_eq(p->hops->len, 0);
	cr_expect_str_eq(p->lost->text, "The kernel of relay did not send it to 10.0.0.1:1000: "
					"Network is unreachable.");
	stage_clear(&s);
}

/* A copy that lives, and can be reached, until the test's process ends. */
static guint8 *kept_copy(const guint8 *bytes, gsize length)
{
	static GPtrArray *kept;
	guint8 *copy = g_memdup2(bytes, length);

	kept = kept ? kept : g_ptr_array_new();
	g_ptr_array_add(kept, copy);
	return copy;
}

/* The Internet's error about alice's request, as it is before the NAT of gw and behind it. */
static void see_error(struct stage *s, const char *node, const char *iface, bool out, guint64 ms,
		      const char *to, guint8 transaction)
{
	guint8 bytes[76] = {0x45, 0, 0, 76, 0, 0, 0, 0, 64, 1, 0, 0, 203, 0, 113, 254};
	guint8 *icmp = bytes + 20, *about = icmp + 8, *stun = about + 28;
	const guint8 asked[] = {0x45, 0, 0, 48, 0, 7, 0, 0, 63, 17, 0, 0};
	const guint8 ports[] = {1000 >> 8, 1000 & 0xff, 3478 >> 8, 3478 & 0xff};
	const guint8 message[] = {0, 3, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	struct sighting at;
	struct addr source, relay;

	cr_assert(addr_parse(to, &source) && addr_parse("203.0.113.8", &relay));
	memcpy(bytes + 16, source.bytes, 4);
	icmp[0] = 3;
	icmp[2] = source.bytes[0]; /* the checksum changes with the addresses */
	memcpy(about, asked, sizeof asked);
	memcpy(about + 12, source.bytes, 4);
	memcpy(about + 16, relay.bytes, 4);
	memcpy(about + 20, ports, sizeof ports);
	memcpy(stun, message, sizeof message);
	stun[8] = transaction;
	cr_assert(packet_read(bytes, sizeof bytes, sizeof bytes, false, &at));
	at.node = g_intern_string(node);
	at.iface = g_intern_string(iface);
	at.out = out;
	at.time_ns = ms * MS_NS;
	at.bytes = kept_copy(bytes, sizeof bytes);
	journeys_add(s->seen.packets, &at);
}

Test(story, an_error_is_a_step_that_answers_what_it_is_about)
{
	static const struct packet way[] = WAY(1), other[] = WAY(20);
	struct stage s;
	const struct step *p;

	stage_init(&s);
	see(&s, way, 3, 0x0003, 1, false);
	see(&s, other, 3, 0x0003, 2, false);
	see_error(&s, "relay", "eth0", true, 5, "203.0.113.1", 1);
	see_error(&s, "gw", "wan", false, 6, "203.0.113.1", 1);
	see_error(&s, "gw", "lan", true, 7, "10.0.0.1", 1);
	see_error(&s, "alice", "lan", false, 8, "10.0.0.1", 1);
	p = tell(&s, 1);
	cr_assert_eq(s.s->steps->len, 2, "%u", s.s->steps->len);
	cr_expect_str_eq(p->title, "ICMP network unreachable");
	cr_expect_str_eq(p->text, "relay tells alice that it has no route for its packet to relay "
				  "(203.0.113.8:3478).");
	cr_expect_eq(p->hops->len, 4, "it is known behind the NAT");
	cr_expect_eq(p->answers, s.s->steps->pdata[0]);
	cr_expect_null(p->lost);
	stage_clear(&s);
}

static guint count_errors(const story *s)
{
	guint n = 0;

	ptr_array_foreach(const struct step, p, s->steps)
		n += g_str_equal(p->protocol, "icmp");
	return n;
}

/* In a whole run errors about packets of other calls are left out. */
Test(story, an_error_about_another_call_is_left_out)
{
	struct stage s;

	stage_init(&s);
	s.seen.start_us = 1000;
	s.seen.end_us = 90000;
	hear(&s, "alice", json_pack("{s:s, s:i}", "event", "signed-in", "time_us", 500));
	hear(&s, "bob", json_pack("{s:s, s:i}", "event", "signed-in", "time_us", 500));
	see_error(&s, "gw", "lan", true, 7, "10.0.0.1", 1);
	see_error(&s, "alice", "lan", false, 8, "10.0.0.1", 1);
	tell(&s, 0);
	cr_expect_eq(count_errors(s.s), 0, "it is about a port that is no candidate");
	object_free(s.s);
	hear(&s, "alice",
	     json_pack("{s:s, s:i, s:s, s:s, s:s, s:i}", "event", "candidate", "time_us", 2000,
		       "type", "host", "side", "local", "address", "10.0.0.1", "port", 1000));
	s.s = story_new(s.m, &s.seen, s.c, NULL);
	cr_expect_eq(count_errors(s.s), 1);
	stage_clear(&s);
}

/* A relay's answer over TCP that lends `relayed`, from its bytes. */
static void see_lent(struct stage *s, guint64 ms, const char *client, guint16 port,
		     guint16 relayed_port)
{
	/* TCP 443 to the port; Allocate success with XOR-RELAYED-ADDRESS 203.0.113.9 */
	guint8 bytes[72] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 203, 0, 113, 8};
	guint8 *tcp = bytes + 20, *stun = tcp + 20;
	const guint8 message[] = {0x01, 0x03, 0, 12, 0x21, 0x12, 0xa4, 0x42};
	const guint8 lent[] = {0x00, 0x16, 0,	       8,    0,		 1,
			       0,    0,	   203 ^ 0x21, 0x12, 113 ^ 0xa4, 9 ^ 0x42};
	struct sighting at;
	struct addr to;

	cr_assert(addr_parse(client, &to));
	memcpy(bytes + 16, to.bytes, 4);
	tcp[0] = 443 >> 8, tcp[1] = 443 & 0xff;
	tcp[2] = (guint8)(port >> 8), tcp[3] = (guint8)port;
	tcp[12] = 0x50, tcp[13] = TCP_FLAG_ACK;
	memcpy(stun, message, sizeof message);
	stun[8] = (guint8)port; /* the transaction */
	memcpy(stun + 20, lent, sizeof lent);
	stun[26] = (guint8)(relayed_port >> 8) ^ 0x21, stun[27] = (guint8)relayed_port ^ 0x12;
	cr_assert(packet_read(bytes, sizeof bytes, sizeof bytes, false, &at));
	at.node = g_intern_string("relay");
	at.iface = g_intern_string("eth0");
	at.out = true;
	at.time_ns = ms * MS_NS;
	at.bytes = kept_copy(bytes, sizeof bytes);
	journeys_add(s->seen.packets, &at);
	at.node = g_intern_string("bob");
	at.out = false;
	at.time_ns += MS_NS;
	journeys_add(s->seen.packets, &at);
}

Test(story, another_call_of_the_same_end_at_the_same_time_is_left_out)
{
	static const struct packet unsent[] = {
		{"bob", "eth0", true, 20, "203.0.113.2", "203.0.113.8", 2000, 3478},
		{"relay", "eth0", false, 21, "203.0.113.2", "203.0.113.8", 2000, 3478}};
	struct stage s;
	const struct step *p;

	stage_init(&s);
	s.seen.start_us = 1000;
	s.seen.end_us = 90000;
	hear(&s, "alice", json_pack("{s:s, s:i}", "event", "signed-in", "time_us", 500));
	hear(&s, "bob", json_pack("{s:s, s:i}", "event", "signed-in", "time_us", 500));
	hear(&s, "bob",
	     json_pack("{s:s, s:i, s:s, s:s, s:s, s:i}", "event", "candidate", "time_us", 2000,
		       "type", "relay", "side", "local", "address", "203.0.113.9", "port", 50001));
	see_lent(&s, 10, "203.0.113.2", 4001, 50001);
	see_lent(&s, 12, "203.0.113.2", 4002, 50002);
	/* over UDP from a port that is no candidate of this call */
	see(&s, unsent, 2, 0x0003, 1, false);
	hear(&s, "relay/tb-edge",
	     json_pack("{s:s, s:i, s:s, s:s}", "event", "send-error", "time_us", 30000, "to",
		       "203.0.113.2:4002", "text", "no"));
	hear(&s, "relay/tb-edge",
	     json_pack("{s:s, s:i, s:s, s:s}", "event", "send-error", "time_us", 31000, "to",
		       "203.0.113.2:4001", "text", "no"));
	p = tell(&s, 2);
	cr_assert_eq(s.s->steps->len, 4, "%u steps", s.s->steps->len);
	cr_expect_str_eq(p->title, "TURN Allocate answer");
	cr_expect_eq(g_array_index(p->hops, struct story_hop, 0).at->dport, 4001);
	p = s.s->steps->pdata[3];
	cr_expect_str_eq(p->title, "Not sent");
	cr_expect_eq(p->time_us, 31000);
	stage_clear(&s);
}

Test(story, is_packed_by_the_ways_of_its_steps)
{
	static const struct packet first[] = WAY(1), second[] = WAY(100);
	struct stage s;
	json_auto_t *cell = NULL;
	const json_t *steps, *ways, *hop;

	stage_init(&s);
	s.c->id = g_strdup("plain/alice-bob/audio");
	see(&s, first, 4, 0x0003, 1, false);
	see(&s, second, 4, 0x0008, 2, false);
	say_sip(&s, "alice", 200, true, "INVITE", 0, "203.0.113.2:5061");
	journeys_sort(s.seen.packets);
	cell = story_cell_json(
		&(struct story_source){.model = s.m, .cell = s.c, .seen = &s.seen, .packed = true});
	steps = json_object_get(cell, "steps");
	ways = json_object_get(cell, "ways");
	cr_assert_eq(json_array_size(steps), 3);
	cr_expect_eq(json_array_size(ways), 1);
	hop = json_array_get(json_array_get(ways, 0), 2);
	cr_expect_null(json_object_get(hop, "t_us"));
	cr_expect_str_eq(json_string_value(json_object_get(hop, "node")), "gw");
	for (size_t i = 0; i < 2; i++) {
		const json_t *step = json_array_get(steps, i),
			     *times = json_object_get(step, "times");

		cr_expect_eq(json_integer_value(json_object_get(step, "way")), 0);
		cr_expect_eq(json_array_size(times), 4);
		cr_expect_eq(json_integer_value(json_array_get(times, 3)),
			     i == 0 ? -196000 : -97000);
		cr_expect_null(json_object_get(step, "hops"));
	}
	cr_expect_not_null(json_object_get(json_array_get(steps, 2), "hops"));
	stage_clear(&s);
}

Test(story, a_cell_without_packets_says_so)
{
	struct stage s;
	json_auto_t *cell = NULL;

	stage_init(&s);
	g_clear_pointer(&s.seen.packets, journeys_unref);
	s.c->id = g_strdup("plain/alice-bob/audio");
	say_sip(&s, "alice", 1, true, "INVITE", 0, "203.0.113.2:5061");
	cell = story_cell_json(&(struct story_source){.model = s.m, .cell = s.c, .seen = &s.seen});
	cr_assert(cell);
	cr_expect(json_is_false(json_object_get(cell, "evidence")));
	cr_expect_eq(json_array_size(json_object_get(cell, "steps")), 1);
	cr_expect_eq(json_array_size(json_object_get(
			     json_array_get(json_object_get(cell, "steps"), 0), "hops")),
		     0);
	stage_clear(&s);
}
