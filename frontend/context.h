/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the MCUs, the Front End's own user agents, use of its other parts: transactions, the
 * registrar, and links to the Edges. */
#ifndef FRONTEND_CONTEXT_H
#define FRONTEND_CONTEXT_H

#include "frontend/registrar.h"
#include "frontend/transactions.h"

/* `address` is borrowed; NULL: the name has none, or no server answered. */
typedef void (*resolved_func)(const char *address, gpointer user_data);

struct edge_links {
	/* The flow to an Edge's MRAS service, borrowed.  It is opened when it does not exist;
	 * messages wait until it is connected.  NULL: the Edge is not configured. */
	struct fe_flow *(*mras_flow)(const char *fqdn, gpointer links_data);
	/* Resolves a name with the node's resolver; calls back later, never from inside. */
	void (*resolve)(const char *name, resolved_func done, gpointer user_data,
			gpointer links_data);
};

struct fe_context {
	transactions *transactions;
	registrar *registrar;
	const char *domain;
	const char *address;  /* our own, for session descriptions */
	const char *address6; /* our own IPv6 address; NULL: none */
	const char *ice_profile;
	const struct edge_links *links;
	gpointer links_data;
};

/* Sends `request` to the user in To, as transactions_request does.  Returns false, and
 * never calls `done`, when the user can't be reached. */
bool fe_context_request(const struct fe_context *s, sip_msg *request, gint64 timeout_us,
			transactions_func done, gpointer user_data);

#endif
