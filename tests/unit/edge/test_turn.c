/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TURN server with virtual time. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "common/mras.h"
#include "edge/reservation.h"
#include "tests/unit/edge/world.h"

#define S ((gint64)G_USEC_PER_SEC)
#define PEER "192.0.2.77"

static int refresh(struct world *w, struct tester *c, gint64 lifetime_s)
{
	struct ask ask = {.method = STUN_REFRESH, .lifetime_s = lifetime_s};

	return tester_ask(w, c, &ask);
}

static guint32 reply_lifetime_s(const struct world *w)
{
	gsize length = 0;
	const guint8 *v = reply_attribute(w, STUN_ATTRIBUTE_LIFETIME, &length);

	cr_assert(v && length == 4, "a lifetime of 4 bytes");
	return (guint32)v[0] << 24 | (guint32)v[1] << 16 | (guint32)v[2] << 8 | v[3];
}

Test(turn, allocates_on_the_external_interface)
{
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com");
	struct endpoint relay, mapped;

	cr_assert_eq(tester_allocate(w, c), 0, "allocated");
	cr_assert(reply_endpoint(w, STUN_ATTRIBUTE_XOR_RELAYED_ADDRESS, &relay),
		  "has a relayed address");
	cr_assert(reply_endpoint(w, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &mapped),
		  "has a mapped address");
	cr_assert(endpoint_equal(&mapped, &c->tuple.client), "mapped is where it came from");
	cr_assert(endpoint_equal(&relay, &w->last->advertised),
		  "advertised, not bound, address is told");
	cr_assert(relay.port >= 50000 && relay.port <= 59999, "port %u in the range", relay.port);
	cr_assert_eq(w->last->relay.ip[0], 10, "bound to the private address");
	cr_assert_eq(reply_lifetime_s(w), 600, "default lifetime");
	cr_assert_str_eq(w->last->identity, "dc1@contoso.com", "identity without expiry");
	tester_free(c);
	world_free(w);
}

Test(turn, tcp_clients_get_the_second_relay_address)
{
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com");

	c->tuple.transport = TURN_TCP;
	cr_assert_eq(tester_allocate(w, c), 0, "allocated");
	cr_assert_eq(w->last->advertised.ip[3], 21, "av_tcp_public");
	turn_client_gone(w->turn, &c->tuple);
	cr_assert_eq(w->open_relays, 0, "the relay goes with the connection");
	cr_assert_str_eq(w->reason, "client gone", "reason");
	tester_free(c);
	world_free(w);
}

Test(turn, refuses_bad_allocates)
{
	static const guint8 made_up[8] = {1, 2, 3};
	static const struct {
		const char *name;
		struct ask ask;
		int code;
	} rows[] = {
		{"no transport", {.method = STUN_ALLOCATE, .lifetime_s = -1}, 400},
		{"TCP relay", {.method = STUN_ALLOCATE, .lifetime_s = -1, .transport = 6}, 442},
		{"IPv6",
		 {.method = STUN_ALLOCATE, .lifetime_s = -1, .transport = 17, .family = 2},
		 440},
		{"don't fragment",
		 {.method = STUN_ALLOCATE, .lifetime_s = -1, .transport = 17, .extra = 0x1a},
		 420},
		{"unknown",
		 {.method = STUN_ALLOCATE, .lifetime_s = -1, .transport = 17, .extra = 0x7777},
		 420},
		{"a token that nobody gave",
		 {.method = STUN_ALLOCATE, .lifetime_s = -1, .transport = 17, .token = made_up},
		 508},
		{"a token and an even port",
		 {.method = STUN_ALLOCATE,
		  .lifetime_s = -1,
		  .transport = 17,
		  .token = made_up,
		  .even_port = 1},
		 400},
		{"a token and a family",
		 {.method = STUN_ALLOCATE,
		  .lifetime_s = -1,
		  .transport = 17,
		  .token = made_up,
		  .family = 1},
		 400},
	};
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com");

	tester_allocate(w, c);
	refresh(w, c, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		int code = tester_ask(w, c, &rows[i].ask);

		gsize length = 0;

		cr_expect_eq(code, rows[i].code, "%s: %d, got %d", rows[i].name, rows[i].code,
			     code);
		cr_expect(reply_attribute(w, STUN_ATTRIBUTE_ERROR_CODE, &length) && length > 4,
			  "%s: a reason phrase", rows[i].name);
	}
	cr_expect_eq(w->open_relays, 0, "nothing is open");
	tester_free(c);
	world_free(w);
}

