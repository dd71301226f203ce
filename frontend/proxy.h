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
	SUBJECT_NONE, /* unknown */
};
enum proxy_subject fe_proxy_subject(const sip_msg *request);

/* Whether the sender is the user in From.  Returns 0 if it is; 401 or 407 when nobody is registered
 * (the response needs a challenge); 403 when it is somebody else. */
int fe_proxy_check_sender(registrar *r, const sip_msg *request, const struct fe_flow *flow,
			  gint64 now_us);

/* Decrements Max-Forwards of the request and finds the route to its user.  Returns 0 with
 * *ret_route, or the status of the response: 483, 404 or 480. */
int fe_proxy_decide(registrar *r, sip_msg *request, gint64 now_us, struct fe_route *ret_route);

#endif
