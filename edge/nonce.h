/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nonces of the long-term credential mechanism (RFC 5389 section 10.2): stateless, they carry their
 * age.
 *
 * Eight characters: base64 of 16 bits of time (16 s steps, so they wrap after 12 days) and 32 bits
 * of HMAC-SHA1 over that time and the client's address.  So short because a 401 is sent to anybody:
 * it must not be much larger than what asked for it (turn.h).  A guessed nonce gives nothing: the
 * message integrity is what counts.  Pure.
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

/* Valid for this client from now on, for the lifetime. */
void nonce_make(const struct nonce_source *s, const struct endpoint *client, gint64 now_us,
		char ret[static NONCE_LENGTH + 1]);
/* Made by us for this address not longer than the lifetime ago. */
bool nonce_is_fresh(const struct nonce_source *s, const struct endpoint *client, gint64 now_us,
		    const guint8 *nonce, gsize length);

#endif
