/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proxy's decision about one request: pure, message and bindings in, verdict out.
 * RFC 3261 section 16; docs/PROTOCOL.md "Signalling through the Edge". */
#ifndef FRONTEND_PROXY_H
#define FRONTEND_PROXY_H

#include "frontend/registrar.h"

/* What a request is about, by method and Request-URI. */
enum proxy_subject {
	SUBJECT_USER, /* for a user: passed on */
	SUBJECT_REGISTER,
	SUBJECT_SUBSCRIBE,  /* a user's own subscription */
	SUBJECT_FACTORY,    /* the focus factory */
	SUBJECT_CONFERENCE, /* a conference's focus or MCU */
	SUBJECT_MRAS,
	SUBJECT_NONE, /* nothing we know */
};
enum proxy_subject fe_proxy_subject(const sip_msg *request);

/* 0: the sender is who From says; else 401 or 407 (not registered; a challenge is to be added) or
 * 403. */
int fe_proxy_check_sender(registrar *r, const sip_msg *request, const struct fe_flow *flow,
			  gint64 now_us);

/* 0 and *ret_route: forward `request`, whose Max-Forwards has been taken down; else the status to
 * answer. */
int fe_proxy_decide(registrar *r, sip_msg *request, gint64 now_us, struct route *ret_route);

#endif
