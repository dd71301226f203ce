/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS to a server with several addresses; the first connection wins (RFC 8305, "Happy Eyeballs").
 *
 * Attempts start in the given order: the next one when an attempt has failed, and at the latest
 * REACH_NEXT_MS after the one before started, so that an address that does not answer delays the
 * others by no more than that.  The first connection cancels all other attempts.  Depends on
 * common/tls.  One thread, default main context; nothing blocks.
 */
#ifndef COMMON_REACH_H
#define COMMON_REACH_H

#include "common/tls.h"

#define REACH_NEXT_MS 250 /* RFC 8305 section 5: "Connection Attempt Delay" */

struct reach_way {
	const char *local; /* address to connect from; NULL: any */
	const char *address;
};

typedef struct reach reach;

/* Called for each attempt that fails, with `error` and whether it was the `last`; or once with the
 * connected `stream`, which the callee then owns; no call follows that.  `way` is the attempt's
 * index.  Never called from inside reach_new; may call reach_free. */
typedef void (*reach_func)(GIOStream *stream, guint way, const GError *error, bool last,
			   gpointer user_data);

/* Starts connecting to `port` of `ways` (1 or more), expecting a certificate for `server_name`.
 * `ways` and names are copied, `id` is borrowed until reach_free.  `timeout_ms` limits each
 * attempt.  For reach_free. */
reach *reach_new(const struct reach_way *ways, guint n_ways, guint16 port, const char *server_name,
		 tls_identity *id, guint timeout_ms, reach_func func, gpointer user_data);
/* Cancels all attempts; `func` is not called any more.  Accepts NULL. */
void reach_free(reach *r);

#endif
