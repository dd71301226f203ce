/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/flows.h"

#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#define SLOTS (4u * FLOWS_MAX) /* a power of two; mostly empty, so that a search is short */

struct flows {
	GArray *pairs;	      /* struct seen_pair */
	guint16 slots[SLOTS]; /* number in `pairs`, counted from 1; 0: empty.  Open addressing */
	bool full;
};

static const struct object_shape flows_shape =
	OBJECT_SHAPE(flows, NULL, OWNS(flows, pairs, g_array_unref));

flows *flows_new(void)
{
	flows *f = object_new(&flows_shape);

	f->pairs = g_array_new(FALSE, FALSE, sizeof(struct seen_pair));
	return f;
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct addr address_at(const guint8 *bytes, int family)
{
	struct addr a = {.family = family};

	memcpy(a.bytes, bytes, addr_bits(&a) / 8u);
	return a;
}

/* Class D and E, 0/8 and loopback; 169.254/16 stays on its link (RFC 3927); multicast and fe80::/10
 * (RFC 4291). */
static bool is_routed(const struct addr *a)
{
	static const guint8 none[16];
	const guint8 *b = a->bytes;

	if (a->family == AF_INET)
		return b[0] != 0 && b[0] != 127 && b[0] < 224 && !(b[0] == 169 && b[1] == 254);
	return memcmp(b, none, sizeof none) != 0 && b[0] != 0xff &&
	       !(b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
}

static bool read_pair(const struct capture_packet *packet, struct seen_pair *ret)
{
	gsize at = packet->ethernet ? ETHER_HDR_LEN : 0;
	const guint8 *ip = packet->data + at;
	gsize left = packet->captured > at ? packet->captured - at : 0;

	*ret = (struct seen_pair){.ifindex = packet->ifindex, .outgoing = packet->outgoing};
	if (left >= sizeof(struct iphdr) && ip[0] >> 4 == 4) {
		ret->src = address_at(ip + offsetof(struct iphdr, saddr), AF_INET);
		ret->dst = address_at(ip + offsetof(struct iphdr, daddr), AF_INET);
	} else if (left >= sizeof(struct ip6_hdr) && ip[0] >> 4 == 6) {
		ret->src = address_at(ip + offsetof(struct ip6_hdr, ip6_src), AF_INET6);
		ret->dst = address_at(ip + offsetof(struct ip6_hdr, ip6_dst), AF_INET6);
	} else {
		return false;
	}
	return is_routed(&ret->src) && is_routed(&ret->dst);
}

/* --- the set ---------------------------------------------------------------------------------- */

static guint32 mix(guint32 hash, const struct addr *a)
{
	for (guint i = 0; i < addr_bits(a) / 8u; i += 4) {
		guint32 word;

		memcpy(&word, a->bytes + i, sizeof word);
		hash = (hash ^ word) * 0x9E3779B1u; /* Knuth's multiplicative hash */
		hash ^= hash >> 15;
	}
	return hash;
}

static bool pair_equal(const struct seen_pair *a, const struct seen_pair *b)
{
	return a->ifindex == b->ifindex && a->outgoing == b->outgoing &&
	       addr_equal(&a->src, &b->src) && addr_equal(&a->dst, &b->dst);
}

void flows_note(flows *f, const struct capture_packet *packet)
{
	struct seen_pair pair;
	guint32 slot;

	if (!read_pair(packet, &pair))
		return;
	slot = mix(mix(pair.ifindex * 2 + pair.outgoing, &pair.src), &pair.dst) % SLOTS;
	while (f->slots[slot] != 0) {
		if (pair_equal(&g_array_index(f->pairs, struct seen_pair, f->slots[slot] - 1u),
			       &pair))
			return;
		slot = (slot + 1) % SLOTS;
	}
	if (f->pairs->len == FLOWS_MAX) {
		f->full = true;
		return;
	}
	g_array_append_val(f->pairs, pair);
	f->slots[slot] = (guint16)f->pairs->len;
}

const struct seen_pair *flows_list(const flows *f, guint *ret_n)
{
	*ret_n = f->pairs->len;
	return (const struct seen_pair *)(const void *)f->pairs->data;
}

bool flows_is_full(const flows *f)
{
	return f->full;
}
