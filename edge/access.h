/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Access Edge: SIP between clients outside and the Front End inside.
 *
 * TLS 443 on the access address (no client certificate), mutual TLS 5061 on the internal one.  One
 * connection to the Front End carries everything; it is opened at the start and, when lost, again
 * by the next request that needs it; requests wait for it and get 503 when it cannot be had. One
 * thread, default main context; nothing blocks.
 */
#ifndef EDGE_ACCESS_H
#define EDGE_ACCESS_H

#include <gio/gio.h>
#include <jansson.h>

#include "common/tls.h"
#include "common/wire/event.h"
#include "edge/config.h"
#include "edge/av_edge.h"

#define ACCESS_OUTSIDE_PORT 443

typedef struct access_edge access_edge;

/* `config` and `identity` are borrowed until access_edge_free.  NULL with a G_IO_ERROR: not bound.
 */
access_edge *access_edge_new(const struct edge_config *config, tls_identity *identity,
			     edge_event_func event, gpointer user_data, GError **error);
void access_edge_free(access_edge *a);
void access_edge_stats(const access_edge *a, json_t *fields);

#endif
