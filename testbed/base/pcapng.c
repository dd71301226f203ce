/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/pcapng.h"

#include <string.h>

#define SECRETS_TLS_KEY_LOG 0x544c534bu
enum name_record { NAME_END = 0, NAME_IPV4 = 1, NAME_IPV6 = 2 };

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

void pcapng_packet(GByteArray *out, const struct pcapng_packet *p)
{
	g_autoptr(GByteArray) body = g_byte_array_sized_new(p->captured + 40);
	guint32 flags = (guint32)p->direction; /* bits 0-1: 1 inbound, 2 outbound */

	append_u32(body, p->interface);
	append_u32(body, (guint32)(p->time_ns >> 32));
	append_u32(body, (guint32)p->time_ns);
	append_u32(body, p->captured);
	append_u32(body, p->original);
	append_bytes(body, p->data, p->captured);
	pad_to_4_bytes(body);
	if (p->comment)
		append_option(body, PCAPNG_OPTION_COMMENT, p->comment,
			      MIN(strlen(p->comment), G_MAXUINT16));
	append_option(body, PCAPNG_OPTION_EPB_FLAGS, &flags, sizeof flags);
	append_option(body, PCAPNG_OPTION_END, "", 0);
	append_block(out, PCAPNG_BLOCK_PACKET, body);
}

void pcapng_tls_keys(GByteArray *out, const char *lines, gsize length)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	append_u32(body, SECRETS_TLS_KEY_LOG);
	append_u32(body, (guint32)length);
	append_bytes(body, lines, length);
	pad_to_4_bytes(body);
	append_block(out, PCAPNG_BLOCK_SECRETS, body);
}

static void append_name(GByteArray *body, const struct pcapng_name *n)
{
	bool ipv4 = n->address.family == AF_INET;
	gsize address = ipv4 ? 4 : 16, name = strlen(n->name) + 1;

	append_u16(body, ipv4 ? NAME_IPV4 : NAME_IPV6);
	append_u16(body, (guint16)(address + name));
	append_bytes(body, n->address.bytes, address);
	append_bytes(body, n->name, name);
	pad_to_4_bytes(body);
}

void pcapng_names(GByteArray *out, const struct pcapng_name *names, guint n)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	for (guint i = 0; i < n; i++)
		append_name(body, &names[i]);
	append_u32(body, NAME_END);
	append_block(out, PCAPNG_BLOCK_NAMES, body);
}
