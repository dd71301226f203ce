/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question to the autodiscover service: where is my server?
 *
 * The I/O around `web_steps`: looks hosts up, connects, sends requests, reads answers.  Each
 * request is an event `web`, each address that cannot be reached, too.  A connection is used again
 * for another host name that leads to the same address and that the certificate there has, too (as
 * with RFC 9113 section 9.1.1).  Main loop only; nothing blocks.
 *
 * The time limits are ours, as the product's are not documented: 3 s for a connection, as to a SIP
 * server, and WEB_LIMIT_MS for everything.
 */
#ifndef CLIENTS_WEB_H
#define CLIENTS_WEB_H

#include "clients/discovery.h"
#include "clients/web_steps.h"
#include "common/channel.h"
#include "common/tls.h"

#define WEB_LIMIT_MS 5000

typedef struct web web;

/* `end`: WEB_STEP_SERVER or WEB_STEP_FAILED, with what `steps` has for that, borrowed.  May call
 * web_free. */
typedef void (*web_func)(enum web_step end, const struct web_steps *steps, gpointer user_data);

/* Asks the service at `first`, whose strings are borrowed until web_free, as are `config`,
 * `events` and `id`.  Calls `done` once, later, at the latest after `limit_ms`.  For web_free. */
web *web_new(const struct client_config *config, channel *events, tls_identity *id,
	     const struct discovery_target *first, guint limit_ms, web_func done,
	     gpointer user_data);
void web_free(web *w); /* `done` is not called any more.  Accepts NULL */

#endif
