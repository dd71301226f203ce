/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Edge server: Access Edge, MRAS and, unless another program relays, the A/V Edge. */
#ifndef EDGE_EDGE_H
#define EDGE_EDGE_H

#include <gio/gio.h>
#include <jansson.h>

#include "edge/av_edge.h"

typedef struct edge edge;

/* Starts everything; all sockets are open when it returns.  `object` is the configuration of
 * docs/AGENTS.md.  NULL with an error that names the member, file or address at fault. */
edge *edge_new(const json_t *object, edge_event_func event, gpointer user_data, GError **error);
/* Ends allocations and connections. */
void edge_free(edge *e);
/* A new object with all counters. */
json_t *edge_stats(const edge *e);

#endif