Test(turn, an_even_port_is_even)
{
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com");
	struct ask ask = {.method = STUN_ALLOCATE,
			  .lifetime_s = -1,
			  .transport = 17,
			  .even_port = 1,
			  .family = 1};

	tester_allocate(w, c);
	for (guint i = 0; i < 8; i++) {
		refresh(w, c, 0);
		cr_assert_eq(tester_ask(w, c, &ask), 0, "allocated");
		cr_assert_eq(w->last->relay.port % 2, 0, "port %u", w->last->relay.port);
	}
	tester_free(c);
	world_free(w);
}

/* RFC 5766 section 6.2: the port above an even one is kept for half a minute for who has the token.
 */
Test(turn, the_next_port_is_reserved)
{
	static const struct {
		const char *name, *user;
		gint64 wait_us;
		int code;
	} rows[] = {
		{"in time", "dc1@contoso.com", RESERVATION_LIFE_US - 1, 0},
		{"too late", "dc1@contoso.com", RESERVATION_LIFE_US, 508},
		{"another user", "dc2@contoso.com", 0, 508},
	};
	static const struct world_options four_ports = {.port_min = 50000, .port_max = 50003};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world *w = world_new(&four_ports);
		struct tester *rtp = tester_new(1, "dc1@contoso.com"),
			      *rtcp = tester_new(2, rows[i].user),
			      *other = tester_new(3, "dc1@contoso.com");
		struct ask even = {.method = STUN_ALLOCATE,
				   .lifetime_s = -1,
				   .transport = 17,
				   .even_port = 0x81},
			   taken = {.method = STUN_ALLOCATE, .lifetime_s = -1, .transport = 17};
		guint8 token[8];
		const guint8 *value;
		gsize length = 0;
		guint16 port;
		int code;

		tester_allocate(w, rtp);
		refresh(w, rtp, 0);
		cr_assert_eq(tester_ask(w, rtp, &even), 0, "%s: allocated", rows[i].name);
		value = reply_attribute(w, STUN_ATTRIBUTE_RESERVATION_TOKEN, &length);
		cr_assert(value && length == sizeof token, "%s: a token", rows[i].name);
		memcpy(token, value, sizeof token);
		port = w->last->relay.port;
		cr_expect_eq(port % 2, 0, "%s: port %u", rows[i].name, port);
		/* two ports are left for others */
		cr_expect_eq(tester_allocate(w, other), 0, "%s: another relay", rows[i].name);
		cr_expect_neq(w->last->relay.port, port + 1, "%s: the reserved one was given away",
			      rows[i].name);
		tester_allocate(w, rtcp);
		refresh(w, rtcp, 0);
		w->now_us += rows[i].wait_us;
		taken.token = token;
		code = tester_ask(w, rtcp, &taken);
		if (code == 438) /* the nonce has aged */
			code = tester_ask(w, rtcp, &taken);
		cr_expect_eq(code, rows[i].code, "%s: %d", rows[i].name, code);
		cr_expect(code || w->last->relay.port == port + 1, "%s: port %u", rows[i].name,
			  w->last->relay.port);
		tester_free(rtp);
		tester_free(rtcp);
		tester_free(other);
		world_free(w);
	}
}

Test(turn, the_same_allocate_again_is_a_retransmission)
{
	static const guint8 transaction[16] = {0, 0, 0, 0, 1, 2, 3};
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com");
	struct ask ask = {.method = STUN_ALLOCATE,
			  .transport = 17,
			  .lifetime_s = -1,
			  .transaction = transaction};
	struct endpoint first, second;

	tester_allocate(w, c);
	refresh(w, c, 0);
	cr_assert_eq(tester_ask(w, c, &ask), 0, "first");
	reply_endpoint(w, STUN_ATTRIBUTE_XOR_RELAYED_ADDRESS, &first);
	cr_assert_eq(tester_ask(w, c, &ask), 0, "again");
	reply_endpoint(w, STUN_ATTRIBUTE_XOR_RELAYED_ADDRESS, &second);
	cr_assert(endpoint_equal(&first, &second), "same relay");
	ask.transaction = NULL;
	cr_assert_eq(tester_ask(w, c, &ask), 437, "another one: Allocation Mismatch");
	cr_assert_eq(w->open_relays, 1, "one relay");
	tester_free(c);
	world_free(w);
}

