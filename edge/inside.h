/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Towards the Front End: finding it, connecting to it, knowing it. */
#ifndef EDGE_INSIDE_H
#define EDGE_INSIDE_H

#include <gio/gio.h>
#include <stdbool.h>

#include "common/tls.h"

#define INSIDE_CONNECT_TIMEOUT_MS 5000

/* The connection, owned by the callee from now on; or NULL and why (error_reason), with the
 * address that was tried (NULL: the name has none). */
typedef void (*inside_connected)(GIOStream *connection, const char *address, const GError *error,
				 gpointer user_data);

/* Resolves `name` as the system does (/etc/hosts, then DNS), connects from `local_address` with
 * mutual TLS and calls back once from the main loop; not at all when `cancellable` was cancelled.
 */
void inside_connect(const char *name, guint16 port, const char *local_address,
		    tls_identity *identity, GCancellable *cancellable, inside_connected done,
		    gpointer user_data);

/* Names compare without case, whole. */
bool inside_has_name(const char *const *peer_names, const char *name);

#endif
