/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A flow: one connection over which a peer speaks SIP with the Front End, as the cores see it.
 *
 * Reference counted, so that whoever still has an answer to give may hold it; sending on a flow
 * that is no longer open does nothing.
 */
#ifndef FRONTEND_FLOW_H
#define FRONTEND_FLOW_H

#include <glib.h>
#include <stdbool.h>

struct fe_flow {
	char *peer;    /* "address:port", for people */
	char *edge;    /* name of the Edge at the other end, by its verified certificate; NULL: a
			  client */
	bool outbound; /* opened by us towards MRAS: carries answers only */
	bool open;
	gpointer owner; /* of the I/O layer */
};

/* An open flow; `edge` may be NULL. */
struct fe_flow *fe_flow_new(const char *peer, const char *edge);
struct fe_flow *fe_flow_ref(struct fe_flow *f);
/* Accepts NULL. */
void fe_flow_unref(struct fe_flow *f);

/* The name in `trusted` that the peer's verified certificate carries, compared whole without regard
 * to case (RFC 4343); NULL: the peer is not an Edge.  Borrowed from `trusted`. */
const char *fe_flow_trusted_name(const char *const *peer_names, const char *const *trusted);

#endif
