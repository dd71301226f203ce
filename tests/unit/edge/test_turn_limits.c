/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the TURN server refuses to be used for: too many allocations, answers larger than their
 * questions, and messages that are none. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "edge/reservation.h"
#include "tests/unit/edge/world.h"

#define PEER "192.0.2.77"

Test(turn, quotas)
{
	struct world_options options = {.per_user = 2, .total = 3};
	struct world *w = world_new(&options);
	static const struct {
		const char *user;
		int code;
	} rows[] = {{"a", 0}, {"a", 0}, {"a", 486}, {"b", 0}, {"b", 508}};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct tester *c = tester_new(i + 1, rows[i].user);
		int code = tester_allocate(w, c);

		cr_expect_eq(code, rows[i].code, "allocation %u: %d, got %d", i, rows[i].code,
			     code);
		tester_free(c);
	}
	world_free(w);
}

/* A client behind a NAT: its address is that of the others there. */
static struct tester *neighbour(guint port, const char *user)
{
	struct tester *c = tester_new(1, user);

	c->tuple.client.port = (guint16)port;
	return c;
}

static int allocate_and_forget(struct world *w, struct tester *c)
{
	int code = tester_allocate(w, c);

	tester_free(c);
	return code;
}

/* One address has a limit of its own, and who shares it with a greedy user still gets relays. */
Test(turn, quota_of_a_source)
{
	struct world_options options = {.per_user = 64, .per_source = 40, .total = 1000};
	struct world *w = world_new(&options);
	guint port = 2000;

	for (guint i = 0; i < 20; i++)
		cr_assert_eq(allocate_and_forget(w, neighbour(port++, "greedy")), 0, "%u", i);
	cr_expect_eq(allocate_and_forget(w, neighbour(port++, "greedy")), 486, "half is taken");
	cr_expect_str_eq(w->reason, "the address has all the relays that one address may have");
	for (guint i = 0; i < TURN_ASSURED; i++)
		cr_expect_eq(allocate_and_forget(w, neighbour(port++, "modest")), 0, "%u", i);
	cr_expect_eq(allocate_and_forget(w, neighbour(port++, "modest")), 486, "more than assured");
	for (guint i = 0; i < 4; i++)
		cr_expect_eq(allocate_and_forget(w, neighbour(port++, "third")), 0, "%u", i);
	cr_expect_eq(allocate_and_forget(w, neighbour(port++, "third")), 486, "nothing is left");
	cr_expect_eq(allocate_and_forget(w, tester_new(2, "greedy")), 0, "from another address");
	world_free(w);
}

/* A flood gets few answers; who is another, or has a relay already, does not notice. */
Test(turn, a_flood_is_answered_in_part)
{
	static const struct ask bare = {
		.method = STUN_ALLOCATE, .transport = 17, .lifetime_s = -1, .no_credentials = true};
	static const struct ask refresh = {.method = STUN_REFRESH, .lifetime_s = 600};
	struct world *w = plain_world();
	struct tester *known = tester_new(1, "a"), *flooder = tester_new(1, "b"),
		      *other = tester_new(2, "c");
	guint before;

	w->now_us = 7 * G_USEC_PER_SEC;
	cr_assert_eq(tester_allocate(w, known), 0);
	before = w->replies;
	for (guint i = 0; i < 10000; i++) {
		flooder->tuple.client.port = (guint16)(5000 + i);
		tester_ask(w, flooder, &bare);
	}
	cr_expect_leq(w->replies - before, (guint)TURN_STRANGERS_PER_S);
	cr_expect_gt(w->replies - before, (guint)TURN_STRANGERS_PER_S - 10);
	cr_expect_gt(turn_counters_of(w->turn)->flooded, 9000u);
	cr_expect_eq(tester_ask(w, known, &refresh), 0, "from the flooder's address");
	cr_expect_eq(tester_allocate(w, other), 0, "from another one");
	w->now_us += G_USEC_PER_SEC;
	cr_expect_eq(tester_ask(w, flooder, &bare), 401, "a second later");
	tester_free(known);
	tester_free(flooder);
	tester_free(other);
	world_free(w);
}

/* The addresses of one IPv6 link are one source. */
Test(turn, quota_of_a_prefix)
{
	struct world_options options = {.per_source = 2, .ipv6 = true};
	struct world *w = world_new(&options);

	cr_expect_eq(allocate_and_forget(w, tester_new6(1, "a")), 0);
	cr_expect_eq(allocate_and_forget(w, tester_new6(2, "b")), 0);
	cr_expect_eq(allocate_and_forget(w, tester_new6(3, "c")), 486);
	world_free(w);
}

