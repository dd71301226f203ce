/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Edge server: Access Edge, MRAS and, unless another program is the relay, the A/V Edge. */
#ifndef EDGE_EDGE_H
#define EDGE_EDGE_H

#include <gio/gio.h>
#include <jansson.h>

#include "edge/av_edge.h"

typedef struct edge edge;

/* Starts all parts; blocks until all sockets are open.  `object` is the configuration (config.h).
 * NULL with an error that names the wrong member, file or address. */
edge *edge_new(const json_t *object, edge_event_func event, gpointer user_data, GError **error);
/* Ends all allocations and connections.  Accepts NULL. */
void edge_free(edge *e);
/* All counters, as an object that the caller owns. */
json_t *edge_stats(const edge *e);

#endif
