/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet: what a captured packet is, and how it is recognised at another node.
 *
 * Nouns: a `sighting` is one packet at one interface; its `packet_id` is what NAT and tunnels do
 * not change: STUN transaction id (RFC 8489 section 6), RTP source, number and time stamp (RFC 3550
 * section 5.1), TCP sequence number with flags and length, DNS id and question, an ICMP error's
 * type and the head of what it is about.  What a TURN message carries (RFC 8656 sections 11 and 12)
 * has its own id, so that it is the same packet before and behind the relay. Depends on model and
 * base.  Pure.
 */
#ifndef TESTBED_PACKETS_PACKET_H
#define TESTBED_PACKETS_PACKET_H

#include "testbed/model/model.h"

enum packet_kind { PACKET_STUN, PACKET_RTP, PACKET_TCP, PACKET_DNS, PACKET_ICMP };

struct packet_id {
	guint8 kind; /* enum packet_kind */
	guint8 bytes[15];
};

struct sighting {
	const char *node, *iface; /* interned */
	bool out;
	guint64 time_ns; /* since 1970 */
	enum ip_proto proto;
	struct addr src, dst;
	uint16_t sport, dport;
	struct packet_id id;
	bool in_turn;	   /* seen inside a TURN message */
	uint16_t stun;	   /* message type; 0: no STUN message (a request has none of this value) */
	uint8_t error;	   /* STUN error code less 300 (RFC 8489 section 14.8); 0: none */
	uint8_t tcp_flags; /* 0: no TCP */
	uint8_t tls; /* content type of the TLS record that the segment begins with; 0: none */
	/* From the IP header on, as much as was captured: borrowed from what was read, for
	 * dissect.h; NULL: not kept. */
	const guint8 *bytes;
	guint16 length;
};

#define TCP_FLAG_FIN 0x01
#define TCP_FLAG_SYN 0x02
#define TCP_FLAG_RST 0x04
#define TCP_FLAG_ACK 0x10

/* Reads the first `captured` of `original` bytes; fills in all but node, iface, out and time.
 * False: the packet can't be recognised elsewhere. */
bool packet_read(const guint8 *data, gsize captured, gsize original, bool ethernet,
		 struct sighting *ret);

/* What a TCP segment carries that begins with a STUN message or a TURN channel's data, as TURN over
 * TCP has them (RFC 8656 section 12.5): `ret` is the segment with the id and the message of that.
 * False: it carries nothing such. */
bool packet_read_inside(const struct sighting *segment, struct sighting *ret);

/* The packet that an ICMP error is about, as far as the error carries it: addresses and ports as
 * they were where it was made, and the id, if enough of it is there.  False: it is about none. */
bool packet_read_about(const struct sighting *error, struct sighting *ret);

/* "STUN binding request", "TURN allocate error 437", "TCP SYN", "RTP"; static or into `buf`. */
const char *packet_name(const struct sighting *s, char buf[static 48]);

/* A STUN success or error response (RFC 8489 section 5). */
bool packet_is_answer(const struct sighting *s);

#endif
