/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search for a server: look-ups, the web service, attempts to connect.
 *
 * The I/O around `discovery`.  Sends the events `dns`, `web` and `connect-failed`.  Main loop only;
 * nothing blocks.
 */
#ifndef CLIENTS_SEARCH_H
#define CLIENTS_SEARCH_H

#include "clients/discovery.h"
#include "clients/names.h"
#include "common/sip_failure.h"
#include "common/tls.h"

typedef struct search search;

struct search_handlers {
	/* A server is connected; the callee owns the stream.  The search is over. */
	void (*found)(GIOStream *stream, gpointer user_data);
	/* There is none: in which stage and why, borrowed.  May call search_free. */
	void (*failed)(const char *stage, struct sip_failure why, gpointer user_data);
};

/* Starts; `config`, `events` and `id` are borrowed until search_free, `handlers` is copied.  NULL
 * with an error of dns_new. */
search *search_new(const struct client_config *config, channel *events, tls_identity *id,
		   const struct search_handlers *handlers, gpointer user_data, GError **error);
void search_free(search *s); /* no callback follows; the loop ends what is open.  Accepts NULL */
/* Where the search is: STAGE_DNS, STAGE_WEB or STAGE_TLS. */
const char *search_stage(const search *s);
/* The server of the last attempt, as events have it; the caller owns it. */
json_t *search_server(const search *s);
/* Its look-ups, for further names; borrowed. */
names *search_names(const search *s);

#endif
