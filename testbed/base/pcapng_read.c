/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/each.h"
#include "testbed/base/diag.h"
#include "testbed/base/pcapng.h"

#include <stdbool.h>
#include <string.h>

#define BLOCK_OVERHEAD 12u /* type, total length, total length again */

struct interface {
	char *name;
	enum pcapng_link link;
};

struct reader {
	GArray *interfaces; /* struct interface */
	void (*func)(const struct pcapng_record *r, gpointer user_data);
	gpointer user_data;
};

static guint32 u32_at(const guint8 *p)
{
	guint32 v;

	memcpy(&v, p, sizeof v);
	return v;
}

static guint16 u16_at(const guint8 *p)
{
	guint16 v;

	memcpy(&v, p, sizeof v);
	return v;
}

static gsize padded(gsize length)
{
	return (length + 3) / 4 * 4;
}

/* The value of the option `code` in the options from `at` to `end`, and its length; NULL: it is not
 * there, or they are cut off. */
static const guint8 *find_option(const guint8 *at, const guint8 *end, guint16 code,
				 guint16 *ret_length)
{
	while (end - at >= 4 && u16_at(at) != PCAPNG_OPTION_END) {
		guint16 length = u16_at(at + 2);

		if ((gsize)(end - at - 4) < padded(length))
			return NULL;
		if (u16_at(at) == code) {
			*ret_length = length;
			return at + 4;
		}
		at += 4 + padded(length);
	}
	return NULL;
}

static void interface_clear(gpointer data)
{
	struct interface *i = data;

	g_free(i->name);
}

/* Adds the interface that a block's body describes; one that is too short is passed over. */
static void add_interface(struct reader *r, const guint8 *body, const guint8 *end)
{
	guint16 length = 0;
	const guint8 *name;
	struct interface i = {NULL, PCAPNG_ETHERNET};

	if (end - body < 8)
		return;
	name = find_option(body + 8, end, PCAPNG_OPTION_IF_NAME, &length);
	i.name = name ? g_strndup((const char *)name, length) : g_strdup("");
	i.link = u16_at(body) == PCAPNG_RAW_IP ? PCAPNG_RAW_IP : PCAPNG_ETHERNET;
	g_array_append_val(r->interfaces, i);
}

/* Calls `func` with the packet of a block's body, unless it is cut off or of an unknown
 * interface. */
static void report_packet(const struct reader *r, const guint8 *body, const guint8 *end)
{
	const struct interface *i;
	struct pcapng_record packet;
	const guint8 *flags;
	guint16 length = 0;

	if (end - body < 20 || u32_at(body) >= r->interfaces->len)
		return;
	i = &g_array_index(r->interfaces, struct interface, u32_at(body));
	packet = (struct pcapng_record){
		.interface = i->name,
		.link = i->link,
		.time_ns = (guint64)u32_at(body + 4) << 32 | u32_at(body + 8),
		.captured = u32_at(body + 12),
		.original = u32_at(body + 16),
		.data = body + 20,
	};
	if (packet.captured > (gsize)(end - packet.data) ||
	    padded(packet.captured) > (gsize)(end - packet.data))
		return;
	flags = find_option(packet.data + padded(packet.captured), end, PCAPNG_OPTION_EPB_FLAGS,
			    &length);
	packet.direction =
		flags && length == 4 ? (enum pcapng_direction)(u32_at(flags) & 3) : PCAPNG_UNKNOWN;
	r->func(&packet, r->user_data);
}

bool pcapng_read(const guint8 *bytes, gsize length,
		 void (*func)(const struct pcapng_record *r, gpointer user_data),
		 gpointer user_data, GError **error)
{
	struct reader r = {.func = func, .user_data = user_data};
	gsize at = 0;

	if (length < BLOCK_OVERHEAD || u32_at(bytes) != PCAPNG_BLOCK_SECTION ||
	    u32_at(bytes + 8) != PCAPNG_BYTE_ORDER_MAGIC)
		return tb_error_set(error, TB_ERROR_INPUT,
				    "this is no pcapng file of this machine's kind");
	r.interfaces = g_array_new(FALSE, FALSE, sizeof(struct interface));
	g_array_set_clear_func(r.interfaces, interface_clear);
	while (length - at >= BLOCK_OVERHEAD) {
		guint32 type = u32_at(bytes + at), total = u32_at(bytes + at + 4);
		const guint8 *body = bytes + at + 8, *end;

		if (total < BLOCK_OVERHEAD || total > length - at)
			break; /* cut off while it was written */
		end = bytes + at + total - 4;
		if (type == PCAPNG_BLOCK_INTERFACE)
			add_interface(&r, body, end);
		else if (type == PCAPNG_BLOCK_PACKET)
			report_packet(&r, body, end);
		at += total;
	}
	g_array_unref(r.interfaces);
	return true;
}

struct collecting {
	GArray *records;     /* struct pcapng_record */
	GStringChunk *names; /* of their interfaces */
};

static void collect_record(const struct pcapng_record *r, gpointer user_data)
{
	const struct collecting *c = user_data;
	struct pcapng_record kept = *r;

	kept.interface = g_string_chunk_insert_const(c->names, r->interface);
	g_array_append_val(c->records, kept);
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct pcapng_record *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

bool pcapng_read_by_time(const guint8 *bytes, gsize length,
			 void (*func)(const struct pcapng_record *r, gpointer user_data),
			 gpointer user_data, GError **error)
{
	struct collecting c = {.records = g_array_new(FALSE, FALSE, sizeof(struct pcapng_record)),
			       .names = g_string_chunk_new(256)};
	bool ok = pcapng_read(bytes, length, collect_record, &c, error);

	g_array_sort(c.records, by_time);
	array_foreach(const struct pcapng_record, r, c.records)
		func(r, user_data);
	g_array_unref(c.records);
	g_string_chunk_free(c.names);
	return ok;
}

void pcapng_copy_tls_keys(GByteArray *out, const guint8 *bytes, gsize length)
{
	for (gsize at = 0; length - at >= BLOCK_OVERHEAD;) {
		guint32 total = u32_at(bytes + at + 4);

		if (total < BLOCK_OVERHEAD || total > length - at)
			return; /* cut off while it was written */
		if (u32_at(bytes + at) == PCAPNG_BLOCK_SECRETS)
			g_byte_array_append(out, bytes + at, total);
		at += total;
	}
}
