/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the Front End's own user agents (MCUs) stand on: the transactions to answer and ask through,
 * the registrar to find users by, and links to the Edges. */
#ifndef FRONTEND_STATION_H
#define FRONTEND_STATION_H

#include "frontend/registrar.h"
#include "frontend/transactions.h"

/* `address` NULL: the name has none, or nobody answered. */
typedef void (*resolved_func)(const char *address, gpointer user_data);

struct edge_links {
	/* The flow to an Edge's MRAS service, opened if it is not there; messages wait until it is
	 * connected.  Borrowed; NULL: no such Edge in the configuration. */
	struct fe_flow *(*mras_flow)(const char *fqdn, gpointer links_data);
	/* Address of a name by the node's own resolver; calls back later, never from inside. */
	void (*resolve)(const char *name, resolved_func done, gpointer user_data,
			gpointer links_data);
};

struct station {
	transactions *transactions;
	registrar *registrar;
	const char *domain;
	const char *address;  /* our own, for session descriptions */
	const char *address6; /* the IPv6 one beside it; NULL: none */
	const char *ice_profile;
	const struct edge_links *links;
	gpointer links_data;
};

/* Sends `request` to the user it names in its Request-URI.  False: the user cannot be reached now
 * and `done` will not be called; else as transactions_request. */
bool station_request(const struct station *s, sip_msg *request, gint64 timeout_us,
		     transactions_func done, gpointer user_data);

#endif
