/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sign-in on an open connection: REGISTER with digest, provisioning, relay credentials.
 *
 * Pure: responses go in, the next request comes out (docs/PROTOCOL.md, "Sign-in").
 *
 *   stage                request     ends with
 *   SIGNIN_REGISTER      REGISTER    401: again with Authorization; 200: PROVISIONING
 *   SIGNIN_PROVISIONING  SUBSCRIBE   200: MRAS, or DONE without an mrasUri
 *   SIGNIN_MRAS          SERVICE     a final response: DONE (without a relay unless it is 200)
 *   SIGNIN_DONE          -           signin_renew: REGISTER, then MRAS, DONE again
 *   SIGNIN_FAILED        -           `failed_stage`, `reason`, `sip_status` are set
 */
#ifndef CLIENTS_SIGNIN_H
#define CLIENTS_SIGNIN_H

#include "common/mras.h"
#include "common/sip_failure.h"

enum signin_stage { SIGNIN_REGISTER, SIGNIN_PROVISIONING, SIGNIN_MRAS, SIGNIN_DONE, SIGNIN_FAILED };

struct signin {
	/* input */
	char *user, *password, *domain, *contact; /* contact: "<sip:...>" */
	char *instance;
	/* state */
	enum signin_stage stage, failed_stage;
	char *call_id, *tag;
	guint32 cseq;
	bool answered_challenge, renewing;
	enum reason code;
	char *reason; /* in words */
	int sip_status;
	/* output */
	guint expires_s; /* of the registration */
	bool remote_user;
	char *mras_uri, *focus_factory_uri;
	struct mras_response relay; /* host_name NULL: no relay */
	int relay_status;	    /* of the response to SERVICE; 0: none */
	char *diagnostics;	/* ms-diagnostics of the last response to REGISTER; NULL: none */
	enum reason relay_code; /* of a failed request for relays; else REASON_NONE */
	char *relay_failure;	/* the same in words; NULL: none */
};

/* Initialises `s` with copies of the strings; signin_done frees its members.  `place`: our end of
 * the connection ("10.0.1.101:40000"). */
void signin_init(struct signin *s, const char *user, const char *password, const char *domain,
		 const char *place);
void signin_done(struct signin *s);
/* The first request, a REGISTER without credentials; the caller unrefs. */
sip_msg *signin_start(struct signin *s);
/* Takes the response to the last request (NULL with `error`: none came) and returns the next
 * request, which the caller unrefs.  NULL: `stage` is DONE or FAILED, or the response was
 * provisional. */
sip_msg *signin_response(struct signin *s, const sip_msg *response, const GError *error);
/* Starts a renewal after SIGNIN_DONE, before `expires_s` have passed: a REGISTER on the same
 * connection with the same Call-ID (RFC 3261 section 10.2.4), then new relay credentials.  What was
 * provisioned stays.  The caller unrefs. */
sip_msg *signin_renew(struct signin *s);
const char *signin_stage_name(enum signin_stage stage); /* "register", "provisioning", "mras" */

#endif