Test(turn, checks_credentials)
{
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com"),
		      *other = tester_new(1, "dc2@contoso.com");
	struct ask ask = {.method = STUN_ALLOCATE, .transport = 17, .lifetime_s = -1};
	g_autofree char *good = NULL;

	cr_assert_eq(tester_ask(w, c, &ask), 438, "no nonce of ours: stale");
	good = c->password;
	c->password = g_strdup("wrong");
	cr_assert_eq(tester_ask(w, c, &ask), 401, "wrong password");
	cr_assert_eq(w->auth_failures, 1, "told");
	g_free(c->password);
	c->password = g_steal_pointer(&good);
	c->realm = "elsewhere.com";
	cr_assert_eq(tester_ask(w, c, &ask), 401, "another realm");
	c->realm = WORLD_REALM;
	cr_assert_eq(tester_ask(w, c, &ask), 0, "right");
	memcpy(other->nonce, c->nonce, sizeof c->nonce);
	ask.method = STUN_REFRESH;
	cr_assert_eq(tester_ask(w, other, &ask), 441, "somebody else's allocation");
	w->now_us = 3599 * S;
	cr_assert_eq(tester_ask(w, c, &ask), 437, "the allocation is over, the nonce not");
	w->now_us = 3700 * S;
	cr_assert_eq(tester_ask(w, c, &ask), 438, "the nonce is over");
	cr_assert_eq(tester_ask(w, c, &ask), 437, "the new one is good");
	w->now_us = 7201 * S;
	tester_ask(w, c, &ask);
	cr_assert_eq(tester_ask(w, c, &ask), 401, "the user name is over");
	tester_free(c);
	tester_free(other);
	world_free(w);
}

Test(turn, a_nonce_belongs_to_an_address)
{
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com"),
		      *other = tester_new(2, "dc1@contoso.com");

	tester_allocate(w, c);
	memcpy(other->nonce, c->nonce, sizeof c->nonce);
	cr_assert_eq(refresh(w, other, 600), 438, "stolen");
	tester_free(c);
	tester_free(other);
	world_free(w);
}

Test(turn, lifetimes)
{
	static const struct {
		gint64 wanted_s;
		guint32 granted_s;
	} rows[] = {{-1, 600}, {1, 600}, {600, 600}, {601, 601}, {3600, 3600}, {4000000, 3600}};
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com");

	tester_allocate(w, c);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		cr_expect_eq(refresh(w, c, rows[i].wanted_s), 0, "refreshed");
		cr_expect_eq(reply_lifetime_s(w), rows[i].granted_s, "%d s wanted",
			     (int)rows[i].wanted_s);
	}
	cr_expect_eq(refresh(w, c, 0), 0, "released");
	cr_expect_eq(reply_lifetime_s(w), 0, "0 s");
	cr_expect_eq(w->open_relays, 0, "closed");
	cr_expect_eq(refresh(w, c, 600), 437, "there is none any more");
	tester_free(c);
	world_free(w);
}

Test(turn, an_allocation_ends_after_600_s)
{
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com");

	tester_allocate(w, c);
	cr_assert_eq(turn_next_expiry(w->turn), 600 * S, "wants to be called at 600 s");
	turn_expire(w->turn, 600 * S - 1);
	cr_assert_eq(w->open_relays, 1, "a microsecond before");
	turn_expire(w->turn, 600 * S);
	cr_assert_eq(w->open_relays, 0, "at 600 s");
	cr_assert_str_eq(w->reason, "expired", "reason");
	cr_assert_eq(turn_next_expiry(w->turn), G_MAXINT64, "nothing to wait for");
	tester_free(c);
	world_free(w);
}

Test(turn, data_need_a_permission_both_ways)
{
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com");
	struct endpoint peer;

	endpoint_parse(PEER, 9000, &peer);
	tester_allocate(w, c);
	tester_send(w, c, PEER, 9000, "early");
	turn_from_peer(w->turn, w->now_us, w->last, &peer, (const guint8 *)"x", 1);
	cr_assert_eq(w->sends, 0, "not out");
	cr_assert_eq(w->media, 0, "not in");
	cr_assert_eq(tester_permit(w, c, PEER), 0, "permitted");
	tester_send(w, c, PEER, 9000, "hello");
	cr_assert(w->sends == 1 && w->sent_length == 5 && memcmp(w->sent, "hello", 5) == 0, "out");
	turn_from_peer(w->turn, w->now_us, w->last, &peer, (const guint8 *)"answer", 6);
	cr_assert_eq(w->media, 1, "in");
	cr_assert_eq(stun_type(w->reply), 0x0017, "as a Data indication");
	w->now_us = 300 * S - 1;
	tester_send(w, c, PEER, 9000, "late");
	cr_assert_eq(w->sends, 2, "just in time");
	w->now_us = 300 * S;
	tester_send(w, c, PEER, 9000, "too late");
	turn_from_peer(w->turn, w->now_us, w->last, &peer, (const guint8 *)"x", 1);
	cr_assert(w->sends == 2 && w->media == 1, "the permission is over after 300 s");
	tester_free(c);
	world_free(w);
}

