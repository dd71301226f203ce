/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connecting to the Front End, and recognising it. */
#ifndef EDGE_INSIDE_H
#define EDGE_INSIDE_H

#include <gio/gio.h>
#include <stdbool.h>

#include "common/tls.h"

#define INSIDE_CONNECT_TIMEOUT_MS 5000

/* Called with the connection, which the callee then owns; or with NULL, the error (error_reason)
 * and the address that was tried (NULL: the name has none). */
typedef void (*inside_connected)(GIOStream *connection, const char *address, const GError *error,
				 gpointer user_data);

/* Resolves `name` as the system does (/etc/hosts, then DNS) and connects from `local_address` with
 * mutual TLS.  The main loop calls `done` once; not at all when `cancellable` was cancelled. */
void inside_connect(const char *name, guint16 port, const char *local_address,
		    tls_identity *identity, GCancellable *cancellable, inside_connected done,
		    gpointer user_data);

/* Whether `name` is one of the names (NULL-terminated), ignoring case. */
bool inside_has_name(const char *const *peer_names, const char *name);

#endif
