/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/pcapng.h"

#include <string.h>

static void put(GByteArray *out, const void *data, gsize length)
{
	g_byte_array_append(out, data, (guint)length);
}

static void put16(GByteArray *out, guint16 v)
{
	put(out, &v, sizeof v);
}

static void put32(GByteArray *out, guint32 v)
{
	put(out, &v, sizeof v);
}

static void pad(GByteArray *out)
{
	static const guint8 zero[4];

	if (out->len % 4 != 0)
		put(out, zero, 4 - out->len % 4);
}

static void put_option(GByteArray *out, enum pcapng_option code, const void *data, gsize length)
{
	put16(out, (guint16)code);
	put16(out, (guint16)length);
	put(out, data, length);
	pad(out);
}

/* Writes a block around `body`: type, total length, body, total length again. */
static void put_block(GByteArray *out, enum pcapng_block_type type, const GByteArray *body)
{
	guint32 total = body->len + 12;

	put32(out, (guint32)type);
	put32(out, total);
	put(out, body->data, body->len);
	put32(out, total);
}

void pcapng_section(GByteArray *out)
{
	static const char application[] = "testbed " TESTBED_VERSION;
	g_autoptr(GByteArray) body = g_byte_array_new();
	gint64 unknown_length = -1;

	put32(body, PCAPNG_BYTE_ORDER_MAGIC); /* byte-order magic: readers adapt to ours */
	put16(body, 1);
	put16(body, 0);
	put(body, &unknown_length, sizeof unknown_length);
	put_option(body, PCAPNG_OPTION_SHB_USERAPPL, application, sizeof application - 1);
	put_option(body, PCAPNG_OPTION_END, "", 0);
	put_block(out, PCAPNG_BLOCK_SECTION, body);
}

void pcapng_interface(GByteArray *out, enum pcapng_link link, const char *name)
{
	g_autoptr(GByteArray) body = g_byte_array_new();
	guint8 nanoseconds = 9;

	put16(body, (guint16)link);
	put16(body, 0);
	put32(body, 0); /* no limit on the captured length */
	put_option(body, PCAPNG_OPTION_IF_NAME, name, strlen(name));
	put_option(body, PCAPNG_OPTION_IF_TSRESOL, &nanoseconds, 1);
	put_option(body, PCAPNG_OPTION_END, "", 0);
	put_block(out, PCAPNG_BLOCK_INTERFACE, body);
}

void pcapng_packet(GByteArray *out, guint32 interface, guint64 time_ns,
		   enum pcapng_direction direction, const guint8 *data, guint32 captured,
		   guint32 original)
{
	g_autoptr(GByteArray) body = g_byte_array_sized_new(captured + 40);
	guint32 flags = (guint32)direction; /* bits 0-1: 1 inbound, 2 outbound */

	put32(body, interface);
	put32(body, (guint32)(time_ns >> 32));
	put32(body, (guint32)time_ns);
	put32(body, captured);
	put32(body, original);
	put(body, data, captured);
	pad(body);
	put_option(body, PCAPNG_OPTION_EPB_FLAGS, &flags, sizeof flags);
	put_option(body, PCAPNG_OPTION_END, "", 0);
	put_block(out, PCAPNG_BLOCK_PACKET, body);
}
