/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/packet.h"

#include <arpa/inet.h>
#include <string.h>

#define ETHERNET_BYTES 14
#define TYPE_IP 0x0800
#define TYPE_ARP 0x0806
#define TYPE_IP6 0x86dd
#define IP_BYTES 20
#define IP6_BYTES 40
#define ARP_BYTES 28

/* A number of 16 bits in network byte order. */
static unsigned number16(const guint8 *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* The name of an IP protocol; "ip" for others. */
static const char *protocol_name(unsigned protocol)
{
	static const struct {
		unsigned number;
		const char *name;
	} names[] = {{1, "icmp"}, {4, "ipip"}, {6, "tcp"}, {17, "udp"}, {47, "gre"}, {58, "icmp6"}};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (names[i].number == protocol)
			return names[i].name;
	return "ip";
}

/* Appends the names of TCP flags (RFC 9293, 3.1). */
static void append_flags(GString *out, unsigned bits)
{
	static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (bits & 1u << i)
			g_string_append_printf(out, " %s", names[i]);
}

/* Appends protocol, addresses, and ports, flags or ICMP type.  `length`: bytes of the transport
 * header that were recorded; `payload`: bytes of it and its data in the real packet. */
static void append_transport(GString *out, unsigned protocol, const guint8 *data, gsize length,
			     const char *from, const char *to, unsigned payload)
{
	bool ports = (protocol == 6 || protocol == 17) && length >= 4;
	const char *open = ports && strchr(from, ':') ? "[" : "", *shut = *open ? "]" : "";

	if (ports)
		g_string_append_printf(out, "%s %s%s%s:%u > %s%s%s:%u", protocol_name(protocol),
				       open, from, shut, number16(data), open, to, shut,
				       number16(data + 2));
	else
		g_string_append_printf(out, "%s %s > %s", protocol_name(protocol), from, to);
	if (protocol == 6 && length >= 14)
		append_flags(out, data[13]);
	if ((protocol == 1 || protocol == 58) && length >= 2)
		g_string_append_printf(out, " type %u code %u", data[0], data[1]);
	if (protocol == 17 && payload >= 8)
		payload -= 8;
	if (protocol == 6 && length >= 13)
		payload -= MIN(payload, (unsigned)(data[12] >> 4) * 4);
	g_string_append_printf(out, ", %u bytes", payload);
}

/* Appends an IPv4 or IPv6 packet: protocol, addresses, ports, bytes. */
static void append_ip(GString *out, const guint8 *data, gsize length)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	if (length >= IP_BYTES && data[0] >> 4 == 4) {
		gsize header = (gsize)(data[0] & 15) * 4, total = number16(data + 2);

		inet_ntop(AF_INET, data + 12, from, sizeof from);
		inet_ntop(AF_INET, data + 16, to, sizeof to);
		header = MIN(header, length);
		/* later fragments have no ports */
		append_transport(out, data[9], data + header,
				 (number16(data + 6) & 0x1fff) ? 0 : length - header, from, to,
				 (unsigned)(total > header ? total - header : 0));
	} else if (length >= IP6_BYTES && data[0] >> 4 == 6) {
		inet_ntop(AF_INET6, data + 8, from, sizeof from);
		inet_ntop(AF_INET6, data + 24, to, sizeof to);
		append_transport(out, data[6], data + IP6_BYTES, length - IP6_BYTES, from, to,
				 number16(data + 4));
	} else {
		g_string_append_printf(out, "%u bytes that are not an IP packet", (unsigned)length);
	}
}

static void append_arp(GString *out, const guint8 *data, gsize length)
{
	char sender[INET_ADDRSTRLEN], target[INET_ADDRSTRLEN];

	if (length < ARP_BYTES) {
		g_string_append(out, "arp, truncated");
		return;
	}
	inet_ntop(AF_INET, data + 14, sender, sizeof sender);
	inet_ntop(AF_INET, data + 24, target, sizeof target);
	if (number16(data + 6) == 1)
		g_string_append_printf(out, "arp who-has %s tell %s", target, sender);
	else
		g_string_append_printf(out, "arp reply from %s to %s", sender, target);
}

void report_packet(const guint8 *data, gsize length, bool ethernet, GString *out)
{
	unsigned type = ethernet && length >= ETHERNET_BYTES ? number16(data + 12) : TYPE_IP;

	if (ethernet && length < ETHERNET_BYTES) {
		g_string_append(out, "a truncated frame");
		return;
	}
	if (ethernet) {
		data += ETHERNET_BYTES;
		length -= ETHERNET_BYTES;
	}
	if (type == TYPE_IP || type == TYPE_IP6)
		append_ip(out, data, length);
	else if (type == TYPE_ARP)
		append_arp(out, data, length);
	else
		g_string_append_printf(out, "frame of type 0x%04x, %u bytes", type,
				       (unsigned)length);
}
