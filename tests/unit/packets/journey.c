/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets by hand to sightings, sightings to journeys, journeys against walks. */
#include "testbed/base/pcapng.h"
#include "testbed/diagnose/agree.h"

#include <criterion/criterion.h>
#include <string.h>

#define MS(n) ((guint64)(n)*1000000u)

/* --- packets ---------------------------------------------------------------------------------- */

#define IP_UDP(source, destination, sport_low, dport_low)                                     \
	0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, (source), 10, 0, 0, (destination), \
		0x10, (sport_low), 0x10, (dport_low), 0, 0, 0, 0
#define BINDING(last) \
	0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, (last)
#define RTP(number) 0x80, 0x60, 0, (number), 0, 0, 0, 9, 0xca, 0xfe, 0xba, 0xbe

static const guint8 bare_stun[] = {IP_UDP(1, 2, 1, 2), BINDING(12)};
static const guint8 answer[] = {IP_UDP(2, 1, 2, 1),
				0x01,
				0x01,
				0,
				0,
				0x21,
				0x12,
				0xa4,
				0x42,
				1,
				2,
				3,
				4,
				5,
				6,
				7,
				8,
				9,
				10,
				11,
				12};
static const guint8 refused[] = {IP_UDP(2, 1, 2, 1),
				 0x01,
				 0x13,
				 0,
				 8,
				 0x21,
				 0x12,
				 0xa4,
				 0x42,
				 1,
				 2,
				 3,
				 4,
				 5,
				 6,
				 7,
				 8,
				 9,
				 10,
				 11,
				 12,
				 0x00,
				 0x09,
				 0,
				 4,
				 0,
				 0,
				 4,
				 37};
static const guint8 stun_in_send[] = {IP_UDP(1, 3, 1, 3),
				      0x00,
				      0x16,
				      0,
				      36,
				      0x21,
				      0x12,
				      0xa4,
				      0x42,
				      9,
				      9,
				      9,
				      9,
				      9,
				      9,
				      9,
				      9,
				      9,
				      9,
				      9,
				      9,
				      0x00,
				      0x12,
				      0,
				      8,
				      0,
				      1,
				      0,
				      0,
				      0,
				      0,
				      0,
				      0,
				      0x00,
				      0x13,
				      0,
				      20,
				      BINDING(12)};
static const guint8 bare_rtp[] = {IP_UDP(1, 2, 1, 2), RTP(16)};
static const guint8 rtp_in_channel[] = {IP_UDP(7, 8, 7, 8), 0x40, 0, 0, 12, RTP(16)};
static const guint8 rtcp[] = {
	IP_UDP(1, 2, 1, 2), 0x80, 0xc8, 0, 6, 0, 0, 0, 9, 0xca, 0xfe, 0xba, 0xbe};
static const guint8 syn[] = {0x45, 0, 0,  40, 0,    0,	  0,	0, 64, 6,    0, 0, 10, 0,
			     0,	   1, 10, 0,  0,    2,	  0x10, 1, 1,  0xbb, 1, 2, 3,  4,
			     0,	   0, 0,  0,  0x50, 0x02, 0,	0, 0,  0,    0, 0};

static const struct packet_case {
	const char *name;
	const guint8 *data;
	gsize length;
	const guint8 *same; /* known by the same id as this one; NULL: by one of its own */
	gsize same_length;
	const char *called; /* NULL: nothing can be told of it */
} packet_cases[] = {
	{"bare STUN", bare_stun, sizeof bare_stun, NULL, 0, "STUN binding request"},
	{"STUN in a send indication", stun_in_send, sizeof stun_in_send, bare_stun,
	 sizeof bare_stun, "STUN binding request"},
	{"an answer is another packet", answer, sizeof answer, NULL, 0, "STUN binding success"},
	{"an error has its code", refused, sizeof refused, NULL, 0, "TURN allocate error 437"},
	{"RTP in a channel", rtp_in_channel, sizeof rtp_in_channel, bare_rtp, sizeof bare_rtp,
	 "RTP"},
	{"RTCP", rtcp, sizeof rtcp, NULL, 0, NULL},
	{"SYN", syn, sizeof syn, NULL, 0, "TCP SYN"},
};

