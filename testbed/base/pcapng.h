/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng, the capture format of Wireshark: blocks in memory (pcapng.c), a file of them that is
 * written (pcapng_write.c) or read (pcapng_read.c).
 *
 * Section header, interface description, enhanced packet, name resolution and decryption secrets
 * blocks (draft-ietf-opsawg-pcapng, sections 4.1 to 4.3, 4.5 and 4.7).  libpcap can read this
 * format and cannot write it.  Depends on GLib.
 */
#ifndef TESTBED_BASE_PCAPNG_H
#define TESTBED_BASE_PCAPNG_H

#include "common/base/object.h"
#include "testbed/base/addr.h"

enum pcapng_block_type {
	PCAPNG_BLOCK_INTERFACE = 0x00000001,
	PCAPNG_BLOCK_NAMES = 0x00000004,
	PCAPNG_BLOCK_PACKET = 0x00000006,
	PCAPNG_BLOCK_SECRETS = 0x0000000A,
	PCAPNG_BLOCK_SECTION = 0x0A0D0D0A
};
enum pcapng_option {
	PCAPNG_OPTION_END = 0,
	PCAPNG_OPTION_COMMENT = 1,
	PCAPNG_OPTION_IF_NAME = 2,
	PCAPNG_OPTION_IF_TSRESOL = 9,
	PCAPNG_OPTION_SHB_USERAPPL = 4,
	PCAPNG_OPTION_EPB_FLAGS = 2
};
#define PCAPNG_BYTE_ORDER_MAGIC 0x1A2B3C4Du

enum pcapng_link { PCAPNG_ETHERNET = 1, PCAPNG_RAW_IP = 101 };
enum pcapng_direction { PCAPNG_UNKNOWN, PCAPNG_INBOUND, PCAPNG_OUTBOUND };

/* Appends the section header that a file starts with.  Times in it are nanoseconds since 1970. */
void pcapng_section(GByteArray *out);
/* Appends a description of an interface; packets refer to it by its place among them, from 0. */
void pcapng_interface(GByteArray *out, enum pcapng_link link, const char *name);

struct pcapng_packet {
	guint32 interface;
	guint64 time_ns;
	enum pcapng_direction direction;
	const guint8 *data;
	guint32 captured, original; /* bytes at `data`, and how many the packet had */
	const char *comment;	    /* that Wireshark shows with it; NULL: none */
};

void pcapng_packet(GByteArray *out, const struct pcapng_packet *p);
/* Appends what decrypts the TLS connections of the packets that follow: lines as SSLKEYLOGFILE has
 * them. */
void pcapng_tls_keys(GByteArray *out, const char *lines, gsize length);

struct pcapng_name {
	struct addr address;
	const char *name;
};

/* Appends what the addresses are called. */
void pcapng_names(GByteArray *out, const struct pcapng_name *names, guint n);

/* A file that is being written.  Blocks are kept until a flush, which writes packets by their time
 * and everything else before them. */
typedef struct pcapng_writer pcapng_writer;

/* Starts a file on `fd`, which stays the caller's, with a section header.  Writes nothing yet.
 * object_free drops what was not flushed. */
pcapng_writer *pcapng_writer_new(int fd);
/* Describes an interface and returns its number for pcapng_writer_packet. */
guint32 pcapng_writer_interface(pcapng_writer *w, enum pcapng_link link, const char *name);
/* As the functions without `writer`. */
void pcapng_writer_packet(pcapng_writer *w, const struct pcapng_packet *p);
void pcapng_writer_tls_keys(pcapng_writer *w, const char *lines, gsize length);
void pcapng_writer_names(pcapng_writer *w, const struct pcapng_name *names, guint n);
/* Writes what was added, but keeps packets of a later time than `until_ns`: when several captures
 * are read one after the other, all packets up to the time before the first was read are there, and
 * the file is in order of time.  Blocks while a pipe takes nothing.  Returns 0 or the errno of the
 * failure.  After a failure this call and all later ones drop what was added, and the file is valid
 * up to its last whole block. */
int pcapng_writer_flush_until(pcapng_writer *w, guint64 until_ns);
/* The same for all packets. */
int pcapng_writer_flush(pcapng_writer *w);
/* Whether packets were kept. */
bool pcapng_writer_keeps_some(const pcapng_writer *w);
guint64 pcapng_writer_bytes(const pcapng_writer *w); /* how many were written by flushes */

/* Appends the TLS keys that are in the file `bytes`. */
void pcapng_copy_tls_keys(GByteArray *out, const guint8 *bytes, gsize length);

struct pcapng_record {
	const char *interface; /* its name; "" when it has none.  Borrowed for the call */
	enum pcapng_link link;
	guint64 time_ns;
	enum pcapng_direction direction;
	const guint8 *data; /* in the file's bytes */
	guint32 captured, original;
};

/* Calls `func` for each packet, in the file's order.  Understands what a writer writes (this
 * machine's byte order, nanoseconds); other blocks are passed over.  A file that was cut off is
 * read up to there.  Returns false with TB_ERROR_INPUT when it does not begin as such a file. */
bool pcapng_read(const guint8 *bytes, gsize length,
		 void (*func)(const struct pcapng_record *r, gpointer user_data),
		 gpointer user_data, GError **error);
/* The same in the order of time; of one time in the file's order.  What records several nodes may
 * write a packet of one node behind later ones of another. */
bool pcapng_read_by_time(const guint8 *bytes, gsize length,
			 void (*func)(const struct pcapng_record *r, gpointer user_data),
			 gpointer user_data, GError **error);

#endif
