/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Front End's I/O: TLS on port 5061, links to the Edges' MRAS, name resolution, the file of
 * call detail records.
 *
 * Main loop only.  Nothing blocks except the write of a record, a short line to a local file.
 */
#ifndef FRONTEND_SERVER_H
#define FRONTEND_SERVER_H

#include "common/wire/event.h"
#include "frontend/config.h"

#include <gio/gio.h>
#include <stdbool.h>

typedef struct fe_server fe_server;

/* Sends an event on the control channel; takes over `fields`. */
typedef void (*fe_server_event_func)(const char *name, json_t *fields, gpointer user_data);

/* Starts the server, which listens when this returns.  Takes over `config`, also on failure.  NULL
 * with an error of the certificates, an address, or the file of records. */
fe_server *fe_server_new(struct fe_config *config, fe_server_event_func event, gpointer user_data,
			 GError **error);
/* Counters for a `stats` event; the caller owns them. */
json_t *fe_server_stats(const fe_server *s);
/* Ends all conferences and connections, and frees the server.  The main loop writes what is queued.
 * Returns whether relays are being released, for which the main loop needs some 300 ms more.
 * Accepts NULL. */
bool fe_server_free(fe_server *s);

#endif
