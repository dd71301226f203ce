/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MRAS service: gives the Front End time-limited relay credentials for its users (mutual TLS on
 * port 5062).
 *
 * One thread, default main context; nothing blocks.
 */
#ifndef EDGE_MRAS_SERVICE_H
#define EDGE_MRAS_SERVICE_H

#include <gio/gio.h>
#include <jansson.h>

#include "common/base/object.h"
#include "common/sip.h"
#include "common/tls.h"
#include "common/wire/event.h"
#include "edge/av_edge.h"
#include "edge/config.h"

#define MRAS_PORT 5062
#define MRAS_DURATION_MAX_MIN 480

typedef struct mras_service mras_service;

/* Starts listening on the internal addresses.  `config` and `identity` are borrowed until
 * object_free.  NULL with G_IO_ERROR: an address cannot be bound. */
mras_service *mras_service_new(const struct edge_config *config, tls_identity *identity,
			       edge_event_func event, gpointer user_data, GError **error);

/* The response to a request at `now_s` (seconds since 1970), for the caller to unref: 200 with
 * credentials, 400 for a malformed one, 403 where the identity in it is not the user in From, whom
 * the Front End has authenticated, 405 for a method other than SERVICE.  With 200 *ret_user is the
 * user, which the caller frees, and *ret_internet the location; else *ret_user is NULL.  Pure. */
sip_msg *mras_answer(const struct edge_config *config, const sip_msg *request, gint64 now_s,
		     char **ret_user, bool *ret_internet);

#endif