Test(turn, channels)
{
	static const struct {
		const char *name, *peer;
		guint16 channel, port;
		int code;
	} rows[] = {
		{"first", PEER, 0x4000, 9000, 0},
		{"again", PEER, 0x4000, 9000, 0},
		{"number taken", "192.0.2.78", 0x4000, 9000, 400},
		{"peer bound", PEER, 0x4001, 9000, 400},
		{"other port", PEER, 0x4001, 9001, 0},
		{"last number", "192.0.2.79", 0x7ffe, 9000, 0},
		{"too low", "192.0.2.80", 0x3fff, 9000, 400},
		{"too high", "192.0.2.80", 0x7fff, 9000, 400},
		{"refused peer", "127.0.0.1", 0x4005, 9000, 403},
		{"no number", "192.0.2.80", 0, 9000, 400},
		{"IPv6 peer", "2600::1", 0x4006, 9000, 443},
	};
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com");
	struct endpoint peer;

	endpoint_parse(PEER, 9000, &peer);
	tester_allocate(w, c);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		int code = tester_bind(w, c, rows[i].channel, rows[i].peer, rows[i].port);

		cr_expect_eq(code, rows[i].code, "%s: %d, got %d", rows[i].name, rows[i].code,
			     code);
	}
	tester_channel(w, c, 0x4000, "hello");
	cr_assert(w->sends == 1 && endpoint_equal(&w->sent_to, &peer), "out by the channel");
	tester_channel(w, c, 0x4444, "hello");
	cr_assert_eq(w->sends, 1, "no such channel");
	turn_from_peer(w->turn, w->now_us, w->last, &peer, (const guint8 *)"abc", 3);
	cr_assert(w->reply_length == 7 && memcmp(w->reply,
						 "\x40\x00\x00\x03"
						 "abc",
						 7) == 0,
		  "in by the channel, unpadded on UDP");
	refresh(w, c, 3600);
	w->now_us = 600 * S;
	tester_channel(w, c, 0x4000, "late");
	cr_assert_eq(w->sends, 1, "a channel is over after 600 s");
	cr_assert_eq(tester_bind(w, c, 0x4000, "192.0.2.78", 9000), 0, "and its number free");
	tester_free(c);
	world_free(w);
}

Test(turn, channel_data_are_padded_on_tcp)
{
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com");
	struct endpoint peer;

	c->tuple.transport = TURN_TCP;
	endpoint_parse(PEER, 9000, &peer);
	tester_allocate(w, c);
	tester_bind(w, c, 0x4000, PEER, 9000);
	turn_from_peer(w->turn, w->now_us, w->last, &peer, (const guint8 *)"abcde", 5);
	cr_assert_eq(w->reply_length, 12, "4 + 5 + 3");
	cr_assert_eq(w->reply[3], 5, "the length says 5");
	tester_free(c);
	world_free(w);
}

Test(turn, permissions_come_all_or_none)
{
	static const char *const mixed[] = {"192.0.2.1", "10.9.9.9", NULL}, *const good[] = {
										    "192.0.2.1",
										    "192.0.2.2",
										    NULL};
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com");
	struct ask ask = {.method = STUN_CREATEPERMISSION, .lifetime_s = -1, .peers = mixed};

	tester_allocate(w, c);
	cr_assert_eq(tester_ask(w, c, &ask), 403, "one is refused");
	cr_assert_str_eq(w->rule, "private", "the rule is named");
	tester_send(w, c, "192.0.2.1", 9000, "x");
	cr_assert_eq(w->sends, 0, "so the other has none");
	ask.peers = good;
	cr_assert_eq(tester_ask(w, c, &ask), 0, "both good");
	tester_send(w, c, "192.0.2.1", 9000, "x");
	tester_send(w, c, "192.0.2.2", 9000, "x");
	cr_assert_eq(w->sends, 2, "both have one");
	ask.peers = NULL;
	cr_assert_eq(tester_ask(w, c, &ask), 400, "no peer at all");
	tester_free(c);
	world_free(w);
}

