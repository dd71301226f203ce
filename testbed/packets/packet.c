/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/packets/packet.h"

#include "testbed/packets/part.h"

#include <string.h>

#define ETHERNET_BYTES 14
#define STUN_COOKIE 0x2112A442u
#define STUN_CLASS 0x0110u
#define STUN_SUCCESS 0x0100u
#define STUN_ERROR 0x0110u
#define TURN_SEND 0x0016u
#define TURN_DATA 0x0017u
#define DNS_PORT 53

static void id_copy(struct sighting *s, enum packet_kind kind, gsize to, struct part p, gsize from,
		    gsize length)
{
	s->id.kind = (guint8)kind;
	for (gsize i = 0; i < length && to + i < sizeof s->id.bytes; i++)
		s->id.bytes[to + i] = byte_at(p, from + i);
}

/* --- what is in it ---------------------------------------------------------------------------- */

static bool read_payload(struct part p, struct sighting *s);

static bool read_stun(struct part p, struct sighting *s)
{
	guint16 type = u16_at(p, 0);
	struct part inner = stun_attribute(p, STUN_ATTRIBUTE_DATA), error;

	if (p.length < STUN_BYTES || u32_at(p, 4) != STUN_COOKIE)
		return false;
	if (!s->in_turn && (type == TURN_SEND || type == TURN_DATA) && inner.length > 0) {
		s->in_turn = true;
		if (read_payload(inner, s))
			return true;
		s->in_turn = false;
	}
	error = stun_attribute(p, STUN_ATTRIBUTE_ERROR);
	s->stun = type;
	s->error = error.length >= 4 ?
			   (guint8)((byte_at(error, 2) & 7) * 100 + byte_at(error, 3) - 300) :
			   0;
	id_copy(s, PACKET_STUN, 0, p, 0, 2);
	id_copy(s, PACKET_STUN, 2, p, 8, 12);
	return true;
}

static bool read_rtp(struct part p, struct sighting *s)
{
	guint8 type = byte_at(p, 1) & 0x7f;

	/* 64 to 95 are RTCP's (RFC 5761 section 4) */
	if (p.length < 12 || (type >= 64 && type <= 95))
		return false;
	id_copy(s, PACKET_RTP, 0, p, 2, 10);
	return true;
}

/* By the first byte (RFC 7983). */
static bool read_payload(struct part p, struct sighting *s)
{
	guint8 first = byte_at(p, 0);

	if (first < 0x40)
		return read_stun(p, s);
	if (first >= 0x80 && first < 0xc0)
		return read_rtp(p, s);
	if (first >= 0xc0 || s->in_turn)
		return false;
	s->in_turn = true;
	return read_payload(rest(p, 4), s);
}

static bool read_dns(struct part p, struct sighting *s)
{
	guint32 hash = 5381;

	for (gsize i = 12; i < p.length && i < 44; i++)
		hash = hash * 33 + byte_at(p, i);
	id_copy(s, PACKET_DNS, 0, p, 0, 2);
	s->id.bytes[2] = byte_at(p, 2) & 0x80;
	memcpy(s->id.bytes + 3, &hash, sizeof hash);
	return true;
}

/* --- headers ---------------------------------------------------------------------------------- */

static bool read_udp(struct part p, struct sighting *s)
{
	struct part payload = rest(p, 8);

	s->proto = PROTO_UDP;
	s->sport = u16_at(p, 0);
	s->dport = u16_at(p, 2);
	if (payload.length == 0)
		return false;
	return s->sport == DNS_PORT || s->dport == DNS_PORT ? read_dns(payload, s) :
							      read_payload(payload, s);
}

/* `whole`: bytes of header and payload as they were sent. */
static bool read_tcp(struct part p, gsize whole, struct sighting *s)
{
	gsize header = (gsize)(byte_at(p, 12) >> 4) * 4;
	guint16 length = (guint16)(whole > header ? whole - header : 0);
	struct part payload = rest(p, header);
	struct sighting inside = {0};

	if (p.length < 14)
		return false;
	s->proto = PROTO_TCP;
	s->sport = u16_at(p, 0);
	s->dport = u16_at(p, 2);
	s->tcp_flags = byte_at(p, 13);
	id_copy(s, PACKET_TCP, 0, p, 4, 4);
	s->id.bytes[4] = s->tcp_flags & (TCP_FLAG_FIN | TCP_FLAG_SYN | TCP_FLAG_RST | TCP_FLAG_ACK);
	memcpy(s->id.bytes + 5, &length, sizeof length);
	if (payload.length >= 2 && byte_at(payload, 0) >= 0x14 && byte_at(payload, 0) <= 0x17 &&
	    byte_at(payload, 1) == 3)
		s->tls = byte_at(payload, 0);
	else if (length > 0 && read_payload(payload, &inside) && !inside.in_turn)
		s->stun = inside.stun, s->error = inside.error;
	return true;
}

/* Without the checksum, which covers the addresses in the packet that an error is about: NAT
 * changes them. */
static bool read_icmp(struct part p, struct sighting *s)
{
	s->proto = PROTO_ICMP;
	id_copy(s, PACKET_ICMP, 0, p, 0, 2);
	id_copy(s, PACKET_ICMP, 2, p, 4, 12);
	return p.length >= ICMP_BYTES;
}

