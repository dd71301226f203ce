/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A flow: one SIP connection between a peer and the Front End, without its socket.
 *
 * Reference counted, so that pending responses can hold it; sending on a closed flow does nothing.
 */
#ifndef FRONTEND_FLOW_H
#define FRONTEND_FLOW_H

#include "common/sip_trust.h"

struct fe_flow {
	char *peer;	  /* "address:port" */
	guint64 number;	  /* no other flow of this process has it */
	char *edge;	  /* name of the Edge in its verified certificate; NULL: a client */
	bool outbound;	  /* opened by us to MRAS: carries responses only */
	bool open;	  /* false: the connection is lost */
	sip_users *users; /* who has registered on it; of an Edge's, nobody: it knows itself */
	guint bindings;	  /* of users whom the registrar reaches by it */
	gpointer owner;	  /* pointer of the I/O layer */
};

/* An open flow with one reference; `edge` may be NULL. */
struct fe_flow *fe_flow_new(const char *peer, const char *edge);
struct fe_flow *fe_flow_ref(struct fe_flow *f); /* returns `f` */
/* Accepts NULL. */
void fe_flow_unref(struct fe_flow *f);

/* The client's connection that a request came on, as text: this one, or one of the Edge behind it.
 * The caller frees. */
char *fe_flow_client(const struct fe_flow *f, const sip_msg *request);

/* The first name of `trusted` that is also in `peer_names`, ignoring case (RFC 4343); borrowed from
 * `trusted`.  NULL: none, the peer is not an Edge. */
const char *fe_flow_trusted_name(const char *const *peer_names, const char *const *trusted);

#endif
