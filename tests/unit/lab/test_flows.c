/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pairs of addresses are noted of packets, and which not. */
#include "testbed/lab/flows.h"

#include <criterion/criterion.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

struct bytes {
	guint8 data[ETHER_HDR_LEN + sizeof(struct ip6_hdr)];
	gsize length;
};

/* An IP header with these addresses, behind an Ethernet header or bare. */
static struct bytes packet_of(const char *src, const char *dst, bool ethernet)
{
	struct bytes b = {.length = ethernet ? ETHER_HDR_LEN : 0};
	guint8 *ip = b.data + b.length;
	struct addr from, to;

	cr_assert(addr_parse(src, &from) && addr_parse(dst, &to));
	if (from.family == AF_INET) {
		ip[0] = 0x45;
		memcpy(ip + offsetof(struct iphdr, saddr), from.bytes, 4);
		memcpy(ip + offsetof(struct iphdr, daddr), to.bytes, 4);
		b.length += sizeof(struct iphdr);
	} else {
		ip[0] = 0x60;
		memcpy(ip + offsetof(struct ip6_hdr, ip6_src), from.bytes, 16);
		memcpy(ip + offsetof(struct ip6_hdr, ip6_dst), to.bytes, 16);
		b.length += sizeof(struct ip6_hdr);
	}
	return b;
}

static void note(flows *f, unsigned ifindex, bool outgoing, const char *src, const char *dst,
		 bool ethernet)
{
	struct bytes b = packet_of(src, dst, ethernet);
	const struct capture_packet packet = {.ifindex = ifindex,
					      .outgoing = outgoing,
					      .ethernet = ethernet,
					      .data = b.data,
					      .captured = (guint32)b.length,
					      .original = 1200};

	flows_note(f, &packet);
}

static guint count(const flows *f)
{
	guint n;

	flows_list(f, &n);
	return n;
}

Test(flows, each_pair_once_whichever_link_it_came_by)
{
	flows *f = flows_new();
	const struct seen_pair *list;
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
	guint n;

	for (guint i = 0; i < 3; i++) {
		note(f, 7, false, "10.0.0.1", "10.0.0.2", true);
		note(f, 7, true, "10.0.0.1", "10.0.0.2", true);
		note(f, 8, false, "10.0.0.1", "10.0.0.2", false);
		note(f, 7, false, "10.0.0.2", "10.0.0.1", true);
		note(f, 7, false, "2001:db8::1", "2001:db8::2", true);
		note(f, 8, true, "2001:db8::1", "2001:db8:0:1::2", false);
	}
	list = flows_list(f, &n);
	cr_assert_eq(n, 6, "%u pairs", n);
	cr_expect(list[0].ifindex == 7 && !list[0].outgoing, "in the order that they came");
	cr_expect(list[2].ifindex == 8);
	cr_expect(list[5].outgoing);
	cr_expect_str_eq(addr_print(&list[5].src, src), "2001:db8::1");
	cr_expect_str_eq(addr_print(&list[5].dst, dst), "2001:db8:0:1::2",
			 "bare, without an Ethernet header");
	object_free(f);
}

Test(flows, what_no_route_leads_to_is_passed_over)
{
	static const char *const to[] = {"224.0.0.251", "255.255.255.255", "127.0.0.1", "0.0.0.0",
					 "169.254.1.1"};
	static const char *const to6[] = {"ff02::1", "fe80::1", "::"};
	flows *f = flows_new();

	for (guint i = 0; i < G_N_ELEMENTS(to); i++) {
		note(f, 7, false, "10.0.0.1", to[i], true);
		note(f, 7, false, to[i], "10.0.0.1", true);
	}
	for (guint i = 0; i < G_N_ELEMENTS(to6); i++) {
		note(f, 7, false, "2001:db8::1", to6[i], true);
		note(f, 7, false, to6[i], "2001:db8::1", true);
	}
	cr_expect_eq(count(f), 0, "%u pairs", count(f));
	object_free(f);
}

Test(flows, a_packet_that_is_cut_short_is_none)
{
	struct bytes v4 = packet_of("10.0.0.1", "10.0.0.2", true),
		     v6 = packet_of("2001:db8::1", "2001:db8::2", true);
	flows *f = flows_new();

	for (guint length = 0; length <= v6.length; length++) {
		/* copies of the very length, so that a reader beyond the end is found */
		g_autofree guint8 *a = g_memdup2(v4.data, MIN(length, v4.length)),
				  *b = g_memdup2(v6.data, length);
		const struct capture_packet first = {.ifindex = 1,
						     .ethernet = true,
						     .data = a,
						     .captured = (guint32)MIN(length, v4.length)};
		const struct capture_packet second = {
			.ifindex = 1, .ethernet = true, .data = b, .captured = length};

		flows_note(f, &first);
		cr_expect_eq(count(f), length >= v4.length, "IPv4, %u bytes", length);
		if (length == v6.length) {
			flows_note(f, &second);
			cr_expect_eq(count(f), 2, "IPv6");
		} else {
			flows_note(f, &second);
			cr_expect_eq(count(f), length >= v4.length, "IPv6, %u bytes", length);
		}
	}
	object_free(f);
}

/* So many that some share a place in the table. */
Test(flows, the_same_addresses_by_many_interfaces)
{
	flows *f = flows_new();

	for (guint i = 0; i < FLOWS_MAX; i++)
		note(f, 1 + i / 2, i % 2 == 0, "10.0.0.1", "10.0.0.2", true);
	cr_expect_eq(count(f), FLOWS_MAX, "%u pairs", count(f));
	object_free(f);
}

Test(flows, bounded)
{
	flows *f = flows_new();

	for (guint i = 0; i < FLOWS_MAX; i++) {
		g_autofree char *src = g_strdup_printf("10.0.%u.%u", i / 200, 1 + i % 200);

		note(f, 3, false, src, "10.1.0.1", true);
	}
	cr_expect_eq(count(f), FLOWS_MAX);
	note(f, 3, false, "10.0.0.1", "10.1.0.1", true);
	cr_expect_not(flows_is_full(f), "nothing was left out yet");
	note(f, 3, false, "10.9.9.9", "10.1.0.1", true);
	cr_expect(flows_is_full(f));
	cr_expect_eq(count(f), FLOWS_MAX);
	object_free(f);
}
