/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS to a server that has several addresses: whichever connects first (RFC 8305, "Happy
 * Eyeballs").
 *
 * They are tried in the order given; the next one as soon as one has failed, and no later than
 * REACH_NEXT_MS after the one before was tried: an address that does not answer delays the others
 * by no more than that.  The first connection ends all other attempts. Depends on common/tls.  One
 * thread, default main context; nothing blocks.
 */
#ifndef COMMON_REACH_H
#define COMMON_REACH_H

#include "common/tls.h"

#define REACH_NEXT_MS 250 /* RFC 8305 section 5: "Connection Attempt Delay" */

struct reach_way {
	const char *local; /* to connect from; NULL: any */
	const char *address;
};

typedef struct reach reach;

/* Of each attempt that has failed: `error`, and whether it was the `last`.  Or, once: `stream`,
 * which belongs to the callee; nothing follows it.  `way` is the index of the attempt.  Never
 * called from inside reach_new; after the connection or the last failure only reach_free remains to
 * be done, also from inside. */
typedef void (*reach_func)(GIOStream *stream, guint way, const GError *error, bool last,
			   gpointer user_data);

/* `ways` (1 or more) and names are copied, `id` is borrowed until reach_free.  `timeout_ms` is that
 * of each attempt. */
reach *reach_new(const struct reach_way *ways, guint n_ways, guint16 port, const char *server_name,
		 tls_identity *id, guint timeout_ms, reach_func func, gpointer user_data);
/* Ends what is under way; no call follows.  Accepts NULL. */
void reach_free(reach *r);

#endif
