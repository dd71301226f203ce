/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng, the capture format of Wireshark, written block by block into memory.
 *
 * Section header, interface description and enhanced packet blocks
 * (draft-ietf-opsawg-pcapng, sections 4.1 to 4.3).  libpcap can read this format and cannot write
 * it. Depends on GLib.  Pure: the caller writes the bytes where it wants them.
 *
 *   pcapng_section(out, "testbed 0.1");
 *   guint32 id = 0;                                    interfaces count from 0 in order of
 * description pcapng_interface(out, PCAPNG_ETHERNET, "core:wan", "uplink"); pcapng_packet(out, id,
 * time_ns, PCAPNG_OUTBOUND, data, captured, original);
 */
#ifndef TESTBED_BASE_PCAPNG_H
#define TESTBED_BASE_PCAPNG_H

#include <glib.h>
#include <stdbool.h>

enum pcapng_link { PCAPNG_ETHERNET = 1, PCAPNG_RAW_IP = 101 };
enum pcapng_direction { PCAPNG_UNKNOWN, PCAPNG_INBOUND, PCAPNG_OUTBOUND };

/* Starts a section; times are in nanoseconds since 1970. */
void pcapng_section(GByteArray *out, const char *application);
/* `description` may be NULL. */
void pcapng_interface(GByteArray *out, enum pcapng_link link, const char *name,
		      const char *description);
/* `captured` bytes are at `data`; the packet had `original` of them. */
void pcapng_packet(GByteArray *out, guint32 interface, guint64 time_ns,
		   enum pcapng_direction direction, const guint8 *data, guint32 captured,
		   guint32 original);

struct pcapng_record {
	const char *interface; /* its name; "" when it has none.  Borrowed for the call */
	enum pcapng_link link;
	guint64 time_ns;
	enum pcapng_direction direction;
	const guint8 *data; /* borrowed for the call */
	guint32 captured, original;
};

/* The way back: calls `func` for each packet, in the file's order.  Reads what pcapng_* above write
 * (this machine's byte order, nanoseconds); other blocks are passed over.  A file that was cut off
 * is read up to there.  false with TB_ERROR_INPUT when it does not begin as such a file. */
bool pcapng_read(const guint8 *bytes, gsize length,
		 void (*func)(const struct pcapng_record *r, gpointer user_data),
		 gpointer user_data, GError **error);

#endif
