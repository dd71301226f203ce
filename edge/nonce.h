/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nonces of the long-term credential mechanism (RFC 8489 section 9.2).  They carry their time, so
 * that the server stores nothing.
 *
 * A nonce has eight characters: base64 of 16 bits of time (in steps of 16 s, so it wraps after 12
 * days) and 32 bits of HMAC-SHA1 over that time and the client's address.  It is short because
 * anyone can get a 401, which must not be much larger than its request (turn.h).  A guessed nonce
 * is of no use, because the message integrity protects the request.  Pure.
 */
#ifndef EDGE_NONCE_H
#define EDGE_NONCE_H

#include "edge/endpoint.h"

#define NONCE_LENGTH 8
#define NONCE_KEY_BYTES 16

struct nonce_source {
	guint8 key[NONCE_KEY_BYTES];
	guint lifetime_s; /* at most a week */
};

/* Makes a nonce that is valid for this client from now on, for the lifetime. */
void nonce_make(const struct nonce_source *s, const struct endpoint *client, gint64 now_us,
		char ret[static NONCE_LENGTH + 1]);
/* Whether nonce_make made this nonce for this client within the lifetime. */
bool nonce_is_fresh(const struct nonce_source *s, const struct endpoint *client, gint64 now_us,
		    const guint8 *nonce, gsize length);

#endif
