/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections of a TLS server on which the client can't renegotiate.
 *
 * Renegotiation (TLS 1.2) lets a client have the server do the expensive part of a handshake again
 * and again; nobody needs it, and TLS 1.3 has none.  GLib's TLS has no switch for it.  But records
 * say in clear what they carry (RFC 5246 section 6.2.1): after its ChangeCipherSpec a client sends
 * one further handshake record, Finished (in TLS 1.3 a second ClientHello), and then no more.
 * Depends on GIO.
 */
#ifndef COMMON_TLS_GUARD_H
#define COMMON_TLS_GUARD_H

#include <gio/gio.h>
#include <stdbool.h>

/* Follows the records that a client sends; all zero at first.  Pure. */
struct tls_records {
	guint8 head[5];
	guint have;	    /* bytes of `head` */
	gsize left;	    /* bytes of the record's payload that are still to come */
	guint after_cipher; /* handshake records since ChangeCipherSpec, which counts 1 */
};
/* false: these bytes begin another handshake. */
bool tls_records_allow(struct tls_records *r, const guint8 *data, gsize length);

/* A connection over the socket (a reference is taken) whose input fails when the peer begins
 * another handshake; the caller unrefs. */
GSocketConnection *tls_guard_new(GSocket *socket);

#endif
