/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proxy's decisions about a request (RFC 3261 section 16; docs/PROTOCOL.md "Signalling through
 * the Edge").  Pure. */
#ifndef FRONTEND_PROXY_H
#define FRONTEND_PROXY_H

#include "frontend/registrar.h"

/* The subject of a request, by its method and Request-URI. */
enum proxy_subject {
	SUBJECT_USER, /* a user, to whom it is forwarded */
	SUBJECT_REGISTER,
	SUBJECT_SUBSCRIBE,  /* a user's own subscription */
	SUBJECT_FACTORY,    /* the focus factory */
	SUBJECT_CONFERENCE, /* a conference's focus or MCU */
	SUBJECT_MRAS,
	SUBJECT_SERVICE, /* PUBLISH or SERVICE to a user: to the server, which has no such service
			  */
	SUBJECT_NONE,	 /* unknown */
};
enum proxy_subject fe_proxy_subject(const sip_msg *request);

/* Removes the first Routes while they are of this proxy, one of `own` ("host:port",
 * NULL-terminated; RFC 3261 section 16.4). */
void fe_proxy_take_routes(sip_msg *request, const char *const *own);

/* Whether the sender is the user in From: 0; else 401 or 407 (nobody has registered on this
 * connection, and the credentials, if there are any, prove nothing yet; the response needs a
 * challenge, *ret_stale says of which kind) or 403.  A CANCEL of nobody is let through: it can only
 * be about a request of its own connection. */
int fe_proxy_check_sender(registrar *r, const sip_msg *request, const struct fe_flow *flow,
			  gint64 now_us, bool *ret_stale);

/* Decrements Max-Forwards, finds the route for a request to a user, and makes the user's contact
 * its Request-URI (RFC 3261 section 16.5).  A request in a dialog may name the contact itself, and
 * goes to the user in To.  0, or the status of the response. */
int fe_proxy_decide(registrar *r, sip_msg *request, gint64 now_us, struct fe_route *ret_route);

/* The status for the sender of a request to which a client or an Edge has answered; that of the
 * response, but for:
 * - 430, the Edge's client is gone (RFC 5626 section 5.3): 480.
 * - 401 that asks for a password of `realm`, our own: 403.  Only this server may ask for those, and
 *   whoever else does could guess the password from the answer.  One for another realm is between
 *   the two users, and goes through (RFC 3261 sections 16.7 step 7 and 22.2).
 * - 407: 403.  No client is a proxy, and what answers such a challenge goes no further than to
 *   here (section 22.3). */
int fe_proxy_answer_status(const sip_msg *response, const char *realm);

/* Removes the credentials for our realm, which others could use to guess the password. */
void fe_proxy_remove_credentials(sip_msg *request, const char *realm);

#endif
