/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Access Edge's parts: access.c has its connections, access_messages.c what is done with the
 * messages that come on them. */
#ifndef EDGE_ACCESS_PRIVATE_H
#define EDGE_ACCESS_PRIVATE_H

#include "common/sip_trust.h"
#include "edge/access.h"
#include "edge/flow.h"
#include "edge/route.h"

#define LISTENERS 4 /* outside and inside, IPv4 and IPv6 */

/* A connection and its flow. */
struct access_link {
	access_edge *access;
	sip_conn *conn;
	char *token;
	enum edge_flow_side side;
	sip_users *users; /* who has signed in on it; nobody on that to the Front End */
	guint waiting;	  /* requests */
};

/* The connection to the Front End:
 *
 * state       | front_end | connecting | next state
 * none        | NULL      | false      | connecting, at the start or with a request
 * connecting  | NULL      | true       | open; or none, and waiting requests get 503
 * open        | set       | false      | none, when it is closed
 */
struct access_edge {
	const struct edge_config *config;
	tls_identity *identity;
	edge_event_func event;
	gpointer user_data;
	tls_listener *listeners[LISTENERS]; /* NULL where there is no such address */
	edge_flows *flows;
	GHashTable *links;  /* struct access_link *, owned */
	GPtrArray *clients; /* those of clients, oldest first */
	struct access_link *front_end;
	bool connecting;
	GQueue waiting; /* struct waiting_request * */
	gsize waiting_bytes;
	GCancellable *cancellable;
	char *internal, *access;
	struct edge_names names;
	char *key; /* of names */
	guint64 requests_in, requests_out, responses, flow_failed, unavailable;
	guint64 responses_dropped, evicted;
};

/* Handles a message, which is borrowed and may be changed, of a connection. */
void access_message(struct access_link *l, sip_msg *m);
/* Sends all requests that have waited for the Front End, which is now connected; or answers them
 * with 503, and `why` becomes part of ms-diagnostics. */
void access_send_waiting(access_edge *a);
void access_refuse_waiting(access_edge *a, const char *why);
void access_drop_waiting(access_edge *a);
/* Connects to the Front End, unless that has been done or is under way. */
void access_connect_front_end(access_edge *a);

#endif
