/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Access Edge: a SIP proxy between clients outside and the Front End inside.
 *
 * It listens with TLS on `access_port` of the access address (without client certificates) and with
 * mutual TLS on port 5061 of the internal address.  One connection to the Front End carries all
 * messages.  It is opened at the start and, after a loss, when the next request needs it; requests
 * wait for it and are answered with 503 when it cannot be opened.  Each connection is a flow with a
 * token (flow.h), which Path, Route and Via carry (route.h).  One thread, default main context;
 * nothing blocks.
 */
#ifndef EDGE_ACCESS_H
#define EDGE_ACCESS_H

#include <gio/gio.h>
#include <jansson.h>

#include "common/tls.h"
#include "common/wire/event.h"
#include "edge/config.h"
#include "edge/av_edge.h"

typedef struct access_edge access_edge;

/* Starts listening and connecting.  `config` and `identity` are borrowed until access_edge_free.
 * NULL with G_IO_ERROR: an address cannot be bound. */
access_edge *access_edge_new(const struct edge_config *config, tls_identity *identity,
			     edge_event_func event, gpointer user_data, GError **error);
void access_edge_free(access_edge *a); /* closes all connections, without events.  Accepts NULL */
/* Adds the counters to the members of a `stats` event. */
void access_edge_stats(const access_edge *a, json_t *fields);

#endif
