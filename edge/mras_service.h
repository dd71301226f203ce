/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MRAS: gives the Front End time-limited relay credentials for its users (mutual TLS on 5062).
 *
 * One thread, default main context; nothing blocks.
 */
#ifndef EDGE_MRAS_SERVICE_H
#define EDGE_MRAS_SERVICE_H

#include <gio/gio.h>
#include <jansson.h>

#include "common/sip.h"
#include "common/tls.h"
#include "common/wire/event.h"
#include "edge/av_edge.h"
#include "edge/config.h"

#define MRAS_PORT 5062
#define MRAS_DURATION_MAX_MIN 480

typedef struct mras_service mras_service;

/* `config` and `identity` are borrowed until mras_service_free.  NULL with a G_IO_ERROR: not bound.
 */
mras_service *mras_service_new(const struct edge_config *config, tls_identity *identity,
			       edge_event_func event, gpointer user_data, GError **error);
void mras_service_free(mras_service *s);

/* The answer to one request at `now_s` (seconds since 1970): 200 with credentials, 400, or 405 for
 * anything but SERVICE.  *ret_user and *ret_internet (may be NULL) say for whom, when it is 200;
 * the caller frees.  Pure. */
sip_msg *mras_answer(const struct edge_config *config, const sip_msg *request, gint64 now_s,
		     char **ret_user, bool *ret_internet);

#endif