Test(packet, is_known_by_what_nat_and_relays_leave)
{
	for (guint i = 0; i < G_N_ELEMENTS(packet_cases); i++) {
		const struct packet_case *c = &packet_cases[i];
		struct sighting s, other;
		char buf[48];

		cr_assert_eq(packet_read(c->data, c->length, c->length, false, &s),
			     c->called != NULL, "%s", c->name);
		if (!c->called)
			continue;
		cr_expect_str_eq(packet_name(&s, buf), c->called, "%s is called %s", c->name, buf);
		cr_assert(
			packet_read(bare_stun, sizeof bare_stun, sizeof bare_stun, false, &other));
		if (c->data != bare_stun && !c->same)
			cr_expect_neq(memcmp(&s.id, &other.id, sizeof s.id), 0,
				      "%s is not the bare one", c->name);
		if (!c->same)
			continue;
		cr_assert(packet_read(c->same, c->same_length, c->same_length, false, &other));
		cr_expect_eq(memcmp(&s.id, &other.id, sizeof s.id), 0, "%s is the same packet",
			     c->name);
		cr_expect(s.in_turn && !other.in_turn, "%s", c->name);
	}
}

/* Cut anywhere, nothing is read beyond the end (the sanitizers watch). */
Test(packet, may_be_cut_anywhere)
{
	for (guint i = 0; i < G_N_ELEMENTS(packet_cases); i++) {
		for (gsize n = 0; n <= packet_cases[i].length; n++) {
			g_autofree guint8 *cut = g_memdup2(packet_cases[i].data, n);
			struct sighting s;

			packet_read(cut, n, packet_cases[i].length, false, &s);
			packet_read(cut, n, packet_cases[i].length, true, &s);
		}
	}
}

/* --- journeys --------------------------------------------------------------------------------- */

/* "NODE:IF>" out, "NODE:IF<" in. */
static void see_at(journeys *all, const char *where, guint64 ms, guint8 id, const char *src,
		   guint16 sport, const char *dst, guint16 dport)
{
	g_auto(GStrv) part = g_strsplit_set(where, ":<>", 3);
	struct sighting s = {.time_ns = MS(ms), .proto = PROTO_UDP, .sport = sport, .dport = dport};

	s.node = g_intern_string(part[0]);
	s.iface = g_intern_string(part[1]);
	s.out = strchr(where, '>') != NULL;
	s.id.bytes[0] = id;
	cr_assert(addr_parse(src, &s.src) && addr_parse(dst, &s.dst));
	journeys_add(all, &s);
}

Test(journey, passes_nat_and_ends_where_it_is_seen_last)
{
	g_autoptr(journeys) all = journeys_new();
	g_autofree char *way = NULL;

	/* the rings are read one node after the other */
	see_at(all, "b:eth0<", 4, 1, "192.0.2.1", 9, "192.0.2.9", 5);
	see_at(all, "a:eth0>", 1, 1, "10.0.0.1", 7, "192.0.2.9", 5);
	see_at(all, "nat:wan>", 3, 1, "192.0.2.1", 9, "192.0.2.9", 5);
	see_at(all, "nat:lan<", 2, 1, "10.0.0.1", 7, "192.0.2.9", 5);
	journeys_sort(all);
	cr_assert_eq(all->list->len, 1, "%u journeys", all->list->len);
	way = journey_text(all->list->pdata[0]);
	cr_expect_str_eq(way, "a:eth0 > nat:lan > nat:wan > b:eth0");
}

Test(journey, of_a_retransmission_is_another_one)
{
	g_autoptr(journeys) all = journeys_new();

	for (guint k = 0; k < 3; k++) {
		see_at(all, "a:eth0>", 100 * k + 1, 1, "10.0.0.1", 7, "10.0.0.9", 5);
		see_at(all, "r:lan<", 100 * k + 2, 1, "10.0.0.1", 7, "10.0.0.9", 5);
	}
	journeys_sort(all);
	cr_assert_eq(all->list->len, 3, "%u journeys", all->list->len);
	cr_expect_eq(journey_first(all->list->pdata[2])->time_ns, MS(201));
}

Test(journey, ends_at_a_relay_that_sends_on)
{
	g_autoptr(journeys) all = journeys_new();

	see_at(all, "a:eth0>", 1, 1, "10.0.0.1", 7, "10.0.0.9", 5);
	see_at(all, "relay:int<", 2, 1, "10.0.0.1", 7, "10.0.0.9", 5);
	see_at(all, "relay:ext>", 3, 1, "192.0.2.1", 50000, "192.0.2.7", 6);
	see_at(all, "b:eth0<", 4, 1, "192.0.2.1", 50000, "192.0.2.7", 6);
	journeys_sort(all);
	cr_assert_eq(all->list->len, 2, "%u journeys", all->list->len);
	cr_expect_str_eq(journey_last(all->list->pdata[0])->iface, "int");
	cr_expect_str_eq(journey_first(all->list->pdata[1])->iface, "ext");
}

