/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the Access Edge does to the headers of messages that pass: Via, Path, Route
 * (docs/PROTOCOL.md, "Signalling through the Edge").  Pure.
 *
 * The Edge is a stateless proxy (RFC 3261 section 16.11): its Via carries the token of the flow
 * that a request came from, so a response finds its way without a transaction; the branch is a
 * function of the branch received, so that ACK for a failure and CANCEL match their INVITE.
 */
#ifndef EDGE_ROUTE_H
#define EDGE_ROUTE_H

#include "common/sip.h"

#define EDGE_SIP_PORT 5061

/* A request that came on the flow `token` is made ready to be sent on: our Via, and `Path` for a
 * REGISTER.  Routes of a client that lead to us are taken off: it may not choose a flow. */
void edge_route_from_client(sip_msg *request, const char *fqdn, const char *token);

/* The token of the first Route when that is ours; it is taken off.  NULL: no Route of ours (and
 * nothing was changed).  The caller frees. */
char *edge_route_take_token(sip_msg *request, const char *fqdn);
/* A request from the inside, whose Route has been taken, is made ready for the client. */
void edge_route_to_client(sip_msg *request, const char *fqdn, const char *token);

/* The token in the first Via when that is ours; it is taken off.  NULL: not ours.  The caller
 * frees. */
char *edge_route_take_via(sip_msg *response, const char *fqdn);

#endif
