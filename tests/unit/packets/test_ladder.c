/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who sent what to whom: from events and packets by hand. */
#include "testbed/report/ladder_text.h"

#include <criterion/criterion.h>
#include <string.h>

#define MS_NS 1000000u

static const char topology[] =
	"topology: t\n"
	"domain: t.test\n"
	"scenarios: {plain: {title: none}}\n"
	"networks:\n"
	"  lan: {subnet: 10.0.0.0/24}\n"
	"nodes:\n"
	"  alice:\n    interfaces: {lan: {network: lan, address: 10.0.0.1/24}}\n"
	"  server:\n    interfaces: {lan: {network: lan, address: 10.0.0.9/24}}\n"
	"  relay:\n    interfaces: {lan: {network: lan, address: 10.0.0.8/24}}\n"
	"  bob:\n    interfaces: {lan: {network: lan, address: 10.0.0.2/24}}\n";

struct stage {
	model *m;
	struct observation seen;
	struct cell *c;
};

static void stage_init(struct stage *s)
{
	diags *d = diags_new();

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

static void both_signed_in(struct stage *s)
{
	hear(s, "alice", json_pack("{s:s, s:i}", "event", "signed-in", "time_us", 0));
	hear(s, "bob", json_pack("{s:s, s:i}", "event", "signed-in", "time_us", 0));
}

static void say_sip(struct stage *s, const char *agent, int ms, bool sent, const char *method,
		    int status, const char *call)
{
	hear(s, agent,
	     json_pack("{s:s, s:i, s:b, s:s, s:o, s:s?, s:s}", "event", "sip", "time_us", ms * 1000,
		       "sent", sent, "method", method, "status",
		       status ? json_integer(status) : json_null(), "call", call, "peer",
		       "10.0.0.9:5061"));
}

static void see(struct stage *s, const char *node, bool out, guint64 ms, const char *src,
		const char *dst, guint8 id)
{
	struct sighting at = {.node = g_intern_string(node),
			      .iface = g_intern_string("lan"),
			      .out = out,
			      .time_ns = ms * MS_NS,
			      .proto = PROTO_UDP,
			      .sport = 1000,
			      .dport = 3478,
			      .stun = 0x0001};

	addr_parse(src, &at.src);
	addr_parse(dst, &at.dst);
	at.id.kind = PACKET_STUN;
	at.id.bytes[1] = 1;
	at.id.bytes[2] = id;
	journeys_add(s->seen.packets, &at);
}

static char *drawn_in(struct stage *s, bool sign_in, guint columns)
{
	GString *out = g_string_new(NULL);
	ladder *l;

	journeys_sort(s->seen.packets);
	l = ladder_new(s->m, &s->seen, s->c, sign_in);
	ladder_text(l, columns, out);
	object_free(l);
	return g_string_free(out, FALSE);
}

static char *drawn(struct stage *s, bool sign_in)
{
	return drawn_in(s, sign_in, LADDER_COLUMNS);
}

Test(ladder, draws_sip_by_the_way_of_each_message)
{
	struct stage s;
	g_autofree char *text = NULL;

	stage_init(&s);
	both_signed_in(&s);
	say_sip(&s, "bob", 3, false, "INVITE", 0, "call");
	say_sip(&s, "alice", 1, true, "INVITE", 0, "call");
	say_sip(&s, "alice", 5, false, "INVITE", 480, "call");
	text = drawn(&s, false);
	cr_expect_str_eq(strchr(text + 1, '\n') + 1,
			 "    ms            alice                  server                    bob\n"
			 "     0              |------- INVITE ------->|                       |\n"
			 "     2              |                       |------- INVITE ------->|\n"
			 "     4              |<--- 480 (INVITE) -----|                       |\n");
	stage_clear(&s);
}

Test(ladder, leaves_the_sign_in_out_unless_it_failed_or_is_asked_for)
{
	static const struct {
		bool signed_in, asked, there;
	} cases[] = {{true, false, false}, {true, true, true}, {false, false, true}};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct stage s;
		g_autofree char *text = NULL;

		stage_init(&s);
		if (cases[i].signed_in)
			both_signed_in(&s);
		say_sip(&s, "alice", 1, true, "REGISTER", 0, NULL);
		say_sip(&s, "alice", 2, true, "INVITE", 0, "call");
		text = drawn(&s, cases[i].asked);
		cr_expect_eq(strstr(text, "REGISTER") != NULL, cases[i].there, "case %u: %s", i,
			     text);
		cr_expect(strstr(text, "INVITE"), "case %u: %s", i, text);
		stage_clear(&s);
	}
}