/* A mixer sends one packet to several, the copies cross. */
Test(journey, of_copies_are_told_apart)
{
	g_autoptr(journeys) all = journeys_new();
	g_autofree char *one = NULL, *two = NULL;

	see_at(all, "mcu:lan>", 1, 1, "10.0.0.1", 7, "10.0.0.8", 5);
	see_at(all, "mcu:lan>", 2, 1, "10.0.0.1", 7, "10.0.0.9", 5);
	see_at(all, "b:eth0<", 3, 1, "10.0.0.1", 7, "10.0.0.8", 5);
	see_at(all, "c:eth0<", 4, 1, "10.0.0.1", 7, "10.0.0.9", 5);
	journeys_sort(all);
	cr_assert_eq(all->list->len, 2, "%u journeys", all->list->len);
	one = journey_text(all->list->pdata[0]);
	two = journey_text(all->list->pdata[1]);
	cr_expect_str_eq(one, "mcu:lan > b:eth0");
	cr_expect_str_eq(two, "mcu:lan > c:eth0");
}

/* --- agreement -------------------------------------------------------------------------------- */

/* "a:-:eth0 r:lan:wan b:eth0:-", in and out of each node. */
static walk *walk_made(const char *way, enum walk_end end)
{
	walk *w = walk_new();
	g_auto(GStrv) hops = g_strsplit(way, " ", 0);

	for (guint i = 0; hops[i]; i++) {
		g_auto(GStrv) part = g_strsplit(hops[i], ":", 3);

		walk_add_hop(w, part[0], g_str_equal(part[1], "-") ? NULL : part[1],
			     g_str_equal(part[2], "-") ? NULL : part[2]);
		g_free(w->node);
		w->node = g_strdup(part[0]);
	}
	w->end = end;
	return w;
}

static const struct agree_case {
	const char *name;
	const char *forward;
	enum walk_end forward_end;
	const char *back; /* NULL: none */
	enum walk_end back_end;
	const char *seen;   /* places of each packet there */
	const char *answer; /* places of each answer; NULL: none */
	guint packets;
	guint64 lost;
	enum agree_state state;
} agree_cases[] = {
	{"as it says", "a:-:e r:l:w b:e:-", WALK_DELIVERED, "b:-:e r:w:l a:e:-", WALK_DELIVERED,
	 "a:e> r:l< r:w> b:e<", "b:e> r:w< r:l> a:e<", 3, 0, AGREE_YES},
	{"no answer, as it says", "a:-:e r:l:w b:e:-", WALK_DELIVERED, "b:-:-", WALK_NO_ROUTE,
	 "a:e> r:l< r:w> b:e<", NULL, 3, 0, AGREE_YES},
	{"dropped as it says", "a:-:e r:l:w", WALK_FILTERED, NULL, 0, "a:e> r:l<", NULL, 3, 0,
	 AGREE_YES},
	{"dropped, but went on", "a:-:e r:l:w", WALK_NO_ROUTE, NULL, 0, "a:e> r:l< r:w> b:e<", NULL,
	 3, 0, AGREE_NO},
	{"delivered, but lost", "a:-:e r:l:w b:e:-", WALK_DELIVERED, NULL, 0, "a:e> r:l<", NULL, 3,
	 0, AGREE_NO},
	{"one may be lost", "a:-:e r:l:w b:e:-", WALK_DELIVERED, NULL, 0, "a:e> r:l<", NULL, 1, 0,
	 AGREE_UNSEEN},
	{"the capture lost some", "a:-:e r:l:w b:e:-", WALK_DELIVERED, NULL, 0, "a:e> r:l<", NULL,
	 3, 5, AGREE_UNSEEN},
	{"the capture lost the middle", "a:-:e r:l:w b:e:-", WALK_DELIVERED, NULL, 0, "a:e> b:e<",
	 NULL, 3, 5, AGREE_YES},
	{"the capture lost all but the start", "a:-:e r:l:w s:l:w b:e:-", WALK_DELIVERED, NULL, 0,
	 "a:e> s:l<", NULL, 3, 5, AGREE_UNSEEN},
	{"the middle is missing", "a:-:e r:l:w b:e:-", WALK_DELIVERED, NULL, 0, "a:e> b:e<", NULL,
	 3, 0, AGREE_NO},
	{"the capture lost some, another way", "a:-:e r:l:w b:e:-", WALK_DELIVERED, NULL, 0,
	 "a:e> r:l< r:x> b:f<", NULL, 3, 5, AGREE_NO},
	{"the capture lost where it is let in", "a:-:e r:l:w s:l:w", WALK_FILTERED, NULL, 0,
	 "a:e> b:e<", NULL, 3, 5, AGREE_UNSEEN},
	{"another way", "a:-:e r:l:w b:e:-", WALK_DELIVERED, NULL, 0, "a:e> r:l< r:x> b:f<", NULL,
	 3, 0, AGREE_NO},
	{"the answer goes another way", "a:-:e b:e:-", WALK_DELIVERED, "b:-:e a:e:-",
	 WALK_DELIVERED, "a:e> b:e<", "b:f> r:l<", 3, 0, AGREE_NO},
	{"no answer left, but one did", "a:-:e b:e:-", WALK_DELIVERED, "b:-:-", WALK_NO_ROUTE,
	 "a:e> b:e<", "b:e> a:e<", 3, 0, AGREE_NO},
	{"round in circles", "a:-:e r:l:w s:w:w r:w:w s:w:-", WALK_LOOP, NULL, 0,
	 "a:e> r:l< r:w> s:w< s:w> r:w< r:w> s:w< s:w> r:w<", NULL, 3, 0, AGREE_YES},
	{"no circle", "a:-:e r:l:w s:w:w r:w:w s:w:-", WALK_LOOP, NULL, 0,
	 "a:e> r:l< r:w> s:w< s:x> b:e<", NULL, 3, 0, AGREE_NO},
	{"nothing seen", "a:-:e b:e:-", WALK_DELIVERED, "b:-:e a:e:-", WALK_DELIVERED, NULL, NULL,
	 0, 0, AGREE_UNSEEN},
	{"nothing leaves, nothing seen", "a:-:-", WALK_NO_ROUTE, NULL, 0, NULL, NULL, 0, 0,
	 AGREE_YES},
};

