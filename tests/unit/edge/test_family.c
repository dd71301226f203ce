/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Relays of both families: which one a client gets, and whom it may reach (RFC 8656
 * sections 7.2, 8.2, 10.2). */
#include <criterion/criterion.h>

#include "tests/unit/edge/world.h"

#define V4 1
#define V6 2

static int allocate(struct world *w, struct tester *c, int family)
{
	struct ask first = {
		.method = STUN_ALLOCATE, .transport = 17, .lifetime_s = -1, .no_credentials = true};
	struct ask again = {
		.method = STUN_ALLOCATE, .transport = 17, .lifetime_s = -1, .family = family};

	cr_assert_eq(tester_ask(w, c, &first), 401, "without credentials");
	return tester_ask(w, c, &again);
}

static int refresh(struct world *w, struct tester *c, int family)
{
	struct ask ask = {.method = STUN_REFRESH, .lifetime_s = 600, .family = family};

	return tester_ask(w, c, &ask);
}

Test(family, which_relay_a_client_gets)
{
	static const struct {
		const char *name;
		bool ipv6, same, over6;
		int family, code;
		enum endpoint_family got;
	} rows[] = {
		{"nothing asked for", true, false, false, 0, 0, ENDPOINT_V4},
		{"nothing asked for, over IPv6", true, false, true, 0, 0, ENDPOINT_V4},
		{"nothing asked for, the same family", true, true, false, 0, 0, ENDPOINT_V4},
		{"nothing asked for, the same family over IPv6", true, true, true, 0, 0,
		 ENDPOINT_V6},
		{"the same family over IPv6, but no such relay", false, true, true, 0, 0,
		 ENDPOINT_V4},
		{"IPv6 over IPv4", true, false, false, V6, 0, ENDPOINT_V6},
		{"IPv4 over IPv6", true, true, true, V4, 0, ENDPOINT_V4},
		{"IPv6 without such a relay", false, false, true, V6, 440, ENDPOINT_NONE},
		{"an unknown family", true, false, false, 3, 440, ENDPOINT_NONE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world_options options = {.ipv6 = rows[i].ipv6,
						.relay_family_same = rows[i].same};
		struct world *w = world_new(&options);
		struct tester *c = rows[i].over6 ? tester_new6(1, "a") : tester_new(1, "a");
		struct endpoint relay = {0}, mapped;

		cr_expect_eq(allocate(w, c, rows[i].family), rows[i].code, "%s", rows[i].name);
		reply_endpoint(w, STUN_ATTRIBUTE_XOR_RELAYED_ADDRESS, &relay);
		cr_expect_eq(relay.family, rows[i].got, "%s: family of the relay", rows[i].name);
		cr_expect(rows[i].code ||
				  (reply_endpoint(w, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &mapped) &&
				   endpoint_equal(&mapped, &c->tuple.client)),
			  "%s: mapped is where it came from", rows[i].name);
		tester_free(c);
		world_free(w);
	}
}

Test(family, tcp_clients_get_the_second_ipv6_address)
{
	struct world_options options = {.ipv6 = true, .relay_family_same = true};
	struct world *w = world_new(&options);
	struct tester *c = tester_new6(1, "a");

	c->tuple.transport = TURN_TCP;
	cr_assert_eq(tester_allocate(w, c), 0, "allocated");
	cr_expect_eq(w->last->advertised.ip[15], 0x21, "av_tcp6");
	tester_free(c);
	world_free(w);
}

Test(family, peers_of_the_other_family_are_a_mismatch)
{
	static const struct {
		int family, code;
		const char *peer;
	} rows[] = {{V6, 0, "2001:db8:77::1"},
		    {V6, 443, "192.0.2.77"},
		    {V4, 443, "2001:db8:77::1"},
		    {V4, 0, "192.0.2.77"},
		    {V6, 403, "fd00::1"},
		    {V6, 403, "fe80::1"},
		    {V6, 403, "2002:c000:24d::1"},
		    {V6, 403, "::ffff:192.0.2.77"},
		    {V6, 403, "64:ff9b::192.0.2.77"}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world_options options = {.ipv6 = true};
		struct world *w = world_new(&options);
		struct tester *c = tester_new(1, "a");

		cr_assert_eq(allocate(w, c, rows[i].family), 0, "allocated");
		cr_expect_eq(tester_permit(w, c, rows[i].peer), rows[i].code, "permission for %s",
			     rows[i].peer);
		cr_expect_eq(tester_bind(w, c, 0x4001, rows[i].peer, 9000), rows[i].code,
			     "channel for %s", rows[i].peer);
		tester_send(w, c, rows[i].peer, 9000, "x");
		cr_expect_eq(w->sends, rows[i].code ? 0 : 1, "packets to %s", rows[i].peer);
		tester_free(c);
		world_free(w);
	}
}

Test(family, a_refresh_that_names_the_other_family_is_a_mismatch)
{
	struct world_options options = {.ipv6 = true};
	struct world *w = world_new(&options);
	struct tester *c = tester_new(1, "a");

	allocate(w, c, V6);
	cr_expect_eq(refresh(w, c, V4), 443, "IPv4");
	cr_expect_eq(refresh(w, c, 9), 440, "no family at all");
	cr_expect_eq(refresh(w, c, V6), 0, "IPv6");
	cr_expect_eq(refresh(w, c, 0), 0, "none");
	tester_free(c);
	world_free(w);
}

Test(family, relays_of_one_family_reach_each_other_inside)
{
	static const struct world_options options = {.ipv6 = true, .relay_family_same = true};
	struct world *w = world_new(&options);
	struct tester *a = tester_new6(1, "a"), *b = tester_new6(2, "b");
	struct endpoint relay;

	tester_allocate(w, a);
	cr_assert(reply_endpoint(w, STUN_ATTRIBUTE_XOR_RELAYED_ADDRESS, &relay), "a has a relay");
	tester_allocate(w, b);
	tester_permit(w, a, "2001:db8:e::20");
	cr_assert_eq(tester_bind(w, b, 0x4001, "2001:db8:e::20", relay.port), 0,
		     "b's channel to a's relay");
	tester_channel(w, b, 0x4001, "hello");
	cr_expect_eq(w->sends, 0, "not by the network");
	cr_expect_eq(w->media, 1, "straight to the other allocation");
	cr_expect(endpoint_equal(&w->reply_to, &a->tuple.client), "to a");
	tester_free(a);
	tester_free(b);
	world_free(w);
}
