/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Front End without its sockets: messages of flows go in, messages to flows and events come
 * out.
 *
 * Each request is handled in the same steps: its sender is checked (403, 401, 407), its subject is
 * determined (frontend/proxy.h), and then the registrar, the provisioning, the focus factory, an
 * MCU, MRAS or the user it is for gets it.  Time and I/O come through `struct core_io`, so tests
 * use a clock of their own.
 */
#ifndef FRONTEND_CORE_H
#define FRONTEND_CORE_H

#include "common/wire/event.h"
#include "frontend/config.h"
#include "frontend/context.h"

#define MRAS_FORWARD_US (5 * G_USEC_PER_SEC)

struct core_io {
	struct transactions_io transactions;
	struct edge_links links;
	/* Sends an event of docs/AGENTS.md; takes over `fields`. */
	void (*event)(const char *name, json_t *fields, gpointer user_data);
};

typedef struct fe_core fe_core;

/* Makes the Front End with its accounts.  `config` and `io` are borrowed until fe_core_free. */
fe_core *fe_core_new(const struct fe_config *config, const struct core_io *io, gpointer user_data);
/* Frees it.  Open sessions get their records first.  Accepts NULL. */
void fe_core_free(fe_core *c);

/* To be called when a peer has connected; requests to users of an Edge then use its new flow. */
void fe_core_flow_up(fe_core *c, struct fe_flow *flow);
/* Handles a message, which is borrowed and may be changed. */
void fe_core_message(fe_core *c, struct fe_flow *flow, sip_msg *m);
/* To be called when the peer's connection is lost and `flow->open` is false.  Removes direct
 * bindings, conference participants and transactions of the flow. */
void fe_core_flow_gone(fe_core *c, struct fe_flow *flow);
/* Ends what has taken too long; to be called at the time that `wake` was called with, or
 * earlier. */
void fe_core_expire(fe_core *c);
/* Sends BYE to all participants of A/V conferences.  Returns whether there were any, so that relays
 * are being released. */
bool fe_core_hang_up(fe_core *c);
/* Counters for a `stats` event; the caller owns them. */
json_t *fe_core_stats(const fe_core *c);

#endif
