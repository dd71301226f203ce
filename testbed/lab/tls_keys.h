/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tls_keys: what decrypts the TLS connections of a lab's programs in Wireshark.
 *
 * The lab's own programs append a few lines for each connection to a file in memory that they all
 * inherit, as SSLKEYLOGFILE has them (draft-ietf-tls-keylogfile).  GnuTLS opens that file by its
 * name, which is /proc/self/fd/N.  Whoever writes captures reads the lines that are new, and puts
 * them before the packets that they decrypt.  The keys are of connections inside the lab only, and
 * end with it.
 *
 * A file that has grown to TLS_KEYS_MAX_BYTES starts again, so that a flood of connections takes no
 * memory.  Depends on base.
 */
#ifndef TESTBED_LAB_TLS_KEYS_H
#define TESTBED_LAB_TLS_KEYS_H

#include "testbed/base/pcapng.h"

#define TLS_KEYS_MAX_BYTES (4u * 1024u * 1024u)
/* GnuTLS writes the keys of a handshake after it has sent the ServerHello, and Wireshark looks for
 * them there: packets are written so much later than they came, that their keys go before them. */
#define TLS_KEYS_LATE_NS (250u * G_GUINT64_CONSTANT(1000000))

/* Makes the file, and looks at its length once a second for as long as `context` lives, which the
 * descriptor must outlive.  Those who write keys get *ret_append_fd, by which they can't read those
 * of others.  -1 with `error`: no memory. */
int tls_keys_open(GMainContext *context, int *ret_append_fd, GError **error);

/* Where a reader of the file is. */
struct tls_keys_reader {
	int fd; /* -1: there is none */
	gsize at;
};

/* Adds the whole lines that came since the last call to the file of packets.  To be called after
 * packets were read and before they are flushed. */
void tls_keys_add_new(struct tls_keys_reader *r, pcapng_writer *w);

#endif