Test(turn, permissions_are_limited)
{
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "dc1@contoso.com");

	tester_allocate(w, c);
	for (guint i = 0; i < PERMISSIONS_MAX; i++) {
		g_autofree char *peer = g_strdup_printf("192.0.2.%u", i + 1);

		cr_assert_eq(tester_permit(w, c, peer), 0, "permission %u", i);
	}
	cr_assert_eq(tester_permit(w, c, "192.0.3.1"), 508, "one more");
	cr_assert_eq(tester_permit(w, c, "192.0.2.1"), 0, "an old one is refreshed");
	w->now_us = 301 * S;
	cr_assert_eq(tester_permit(w, c, "192.0.3.1"), 0, "expired ones make room");
	tester_free(c);
	world_free(w);
}

Test(turn, relay_to_relay_stays_inside)
{
	struct world *w = plain_world();
	struct tester *a = tester_new(1, "a"), *b = tester_new(2, "b");
	struct endpoint relay_a, relay_b, from;
	char text_a[ENDPOINT_TEXT_MAX], text_b[ENDPOINT_TEXT_MAX];

	b->tuple.transport = TURN_TCP; /* the two kinds meet */
	tester_allocate(w, a);
	relay_a = w->last->advertised;
	tester_allocate(w, b);
	relay_b = w->last->advertised;
	*strchr(endpoint_print(&relay_a, text_a), ':') = '\0';
	*strchr(endpoint_print(&relay_b, text_b), ':') = '\0';
	cr_assert_eq(tester_permit(w, a, text_b), 0, "a permits b");
	tester_send(w, a, text_b, relay_b.port, "one");
	cr_assert(w->sends == 0 && w->media == 0, "b has not permitted a");
	cr_assert_eq(tester_permit(w, b, text_a), 0, "b permits a");
	tester_send(w, a, text_b, relay_b.port, "two");
	cr_assert_eq(w->sends, 0, "not by the network");
	cr_assert_eq(w->media, 1, "but to b");
	cr_assert(endpoint_equal(&w->reply_to, &b->tuple.client), "to b");
	cr_assert(reply_endpoint(w, STUN_ATTRIBUTE_XOR_PEER_ADDRESS, &from) &&
			  endpoint_equal(&from, &relay_a),
		  "from a's advertised address");
	tester_send(w, a, text_b, relay_b.port == 59999 ? 50000 : (guint16)(relay_b.port + 1),
		    "nobody");
	cr_assert(w->sends == 0 && w->media == 1, "a port without allocation is nobody's");
	tester_send(w, a, text_b, 3478, "control");
	cr_assert(w->sends == 0 && w->denials == 1, "control ports are refused");
	cr_assert_eq(tester_bind(w, a, 0x4000, text_b, relay_b.port), 0, "a channel to b");
	tester_channel(w, a, 0x4000, "three");
	cr_assert_eq(w->media, 2, "by channel as well");
	tester_free(a);
	tester_free(b);
	world_free(w);
}

Test(turn, binding_with_and_without_cookie)
{
	static const guint8 modern[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 9},
			    classic[20] = {0, 1, 0, 0, 1, 2, 3, 4, 5};
	struct world *w = plain_world();
	struct tester *c = tester_new(9, "a");
	struct endpoint mapped;
	gsize length = 0;
	const guint8 *value;

	turn_from_client(w->turn, 0, c, &c->tuple, modern, sizeof modern);
	cr_assert(reply_endpoint(w, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &mapped),
		  "XOR-MAPPED-ADDRESS");
	cr_assert(endpoint_equal(&mapped, &c->tuple.client), "where it came from");
	turn_from_client(w->turn, 0, c, &c->tuple, classic, sizeof classic);
	cr_assert_eq(w->replies, 2, "RFC 3489 is answered");
	cr_assert_eq(memcmp(w->reply + 4, classic + 4, 16), 0, "all 16 bytes of the id come back");
	value = reply_attribute(w, STUN_ATTRIBUTE_MAPPED_ADDRESS, &length);
	cr_assert(value && length == 8 && memcmp(value, "\x00\x01\x0f\xa0\xc6\x33\x64\x09", 8) == 0,
		  "MAPPED-ADDRESS");
	tester_free(c);
	world_free(w);
}

Test(turn, tuples_are_apart)
{
	struct world *w = plain_world();
	struct tester *a = tester_new(1, "a"), *b = tester_new(1, "a");

	b->tuple.client.port = 4001;
	tester_allocate(w, a);
	cr_assert_eq(tester_allocate(w, b), 0, "the same user from another port");
	cr_assert_eq(turn_allocation_count(w->turn), 2, "two allocations");
	b->tuple.transport = TURN_TCP;
	cr_assert_eq(refresh(w, b, 600), 437, "another transport is another tuple");
	tester_free(a);
	tester_free(b);
	world_free(w);
}