struct part packet_payload(const struct sighting *s)
{
	struct part p = {s->bytes, s->length};
	gsize ip = byte_at(p, 0) >> 4 == 6 ? 40 : (gsize)(byte_at(p, 0) & 0x0f) * 4;
	struct part inside = rest(p, ip);

	return s->proto == PROTO_UDP ? rest(inside, 8) :
	       s->proto == PROTO_TCP ? rest(inside, (gsize)(byte_at(inside, 12) >> 4) * 4) :
				       inside;
}

static void read_address(struct part p, gsize at, int family, struct addr *ret)
{
	gsize length = family == AF_INET ? 4 : 16;

	*ret = (struct addr){.family = family};
	if (at + length <= p.length)
		memcpy(ret->bytes, p.data + at, length);
}

static bool read_transport(struct part p, gsize whole, guint8 protocol, struct sighting *s)
{
	switch (protocol) {
	case IPPROTO_UDP:
		return read_udp(p, s);
	case IPPROTO_TCP:
		return read_tcp(p, whole, s);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return read_icmp(p, s);
	default:
		return false;
	}
}

bool packet_read_inside(const struct sighting *segment, struct sighting *ret)
{
	struct part payload = packet_payload(segment);

	*ret = *segment;
	ret->id = (struct packet_id){0};
	ret->stun = ret->error = 0;
	ret->in_turn = false;
	return segment->proto == PROTO_TCP && segment->tls == 0 && payload.length > 0 &&
	       read_payload(payload, ret);
}

bool packet_read(const guint8 *data, gsize captured, gsize original, bool ethernet,
		 struct sighting *ret)
{
	gsize link = ethernet ? ETHERNET_BYTES : 0, header;
	struct part p = rest((struct part){data, captured}, link);
	gsize whole = original > link ? original - link : 0;

	*ret = (struct sighting){
		.proto = PROTO_ANY, .bytes = p.data, .length = (guint16)MIN(p.length, G_MAXUINT16)};
	if (p.length >= 20 && byte_at(p, 0) >> 4 == 4) {
		header = (gsize)(byte_at(p, 0) & 0x0f) * 4;
		read_address(p, 12, AF_INET, &ret->src);
		read_address(p, 16, AF_INET, &ret->dst);
		return read_transport(rest(p, header), whole > header ? whole - header : 0,
				      byte_at(p, 9), ret);
	}
	if (p.length < 40 || byte_at(p, 0) >> 4 != 6)
		return false;
	read_address(p, 8, AF_INET6, &ret->src);
	read_address(p, 24, AF_INET6, &ret->dst);
	return read_transport(rest(p, 40), whole > 40 ? whole - 40 : 0, byte_at(p, 6), ret);
}

bool packet_read_about(const struct sighting *error, struct sighting *ret)
{
	struct part message = error->bytes ? packet_payload(error) : (struct part){0},
		    about = rest(message, ICMP_BYTES);

	*ret = (struct sighting){0};
	if (error->id.kind != PACKET_ICMP)
		return false;
	/* what it carries may have been cut, so that it is no packet that is known elsewhere */
	packet_read(about.data, about.length, about.length, false, ret);
	return addr_is_set(&ret->src) && addr_is_set(&ret->dst);
}

/* --- names ------------------------------------------------------------------------------------ */

bool packet_is_answer(const struct sighting *s)
{
	return s->stun != 0 && (s->stun & STUN_SUCCESS) != 0;
}

static const struct method {
	guint16 type; /* of the request */
	const char *name;
} methods[] = {
	{0x0001, "STUN binding"},      {0x0003, "TURN allocate"},
	{0x0004, "TURN refresh"},      {0x0006, "TURN send"},
	{0x0007, "TURN data"},	       {0x0008, "TURN create-permission"},
	{0x0009, "TURN channel-bind"},
};

static const char *stun_name(const struct sighting *s, char buf[static 48])
{
	const char *method = "STUN";

	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		if (methods[i].type == (s->stun & ~STUN_CLASS))
			method = methods[i].name;
	}
	if ((s->stun & STUN_CLASS) == STUN_ERROR)
		g_snprintf(buf, 48, "%s error %u", method, 300u + s->error);
	else
		g_snprintf(buf, 48, "%s %s", method,
			   (s->stun & STUN_CLASS) == 0		  ? "request" :
			   (s->stun & STUN_CLASS) == STUN_SUCCESS ? "success" :
								    "indication");
	return buf;
}

static const char *tcp_name(const struct sighting *s)
{
	if (s->tcp_flags & TCP_FLAG_RST)
		return "TCP RST";
	if (s->tcp_flags & TCP_FLAG_SYN)
		return s->tcp_flags & TCP_FLAG_ACK ? "TCP SYN+ACK" : "TCP SYN";
	if (s->tcp_flags & TCP_FLAG_FIN)
		return "TCP FIN";
	return s->tls == 0x16 ? "TLS handshake" :
	       s->tls == 0x15 ? "TLS alert" :
	       s->tls	      ? "TLS data" :
				"TCP data";
}

const char *packet_name(const struct sighting *s, char buf[static 48])
{
	static const char *const names[] = {[PACKET_STUN] = "STUN",
					    [PACKET_RTP] = "RTP",
					    [PACKET_TCP] = "TCP",
					    [PACKET_DNS] = "DNS",
					    [PACKET_ICMP] = "ICMP"};

	if (s->stun != 0)
		return stun_name(s, buf);
	return s->id.kind == PACKET_TCP ? tcp_name(s) : names[s->id.kind];
}
