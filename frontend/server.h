/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Front End on the network: TLS on port 5061, links to the Edges' MRAS, names, the file of call
 * detail records.
 *
 * Main loop only; nothing blocks but the write of a record (one short line to a local file).
 */
#ifndef FRONTEND_SERVER_H
#define FRONTEND_SERVER_H

#include "common/wire/event.h"
#include "frontend/config.h"

#include <gio/gio.h>
#include <stdbool.h>

typedef struct fe_server fe_server;

/* An event for the control channel; `fields` is owned by the callee. */
typedef void (*fe_server_event_func)(const char *name, json_t *fields, gpointer user_data);

/* Listening when it returns.  Takes `config` over.  NULL with error: certificates, address, or the
 * records' file. */
fe_server *fe_server_new(struct fe_config *config, fe_server_event_func event, gpointer user_data,
			 GError **error);
json_t *fe_server_stats(const fe_server *s);
/* Ends every conference and connection and frees; what is queued is written by the main loop
 * afterwards. Returns whether relays are being released (give the main loop some 300 ms then). */
bool fe_server_free(fe_server *s);

#endif
