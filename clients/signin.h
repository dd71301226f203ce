/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sign-in after the connection stands: REGISTER with digest, provisioning, relay credentials.
 *
 * Pure: responses go in, the next request comes out (docs/PROTOCOL.md, "Sign-in").
 *
 *   stage                request        leads to
 *   SIGNIN_REGISTER      REGISTER       401: again with Authorization; 200: PROVISIONING
 *   SIGNIN_PROVISIONING  SUBSCRIBE      200: MRAS, or DONE when nobody serves relays
 *   SIGNIN_MRAS          SERVICE        any final response: DONE (without a relay when it is no
 * 200) SIGNIN_DONE          -              signin_renew: REGISTER, then MRAS, DONE again
 *   SIGNIN_FAILED        -              `failed_stage`, `reason`, `sip_status`
 */
#ifndef CLIENTS_SIGNIN_H
#define CLIENTS_SIGNIN_H

#include "common/mras.h"
#include "common/sip_failure.h"

enum signin_stage { SIGNIN_REGISTER, SIGNIN_PROVISIONING, SIGNIN_MRAS, SIGNIN_DONE, SIGNIN_FAILED };

struct signin {
	/* given */
	char *user, *password, *domain, *contact; /* contact: "10.0.1.101:40000" */
	/* state */
	enum signin_stage stage, failed_stage;
	char *call_id, *tag;
	guint32 cseq;
	bool answered_challenge, renewing;
	enum reason code;
	char *reason; /* in words */
	int sip_status;
	/* learnt */
	guint expires_s; /* of the registration */
	bool remote_user;
	char *mras_uri, *focus_factory_uri;
	struct mras_response relay; /* host_name NULL: no relay */
	int relay_status;	    /* of the answer about relays; 0: none */
	char *diagnostics;	    /* ms-diagnostics of the answer that ended it; NULL */
	enum reason relay_code;	    /* why there is no relay although there should be */
	char *relay_trouble;	    /* the same in words; NULL */
};

/* Copies the texts; signin_done frees what `s` holds. */
void signin_init(struct signin *s, const char *user, const char *password, const char *domain,
		 const char *contact);
void signin_done(struct signin *s);
/* The first request. */
sip_msg *signin_start(struct signin *s);
/* Takes the response to the last request (NULL: none came, `error` says why); returns the next one,
 * or NULL: `stage` says whether it is done, has failed, or waits on (a provisional response). */
sip_msg *signin_response(struct signin *s, const sip_msg *response, const GError *error);
/* After SIGNIN_DONE, before `expires_s` have passed: the request that begins it again on the same
 * connection, in the same Call-ID (RFC 3261 section 10.2.4).  Brings new relay credentials; what
 * was provisioned stays. */
sip_msg *signin_renew(struct signin *s);
const char *signin_stage_name(enum signin_stage stage); /* "register", "provisioning", "mras" */

#endif
