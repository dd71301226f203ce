/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Front End and an Access Edge before it, over TLS on loopback addresses, and clients:
 *
 *   clients outside ---- Access Edge ---- Front End ---- clients inside
 */
#ifndef TESTS_UNIT_BORDER_NET_H
#define TESTS_UNIT_BORDER_NET_H

#include <jansson.h>

#include "common/sip.h"

#define NET_CLIENTS_MAX 12u /* connections of clients to each of them */

struct net;

struct net *net_open(void);
void net_close(struct net *n);
/* The value of a figure of the Edge or of the Front End; -1: there is none. */
json_int_t net_edge_figure(const struct net *n, const char *name);
json_int_t net_frontend_figure(const struct net *n, const char *name);

struct peer {
	struct net *net;
	sip_conn *conn;		     /* NULL: closed */
	sip_msg *response, *request; /* the last ones that came; final responses */
	bool refused;		     /* it could not connect */
};

/* A connection without certificate, to the Edge or to the Front End. */
void peer_start(struct peer *p, struct net *n, bool outside);
void peer_open(struct peer *p, struct net *n, bool outside); /* and waits for it */
void peer_close(struct peer *p);
/* Sends a request, which it unrefs, and waits for the final response; its status.  0: the
 * connection was closed. */
int peer_ask(struct peer *p, sip_msg *request);
/* Sends it only. */
void peer_say(struct peer *p, sip_msg *request);
/* Registers "NAME@contoso.com", password "secret"; the status. */
int peer_register(struct peer *p, const char *name, const char *expires);
void peer_wait_request(struct peer *p);
/* Runs the main loop until nothing is to be done. */
void net_settle(struct net *n);

/* A request from "NAME@contoso.com". */
sip_msg *request_of(const char *method, const char *name, const char *to_uri, const char *call_id);

/* Runs the main loop until the condition holds; the test fails when it does not within
 * NET_DEADLINE_S. */
#define NET_DEADLINE_S 60
bool net_is_late(const struct net *n);
#define WAIT_FOR(net, condition, what)                                             \
	do {                                                                       \
		while (!(condition) && !net_is_late(net))                          \
			g_main_context_iteration(NULL, TRUE);                      \
		cr_assert(condition, "%s: not within %d s", what, NET_DEADLINE_S); \
	} while (0)

#endif
