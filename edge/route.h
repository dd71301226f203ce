/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headers Via, Path, Route and Record-Route of messages that pass the Access Edge
 * (docs/PROTOCOL.md, "Signalling through the Edge").  Pure.
 *
 * The Edge is a stateless proxy (RFC 3261 section 16.11).  Its Via carries the token of the flow
 * that a request came from, so that a response needs no transaction to find its way.  The branch is
 * computed from the received branch, so that an ACK for a failure and a CANCEL match their INVITE;
 * and from a secret key and both flows, so that only who got the request on that very connection
 * can answer it. Its two sides have different names and ports, so it records a Route for each (RFC
 * 5658).
 */
#ifndef EDGE_ROUTE_H
#define EDGE_ROUTE_H

#include "common/sip.h"

#define EDGE_SIP_PORT 5061

/* The names by which the Edge's Routes and Vias mean it. */
struct edge_names {
	const char *inside;  /* for the Front End, port 5061 */
	const char *outside; /* for clients */
	guint16 outside_port;
	const char *key; /* secret, of branches */
};

/* Prepares a request that came on the flow `token` for the inside, flow `inside`: adds our Via,
 * Path to a REGISTER, and Record-Route to what may make a dialog, and removes Routes to us, because
 * a client must not choose a flow. */
void edge_route_from_client(sip_msg *request, const struct edge_names *names, const char *token,
			    const char *inside);

/* Removes the first Routes while they are ours, and returns the first one's token, which the caller
 * frees.  NULL: it is not ours, nothing is changed. */
char *edge_route_take_token(sip_msg *request, const struct edge_names *names);
/* Prepares a request from the inside, whose Route was removed, for the client with the flow
 * `client`: adds our Via with the flow `token` that it came on, and Record-Route to what may make a
 * dialog. */
void edge_route_to_client(sip_msg *request, const struct edge_names *names, const char *token,
			  const char *client);

/* Removes the first Via of a response that came on the flow `from`, and returns its token, which
 * the caller frees.  NULL: the Via is not ours, or its request was not sent on that flow; nothing
 * is changed. */
char *edge_route_take_via(sip_msg *response, const struct edge_names *names, const char *from);

#endif
