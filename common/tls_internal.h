/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by tls.c (identities, what both sides of a handshake do, connecting) and tls_listener.c
 * (the other side); no other file includes it. */
#ifndef COMMON_TLS_INTERNAL_H
#define COMMON_TLS_INTERNAL_H

#include "common/tls.h"

struct tls_identity {
	GTlsDatabase *trusted;
	GTlsCertificate *certificate; /* with its key; NULL: none */
};

/* One connection between accept or connect and the end of its handshake. */
struct handshake {
	GIOStream *tls;
	GCancellable *cancellable;
	GSource *timer;
	bool timed_out;
	GTlsCertificateFlags flaws; /* of a certificate that was refused */
	char *certificate, *name;   /* whose that was, in words; the name in it, NULL: none */
};

/* Turns off Nagle's algorithm: a small SIP message must not wait for the ACK of the one before. */
void tls_set_no_delay(GSocketConnection *connection);
/* Sets what both sides need: trusted CA, check of the certificate. */
void handshake_prepare(struct handshake *h, GTlsDatabase *trusted);
/* Puts a more precise error in the place of GnuTLS's: what was wrong with the peer's certificate,
 * or that time ran out. */
void handshake_explain(const struct handshake *h, GError **error);
/* The connection is done with its handshake; the caller owns it.  NULL: there is none. */
GIOStream *handshake_take_stream(struct handshake *h);
/* Frees what it owns, not the structure. */
void handshake_clear(struct handshake *h);

#endif
