/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headers Via, Path and Route of messages that pass the Access Edge (docs/PROTOCOL.md,
 * "Signalling through the Edge").  Pure.
 *
 * The Edge is a stateless proxy (RFC 3261 section 16.11).  Its Via carries the token of the flow
 * that a request came from, so that a response needs no transaction to find its way.  The branch is
 * computed from the received branch, so that an ACK for a failure and a CANCEL match their INVITE.
 */
#ifndef EDGE_ROUTE_H
#define EDGE_ROUTE_H

#include "common/sip.h"

#define EDGE_SIP_PORT 5061

/* Prepares a request that came on the flow `token` for the inside: adds our Via, and Path to a
 * REGISTER, and removes Routes to us, because a client must not choose a flow. */
void edge_route_from_client(sip_msg *request, const char *fqdn, const char *token);

/* Removes the first Route if it is ours, and returns its token, which the caller frees.  NULL: it
 * is not ours, nothing is changed. */
char *edge_route_take_token(sip_msg *request, const char *fqdn);
/* Prepares a request from the inside, whose Route was removed, for the client: adds our Via. */
void edge_route_to_client(sip_msg *request, const char *fqdn, const char *token);

/* Removes the first Via if it is ours, and returns its token, which the caller frees.  NULL: it is
 * not ours, nothing is changed. */
char *edge_route_take_via(sip_msg *response, const char *fqdn);

#endif