static void see_way(journeys *all, const char *places, guint64 ms, guint8 id, bool back)
{
	g_auto(GStrv) place = g_strsplit(places, " ", 0);

	for (guint i = 0; place[i]; i++)
		see_at(all, place[i], ms + i, id, back ? "10.0.0.9" : "10.0.0.1", back ? 5 : 7,
		       back ? "10.0.0.1" : "10.0.0.9", back ? 7 : 5);
}

/* What was seen so far carries TURN messages. */
static void make_turn(journeys *all)
{
	ptr_array_foreach(struct sighting, s, all->sightings)
		s->stun = 3;
}

Test(agree, tells_a_wrong_walk_from_a_right_one)
{
	for (guint i = 0; i < G_N_ELEMENTS(agree_cases); i++) {
		const struct agree_case *c = &agree_cases[i];
		struct walk_pair *w = g_new0(struct walk_pair, 1);
		g_autoptr(journeys) all = journeys_new();
		struct flow flow = {.node = "a", .proto = PROTO_UDP, .dport = 5};
		struct agreement a;

		addr_parse("10.0.0.9", &flow.dst);
		w->forward = walk_made(c->forward, c->forward_end);
		w->back = c->back ? walk_made(c->back, c->back_end) : NULL;
		for (guint k = 0; k < c->packets; k++) {
			see_way(all, c->seen, 1000 * (guint64)k, (guint8)(2 * k), false);
			if (c->answer)
				see_way(all, c->answer, 1000 * (guint64)k + 10, (guint8)(2 * k + 1),
					true);
		}
		see_at(all, "z:z>", 9000, 255, "10.1.1.1", 1, "10.1.1.2",
		       1); /* the capture went on */
		journeys_sort(all);
		all->lost = c->lost;
		a = agree_check(w, &flow, NULL, all);
		cr_expect_eq(a.state, c->state, "%s: %d, %s", c->name, a.state,
			     a.text ? a.text : "-");
		cr_expect(a.state != AGREE_NO || strstr(a.text, "the walk"), "%s: %s", c->name,
			  a.text);
		agreement_clear(&a);
		walk_pair_free(w);
	}
}

/* A NAT lets in what its inside asked for; the walk can't know.  Without a session the packet is
 * for the router itself. */
Test(agree, an_invited_packet_is_no_contradiction)
{
	static const enum walk_end ends[] = {WALK_NAT_FILTERED, WALK_DELIVERED};

	for (guint i = 0; i < 2 * G_N_ELEMENTS(ends); i++) {
		bool invited = i % 2 == 1;
		struct walk_pair *w = g_new0(struct walk_pair, 1);
		g_autoptr(journeys) all = journeys_new();
		struct flow flow = {.node = "a", .proto = PROTO_UDP, .dport = 5};
		struct agreement a;

		addr_parse("10.0.0.9", &flow.dst);
		w->forward = walk_made("a:-:e nat:wan:-", ends[i / 2]);
		if (invited)
			see_at(all, "nat:wan>", 1, 9, "10.0.0.9", 5, "10.0.0.1", 7);
		see_way(all, "a:e> nat:wan< nat:lan> b:e<", 100, 1, false);
		see_at(all, "z:z>", 9000, 255, "10.1.1.1", 1, "10.1.1.2", 1);
		journeys_sort(all);
		a = agree_check(w, &flow, NULL, all);
		cr_expect_eq(a.state, invited ? AGREE_YES : AGREE_NO, "case %u: %s", i,
			     a.text ? a.text : "-");
		agreement_clear(&a);
		walk_pair_free(w);
	}
}

