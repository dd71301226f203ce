/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Front End core without network: flows that only remember what was sent, a clock that stands
 * still until told. */
#ifndef TESTS_FRONTEND_WORLD_H
#define TESTS_FRONTEND_WORLD_H

#include "frontend/core.h"

struct world {
	gint64 now_us, wake_us; /* wake_us 0: not asked for */
	fe_core *core;
	struct fe_config *config;
	GPtrArray *sent;      /* struct sent, oldest first */
	GPtrArray *events;    /* json_t: { "event": name, ...fields } */
	struct fe_flow *mras; /* link to edge.contoso.com, once it was asked for */
	guint mras_asked;
};

struct sent {
	struct fe_flow *flow;
	sip_msg *m;
};

/* Users dc1, dc2, branch1, home1 (password "secret-NAME"), all but dc2 with the Edge
 * edge.contoso.com. */
struct world *world_new(void);
void world_free(struct world *w);
/* Moves the clock on, ending what is due on the way. */
void world_advance(struct world *w, gint64 us);

/* A connected peer; `edge` NULL: a client. */
struct fe_flow *world_flow(struct world *w, const char *edge);
void world_close(struct world *w, struct fe_flow *flow);

/* A request of `user` ("dc1") with a Via of its own (branch z9hG4bK-ID). */
sip_msg *world_request(const char *method, const char *uri, const char *user, const char *to_uri,
		       const char *to_tag, const char *call_id, guint cseq, const char *via_id);
/* Gives it to the core and unrefs it.  An Edge's flow says who has registered over it
 * (world_register), as the Edge does. */
void world_receive(struct world *w, struct fe_flow *flow, sip_msg *m);
/* Answers `request` (as sent by the core on `flow`). */
void world_answer(struct world *w, struct fe_flow *flow, const sip_msg *request, int status,
		  const char *to_tag);

/* The oldest message on `flow` that was not taken yet; NULL: none.  The caller unrefs. */
sip_msg *world_take(struct world *w, const struct fe_flow *flow);
/* As world_take, past provisional responses. */
sip_msg *world_take_final(struct world *w, const struct fe_flow *flow);
/* Number of messages on `flow` not taken yet. */
guint world_pending(const struct world *w, const struct fe_flow *flow);

/* REGISTER with digest; returns the final status.  `path` may be NULL. */
int world_register(struct world *w, struct fe_flow *flow, const char *user, const char *path);
/* Last event of this name; NULL: none.  Borrowed. */
json_t *world_event(const struct world *w, const char *name);
/* Makes conference `id` by dc1 on `flow`. */
void world_conference(struct world *w, struct fe_flow *flow, const char *id);

#define HOME1_PATH "<sip:tok1@edge.contoso.com:5061;transport=tls;lr>"

/* dc1 and dc2 in the office, home1 signed in through the Edge. */
struct office {
	struct world *w;
	struct fe_flow *dc1, *dc2, *edge;
};
struct office office_open(void);
void office_close(struct office *o);
/* `body` NULL: that of an instant message. */
sip_msg *office_invite(const char *from, const char *to, const char *call, const char *body);

#endif