/* A port that is kept for a user is one of his: nobody keeps more than he may have. */
Test(turn, reservations_count)
{
	static const struct ask reserve = {
		.method = STUN_ALLOCATE, .transport = 17, .lifetime_s = -1, .even_port = 0x81};
	static const struct ask release = {.method = STUN_REFRESH, .lifetime_s = 0};
	struct world_options options = {.per_user = 4};
	struct world *w = world_new(&options);
	struct tester *c = tester_new(1, "a");

	cr_assert_eq(tester_allocate(w, c), 0);
	cr_assert_eq(tester_ask(w, c, &release), 0);
	for (guint i = 0; i < 3; i++) {
		cr_expect_eq(tester_ask(w, c, &reserve), 0, "pair %u", i);
		cr_expect_eq(tester_ask(w, c, &release), 0, "pair %u", i);
	}
	cr_expect_eq(tester_ask(w, c, &reserve), 486, "three ports are kept");
	w->now_us += RESERVATION_LIFE_US;
	cr_expect_eq(tester_ask(w, c, &reserve), 0, "they are free again");
	tester_free(c);
	world_free(w);
}

Test(turn, ports_run_out)
{
	struct world_options options = {.port_min = 50000, .port_max = 50002};
	struct world *w = world_new(&options);
	bool seen[3] = {false};

	w->busy_port = 50001; /* another program has it */
	for (guint i = 0; i < 3; i++) {
		struct tester *c = tester_new(i + 1, "a");
		int code = tester_allocate(w, c);

		cr_expect_eq(code, i < 2 ? 0 : 508, "allocation %u: %d", i, code);
		if (code == 0)
			seen[w->last->relay.port - 50000] = true;
		tester_free(c);
	}
	cr_expect(seen[0] && !seen[1] && seen[2], "both free ports were found");
	world_free(w);
}

Test(turn, a_relay_that_cannot_be_opened)
{
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "a");

	w->open_failure = EADDRNOTAVAIL;
	cr_assert_eq(tester_allocate(w, c), 508, "not bound");
	cr_assert_eq(turn_allocation_count(w->turn), 0, "nothing is left");
	tester_free(c);
	world_free(w);
}

static void expect_bounded(struct world *w, struct tester *c, const char *name, const guint8 *data,
			   gsize length)
{
	w->reply_length = 0;
	turn_from_client(w->turn, w->now_us, c, &c->tuple, data, length);
	/* IP and UDP headers, 28 bytes, are on both. */
	cr_expect(w->reply_length == 0 || (w->reply_length + 28) * 4 <= (length + 28) * 7,
		  "%s: %u bytes for %u", name, (guint)w->reply_length, (guint)length);
}

Test(turn, amplification_before_credentials)
{
	static const StunMethod methods[] = {STUN_BINDING, STUN_ALLOCATE, STUN_REFRESH,
					     STUN_CREATEPERMISSION, STUN_CHANNELBIND};
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "a");
	guint8 buffer[512];

	for (gsize m = 0; m < G_N_ELEMENTS(methods); m++) {
		for (guint extra = 0; extra < 3; extra++) {
			struct ask ask = {.method = methods[m],
					  .no_credentials = true,
					  .lifetime_s = extra == 1 ? 600 : -1,
					  .transport = extra ? 17 : 0,
					  .extra = extra == 2 ? 0x7777 : 0};
			g_autofree char *name =
				g_strdup_printf("method %d, row %u", (int)methods[m], extra);

			expect_bounded(w, c, name, buffer,
				       tester_write(c, &ask, buffer, sizeof buffer));
			ask.no_credentials = false; /* wrong ones: a made-up nonce */
			expect_bounded(w, c, name, buffer,
				       tester_write(c, &ask, buffer, sizeof buffer));
		}
	}
	cr_expect_gt(w->replies, 10, "there were answers at all");
	tester_free(c);
	world_free(w);
}

/* Each length, and each byte changed: no crash (the sanitizers look on), and no relay without
 * credentials. */
Test(turn, malformed_and_truncated)
{
	static const char *const peers[] = {PEER, "192.0.2.78", NULL};
	static const StunMethod methods[] = {STUN_BINDING, STUN_ALLOCATE, STUN_REFRESH,
					     STUN_CREATEPERMISSION, STUN_CHANNELBIND};
	struct world *w = plain_world();
	struct tester *c = tester_new(1, "a");

	tester_allocate(w, c);
	for (gsize m = 0; m < G_N_ELEMENTS(methods); m++) {
		struct ask ask = {.method = methods[m],
				  .lifetime_s = 600,
				  .peers = peers,
				  .channel = 0x4001,
				  .transport = 17};
		guint8 whole[1024];
		gsize length = tester_write(c, &ask, whole, sizeof whole);

		for (gsize n = 0; n <= length; n++) {
			g_autofree guint8 *part =
				g_memdup2(whole, n); /* exact, so that a read past it is seen */

			turn_from_client(w->turn, 0, c, &c->tuple, part, n);
		}
		for (gsize n = 0; n < length * 8; n++) {
			g_autofree guint8 *bad = g_memdup2(whole, length);

			bad[n / 8] ^= (guint8)(1u << n % 8);
			turn_from_client(w->turn, 0, c, &c->tuple, bad, length);
		}
	}
	cr_assert_leq(turn_allocation_count(w->turn), 1, "no second allocation");
	tester_free(c);
	world_free(w);
}
