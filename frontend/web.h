/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Front End's web sites: HTTPS inside and, for a reverse proxy, outside (docs/AGENTS.md).
 *
 * The I/O around `web_answer`: common/tls accepts and does the handshake, so that a refused one is
 * told as for SIP; libsoup speaks HTTP.  Each request is an event.  Main loop only; nothing blocks.
 *
 * A connection stays open for further requests.  Who sends slowly or nothing can't hold a site: a
 * connection is closed when no request over it was whole and answered for `idle_ms`, and the one
 * that waits longest, when a site has too many.  Both are told (`web-closed`).
 */
#ifndef FRONTEND_WEB_H
#define FRONTEND_WEB_H

#include "common/tls.h"
#include "common/wire/event.h"
#include "frontend/config.h"

struct fe_web_limits {
	guint idle_ms;
	guint connections; /* of one site, after their handshakes */
};

/* The usual ones; docs/PROTOCOL.md. */
#define FE_WEB_LIMITS ((struct fe_web_limits){.idle_ms = 10000, .connections = 128})

typedef struct fe_web_server fe_web_server;

/* Sends an event on the control channel; takes over `fields`. */
typedef void (*fe_web_event_func)(const char *name, json_t *fields, gpointer user_data);

/* Starts both sites, which listen when this returns.  `c` and `identity` are borrowed until
 * fe_web_free.  NULL with an error of an address. */
fe_web_server *fe_web_new(const struct fe_config *c, tls_identity *identity,
			  struct fe_web_limits limits, fe_web_event_func event, gpointer user_data,
			  GError **error);
void fe_web_free(fe_web_server *w); /* closes all connections.  Accepts NULL */
/* Requests so far, by site; the caller owns the object. */
json_t *fe_web_stats(const fe_web_server *w);

#endif
