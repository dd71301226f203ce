/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The A/V Edge: sockets around the TURN server (turn.h).
 *
 * Listens on UDP 3478 and TCP 443 of the internal and of the external A/V addresses, and answers
 * from the address that was asked.  Relays are opened on the external addresses only.  A send that
 * fails, for example without a route, becomes a `send-error` event, because it explains failed
 * calls. One thread, its default main context; nothing blocks (av_thread.h runs it).
 */
#ifndef EDGE_AV_EDGE_H
#define EDGE_AV_EDGE_H

#include <gio/gio.h>
#include <jansson.h>

#include "common/wire/event.h"
#include "edge/config.h"

#define AV_EDGE_UDP_PORT 3478

typedef struct av_edge av_edge;

/* Opens all sockets.  `config` is borrowed until av_edge_free.  NULL with G_IO_ERROR: an address
 * cannot be bound, or relay_to or relay_not_to is malformed. */
av_edge *av_edge_new(const struct edge_config *config, edge_event_func event, gpointer user_data,
		     GError **error);
/* Ends all allocations, with events, and closes all sockets.  Accepts NULL. */
void av_edge_free(av_edge *e);

/* Adds the counters to the members of a `stats` event. */
void av_edge_stats(const av_edge *e, json_t *fields);

#endif
