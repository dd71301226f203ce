/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Front End without its sockets: messages of flows in, messages to flows and events out.
 *
 * Takes every request through the same steps: who sent it (403, 401, 407), what it is about
 * (frontend/proxy.h), and then the registrar, the provisioning, the factory, an MCU, MRAS or the
 * user it is for. Time and everything outside come through `struct core_io`, so tests drive it with
 * a clock of their own.
 */
#ifndef FRONTEND_CORE_H
#define FRONTEND_CORE_H

#include "common/wire/event.h"
#include "frontend/config.h"
#include "frontend/station.h"

#define MRAS_FORWARD_US (5 * G_USEC_PER_SEC)

struct core_io {
	struct transactions_io transactions;
	struct edge_links links;
	/* An event of docs/AGENTS.md; `fields` is owned by the callee. */
	void (*event)(const char *name, json_t *fields, gpointer user_data);
};

typedef struct fe_core fe_core;

/* `config` and `io` are borrowed and outlive the core. */
fe_core *fe_core_new(const struct fe_config *config, const struct core_io *io, gpointer user_data);
/* Writes the records of sessions that are still open. */
void fe_core_free(fe_core *c);

/* A peer has connected. */
void fe_core_flow_up(fe_core *c, struct fe_flow *flow);
/* `m` is borrowed and may be changed. */
void fe_core_message(fe_core *c, struct fe_flow *flow, sip_msg *m);
/* The peer's connection is gone; `flow->open` is false already. */
void fe_core_flow_gone(fe_core *c, struct fe_flow *flow);
/* The time that `wake` named has come. */
void fe_core_expire(fe_core *c);
/* BYE to everybody in an A/V conference; true: there was somebody (relays are being released). */
bool fe_core_hang_up(fe_core *c);
/* Counters for a `stats` event; the caller owns them. */
json_t *fe_core_stats(const fe_core *c);

#endif