/* The first segment of alice's connection to port 443 of the relay's node. */
static void see_connection(struct stage *s)
{
	struct sighting at = {.node = g_intern_string("alice"),
			      .iface = g_intern_string("lan"),
			      .out = true,
			      .time_ns = 5 * MS_NS,
			      .proto = PROTO_TCP,
			      .sport = 1000,
			      .dport = 443,
			      .tcp_flags = TCP_FLAG_SYN};

	addr_parse("10.0.0.1", &at.src);
	addr_parse("10.0.0.8", &at.dst);
	at.id.kind = PACKET_TCP;
	journeys_add(s->seen.packets, &at);
}

Test(ladder, leaves_out_connections_to_the_web_service)
{
	for (guint i = 0; i < 2; i++) {
		struct stage s;
		g_autofree char *text = NULL;

		stage_init(&s);
		both_signed_in(&s);
		say_sip(&s, "alice", 2, true, "INVITE", 0, "call");
		see_connection(&s);
		if (i > 0)
			hear(&s, "alice",
			     json_pack("{s:s, s:i, s:{s:s, s:i}}", "event", "web", "time_us", 1,
				       "server", "address", "10.0.0.8", "port", 443));
		text = drawn(&s, false);
		cr_expect_eq(strstr(text, "TCP SYN") != NULL, i == 0, "%u: %s", i, text);
		stage_clear(&s);
	}
}

Test(ladder, counts_what_is_alike_and_says_where_it_was_lost)
{
	struct stage s;
	g_autofree char *text = NULL;

	stage_init(&s);
	both_signed_in(&s);
	for (guint8 i = 0; i < 3; i++) {
		see(&s, "alice", true, 10u + i, "10.0.0.1", "10.0.0.2", i);
		see(&s, "server", false, 10u + i, "10.0.0.1", "10.0.0.2", i);
	}
	see(&s, "alice", true, 20, "10.0.0.1", "10.0.0.8", 9);
	see(&s, "relay", false, 20, "10.0.0.1", "10.0.0.8", 9);
	text = drawn(&s, false);
	cr_expect(strstr(text, "binding request x3, last at server:lan"), "%s", text);
	cr_expect(strstr(text, "-X"), "it goes half of the way: %s", text);
	cr_expect(strstr(text, "relay"), "who got a packet has a lane: %s", text);
	cr_expect(!strstr(text, "server  "), "who only passed it on has none: %s", text);
	stage_clear(&s);
}

Test(ladder, of_a_whole_run_only_this_calls_packets)
{
	struct stage s;
	g_autofree char *text = NULL;

	stage_init(&s);
	both_signed_in(&s);
	s.seen.end_us = 1000000;
	hear(&s, "alice",
	     json_pack("{s:s, s:i, s:s, s:s, s:s, s:i}", "event", "candidate", "time_us", 1, "side",
		       "local", "type", "host", "address", "10.0.0.1", "port", 1000));
	see(&s, "alice", true, 10, "10.0.0.1", "10.0.0.8", 1);
	see(&s, "relay", false, 10, "10.0.0.1", "10.0.0.8", 1);
	see(&s, "bob", true, 11, "10.0.0.2", "10.0.0.8", 2);
	see(&s, "relay", false, 11, "10.0.0.2", "10.0.0.8", 2);
	text = drawn(&s, false);
	cr_expect(strstr(text, "binding request"), "%s", text);
	cr_expect(!strstr(text, "x2") && !strstr(text, "<"),
		  "not what bob sent by a port of another call: %s", text);
	stage_clear(&s);
}

#define LONG_REASON                                                                           \
	"one word after the other until the line is full and goes on below, so that nothing " \
	"at all is lost"

/* All words of a drawing, whatever bars and lines are between them. */
static char *words_of(const char *text)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \n|", -1);
	GString *all = g_string_new(NULL);

	for (guint i = 0; words[i]; i++)
		if (*words[i])
			g_string_append_printf(all, "%s ", words[i]);
	return g_string_free(all, FALSE);
}

/* Nothing is cut and no line is wider than the terminal, down to where each message is a line of
 * text, because there is no room for lanes. */