/* A second card's socket sends to the same place by another way. */
Test(agree, packets_from_another_address_are_no_contradiction)
{
	for (guint sent = 0; sent < 2; sent++) {
		struct walk_pair *w = g_new0(struct walk_pair, 1);
		g_autoptr(journeys) all = journeys_new();
		struct flow flow = {.node = "a", .proto = PROTO_UDP, .dport = 5};
		struct agreement a;

		addr_parse("10.0.0.9", &flow.dst);
		w->forward = walk_made("a:-:vpn b:e:-", WALK_DELIVERED);
		addr_parse("10.0.0.1", &((struct hop *)w->forward->hops->pdata[0])->src);
		if (sent)
			see_way(all, "a:vpn> b:e<", 100, 1, false);
		see_at(all, "a:e>", 300, 2, "192.168.1.10", 7, "10.0.0.9", 5);
		see_at(all, "z:z>", 9000, 255, "10.1.1.1", 1, "10.1.1.2", 1);
		journeys_sort(all);
		a = agree_check(w, &flow, NULL, all);
		cr_expect_eq(a.state, sent ? AGREE_YES : AGREE_NO, "sent %u: %s", sent,
			     a.text ? a.text : "-");
		agreement_clear(&a);
		walk_pair_free(w);
	}
}

/* The packets that open a connection pass a firewall that inspects it; those of TURN do not. */
Test(agree, an_inspected_walk_is_of_packets_that_carry_turn)
{
	for (guint passes = 0; passes < 2; passes++) {
		struct walk_pair *w = g_new0(struct walk_pair, 1);
		g_autoptr(journeys) all = journeys_new();
		struct flow flow = {.node = "a", .proto = PROTO_UDP, .dport = 5, .plain = true};
		struct agreement a;

		addr_parse("10.0.0.9", &flow.dst);
		w->forward = walk_made("a:-:e r:l:w", WALK_INSPECTED);
		see_way(all, passes ? "a:e> r:l< r:w> b:e<" : "a:e> r:l<", 100, 2, false);
		make_turn(all);
		see_way(all, "a:e> r:l< r:w> b:e<", 200, 1, false);
		see_at(all, "z:z>", 9000, 255, "10.1.1.1", 1, "10.1.1.2", 1);
		journeys_sort(all);
		a = agree_check(w, &flow, NULL, all);
		cr_expect_eq(a.state, passes ? AGREE_NO : AGREE_YES, "%u: %s", passes,
			     a.text ? a.text : "-");
		agreement_clear(&a);
		walk_pair_free(w);
	}
}

/* --- from a file that was cut anywhere -------------------------------------------------------- */

Test(journey, is_read_from_a_file_that_was_cut_anywhere)
{
	struct pcapng_packet sent[] = {
		{.interface = 0, .time_ns = MS(1), .direction = PCAPNG_OUTBOUND},
		{.interface = 1, .time_ns = MS(2), .direction = PCAPNG_INBOUND},
	};
	g_autoptr(GByteArray) file = g_byte_array_new();
	guint before = 0;

	pcapng_section(file);
	pcapng_interface(file, PCAPNG_RAW_IP, "a:eth0");
	pcapng_interface(file, PCAPNG_RAW_IP, "b:eth0");
	for (guint i = 0; i < G_N_ELEMENTS(sent); i++) {
		sent[i].data = bare_stun;
		sent[i].captured = sent[i].original = sizeof bare_stun;
		pcapng_packet(file, &sent[i]);
	}
	for (gsize n = 0; n <= file->len; n++) {
		g_autoptr(journeys) all = journeys_new();
		g_autoptr(GBytes) cut = g_bytes_new(file->data, n);
		g_autoptr(GError) error = NULL;

		if (!journeys_read(all, cut, &error)) {
			cr_assert_not_null(error);
			continue;
		}
		cr_assert_geq(all->sightings->len, before, "%zu bytes", n);
		before = all->sightings->len;
	}
	cr_expect_eq(before, 2);
}
