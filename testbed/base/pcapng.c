/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/pcapng.h"

#include <string.h>

static void append_bytes(GByteArray *out, const void *data, gsize length)
{
	g_byte_array_append(out, data, (guint)length);
}

static void append_u16(GByteArray *out, guint16 v)
{
	append_bytes(out, &v, sizeof v);
}

static void append_u32(GByteArray *out, guint32 v)
{
	append_bytes(out, &v, sizeof v);
}

static void pad_to_4_bytes(GByteArray *out)
{
	static const guint8 zero[4];

	if (out->len % 4 != 0)
		append_bytes(out, zero, 4 - out->len % 4);
}

static void append_option(GByteArray *out, enum pcapng_option code, const void *data, gsize length)
{
	append_u16(out, (guint16)code);
	append_u16(out, (guint16)length);
	append_bytes(out, data, length);
	pad_to_4_bytes(out);
}

/* Writes a block around `body`: type, total length, body, total length again. */
static void append_block(GByteArray *out, enum pcapng_block_type type, const GByteArray *body)
{
	guint32 total = body->len + 12;

	append_u32(out, (guint32)type);
	append_u32(out, total);
	append_bytes(out, body->data, body->len);
	append_u32(out, total);
}

void pcapng_section(GByteArray *out)
{
	static const char application[] = "testbed " TESTBED_VERSION;
	g_autoptr(GByteArray) body = g_byte_array_new();
	gint64 unknown_length = -1;

	append_u32(body, PCAPNG_BYTE_ORDER_MAGIC); /* byte-order magic: readers adapt to ours */
	append_u16(body, 1);
	append_u16(body, 0);
	append_bytes(body, &unknown_length, sizeof unknown_length);
	append_option(body, PCAPNG_OPTION_SHB_USERAPPL, application, sizeof application - 1);
	append_option(body, PCAPNG_OPTION_END, "", 0);
	append_block(out, PCAPNG_BLOCK_SECTION, body);
}

void pcapng_interface(GByteArray *out, enum pcapng_link link, const char *name)
{
	g_autoptr(GByteArray) body = g_byte_array_new();
	guint8 nanoseconds = 9;

	append_u16(body, (guint16)link);
	append_u16(body, 0);
	append_u32(body, 0); /* no limit on the captured length */
	append_option(body, PCAPNG_OPTION_IF_NAME, name, strlen(name));
	append_option(body, PCAPNG_OPTION_IF_TSRESOL, &nanoseconds, 1);
	append_option(body, PCAPNG_OPTION_END, "", 0);
	append_block(out, PCAPNG_BLOCK_INTERFACE, body);
}

void pcapng_packet(GByteArray *out, guint32 interface, guint64 time_ns,
		   enum pcapng_direction direction, const guint8 *data, guint32 captured,
		   guint32 original)
{
	g_autoptr(GByteArray) body = g_byte_array_sized_new(captured + 40);
	guint32 flags = (guint32)direction; /* bits 0-1: 1 inbound, 2 outbound */

	append_u32(body, interface);
	append_u32(body, (guint32)(time_ns >> 32));
	append_u32(body, (guint32)time_ns);
	append_u32(body, captured);
	append_u32(body, original);
	append_bytes(body, data, captured);
	pad_to_4_bytes(body);
	append_option(body, PCAPNG_OPTION_EPB_FLAGS, &flags, sizeof flags);
	append_option(body, PCAPNG_OPTION_END, "", 0);
	append_block(out, PCAPNG_BLOCK_PACKET, body);
}