Test(ladder, no_line_is_wider_than_a_terminal)
{
	static const guint widths[] = {80, 60, 40};

	for (guint w = 0; w < G_N_ELEMENTS(widths); w++) {
		struct stage s;
		g_autofree char *text = NULL, *words = NULL;
		g_auto(GStrv) lines = NULL;

		stage_init(&s);
		both_signed_in(&s);
		hear(&s, "alice",
		     json_pack("{s:s, s:i, s:s, s:s}", "event", "call-result", "time_us", 5,
			       "verdict", "fail", "reason", LONG_REASON));
		for (guint8 i = 0; i < 6; i++) {
			g_autofree char *node = g_strdup_printf("server-%u", i);

			see(&s, "alice", true, 10u + i, "10.0.0.1", "10.0.0.8", i);
			see(&s, node, false, 10u + i, "10.0.0.1", "10.0.0.8", i);
		}
		text = drawn_in(&s, true, widths[w]);
		lines = g_strsplit(text, "\n", -1);
		for (guint i = 0; lines[i]; i++)
			cr_expect_leq(strlen(lines[i]), widths[w], "%u: %s", i, text);
		words = words_of(text);
		cr_expect(strstr(words, LONG_REASON), "%u columns: %s", widths[w], text);
		cr_expect(strstr(words, "binding request, last at "), "%u columns: %s", widths[w],
			  text);
		for (guint8 i = 0; i < 6; i++) {
			g_autofree char *node = g_strdup_printf("server-%u:lan ", i);

			cr_expect(strstr(words, node), "%u columns: %s", widths[w], text);
		}
		stage_clear(&s);
	}
}

/* Names that do not fit beside each other stand on lines of their own; with even less room each
 * message is a line of text. */
Test(ladder, names_of_narrow_lanes_are_whole)
{
	static const char *const names[] = {"headquarters", "media-server", "warehouse",
					    "kiosk",	    "one",	    "two",
					    "three",	    "four",	    "five"};
	static const struct {
		guint lanes;
		const char *drawn;
	} rows[] = {
		{4, "    ms  headquarters    warehouse kiosk\n"
		    "            |   media-server|       |\n"
		    "     0      | INVITE        |       |\n"
		    "            |------>|       |       |\n"},
		{9, "    ms\n"
		    "     0  headquarters > media-server:\n"
		    "          INVITE\n"},
	};
	struct rung invite = {
		.count = 1, .from = names[0], .to = names[1], .label = (char *)(guintptr) "INVITE"};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		ladder l = {.lanes = g_ptr_array_new(), .rungs = g_ptr_array_new()};
		g_autoptr(GString) out = g_string_new(NULL);

		for (guint k = 0; k < rows[i].lanes; k++)
			g_ptr_array_add(l.lanes, (gpointer)(guintptr)names[k]);
		g_ptr_array_add(l.rungs, &invite);
		ladder_text(&l, 40, out);
		cr_expect(g_str_has_suffix(out->str, rows[i].drawn), "%s", out->str);
		g_ptr_array_unref(l.lanes);
		g_ptr_array_unref(l.rungs);
	}
}

static json_t *web_event(int ms, const char *name, const json_t *came)
{
	json_t *event = json_pack("{s:s, s:i, s:{s:s, s:s, s:i}, s:s}", "event", "web", "time_us",
				  ms * 1000, "server", "name", name, "address", "10.0.0.9", "port",
				  443, "path", "/root");

	json_object_update(event, (json_t *)(guintptr)came);
	return event;
}

/* With the sign-in only: what was asked, and what came of it. */
Test(ladder, requests_to_the_web)
{
	static const struct {
		const char *came, *told;
	} rows[] = {
		{"{\"status\": 200, \"access_location\": \"External\", \"next\": "
		 "\"https://b/user\"}",
		 "alice: web https://a.example/root, HTTP 200, External, leads to https://b/user"},
		{"{\"status\": 200, \"sip_server\": {\"name\": \"sip.example\", \"port\": 443}}",
		 "alice: web https://a.example/root, HTTP 200, names the server sip.example port "
		 "443"},
		{"{\"status\": 404, \"reason\": \"HTTP 404: not found\"}",
		 "alice: web https://a.example/root: HTTP 404: not found"},
		{"{\"reason\": \"connection refused\"}",
		 "alice: web https://a.example/root: connection refused"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct stage s;
		json_t *came = json_loads(rows[i].came, 0, NULL);
		g_autoptr(ladder) with = NULL, without = NULL;
		const struct rung *r;

		stage_init(&s);
		hear(&s, "alice", web_event(5, "a.example", came));
		both_signed_in(&s);
		with = ladder_new(s.m, &s.seen, s.c, true);
		without = ladder_new(s.m, &s.seen, s.c, false);
		cr_assert_eq(with->rungs->len, 3u, "row %u", i);
		cr_expect_eq(without->rungs->len, 0u, "row %u", i);
		r = with->rungs->pdata[2];
		cr_expect_str_eq(r->label, rows[i].told, "row %u: %s", i, r->label);
		json_decref(came);
		stage_clear(&s);
	}
}
