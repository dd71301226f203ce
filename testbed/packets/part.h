/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a packet's bytes, which may have been cut.  Private to packets. */
#ifndef TESTBED_PACKETS_PART_H
#define TESTBED_PACKETS_PART_H

#include "testbed/packets/packet.h"

#define STUN_BYTES 20
#define ICMP_BYTES 8
#define STUN_ATTRIBUTE_DATA 0x0013u
#define STUN_ATTRIBUTE_ERROR 0x0009u

/* A part of a packet; reading beyond its end gives zeros. */
struct part {
	const guint8 *data;
	gsize length;
};

static inline struct part rest(struct part p, gsize offset)
{
	return offset < p.length ? (struct part){p.data + offset, p.length - offset} :
				   (struct part){p.data, 0};
}

static inline guint8 byte_at(struct part p, gsize at)
{
	return at < p.length ? p.data[at] : 0;
}

static inline guint16 u16_at(struct part p, gsize at)
{
	return (guint16)(byte_at(p, at) << 8 | byte_at(p, at + 1));
}

static inline guint32 u32_at(struct part p, gsize at)
{
	return (guint32)u16_at(p, at) << 16 | u16_at(p, at + 2);
}

/* The value of an attribute, empty when there is none. */
static inline struct part stun_attribute(struct part p, guint16 type)
{
	gsize at = STUN_BYTES;

	while (at + 4 <= p.length) {
		gsize length = u16_at(p, at + 2);

		if (u16_at(p, at) == type)
			return (struct part){p.data + at + 4, MIN(length, p.length - at - 4)};
		at += 4 + (length + 3) / 4 * 4;
	}
	return (struct part){p.data, 0};
}

/* What follows its UDP or TCP header, or the IP header of others; empty where no bytes were kept.
 */
struct part packet_payload(const struct sighting *s);

#endif
