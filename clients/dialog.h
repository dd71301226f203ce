/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SIP dialog's identity and counters (RFC 3261 section 12).  Pure. */
#ifndef CLIENTS_DIALOG_H
#define CLIENTS_DIALOG_H

#include "common/sip.h"

struct dialog {
	char *call_id, *local_uri, *local_tag, *remote_uri;
	char *remote_tag;  /* NULL: not known yet */
	char *contact;	   /* value of our Contact */
	char *target;	   /* where requests go: the peer's Contact, or until it is known its URI */
	GPtrArray *routes; /* char *: values of Route, in their order (RFC 3261 section 12.1) */
	guint32 cseq, invite_cseq; /* of the last request, and of the last INVITE, of ours */
};

/* Initialise a caller's dialog, and that of the callee of `invite`.  `contact`: value of our
 * Contact ("<sip:...>").  dialog_done frees the members. */
void dialog_init_caller(struct dialog *d, const char *call_id, const char *local_uri,
			const char *remote_uri, const char *contact);
void dialog_init_callee(struct dialog *d, const sip_msg *invite, const char *contact);
void dialog_done(struct dialog *d);

/* A new request in the dialog, or the INVITE that makes it, with the next CSeq number; the caller
 * unrefs. */
sip_msg *dialog_request(struct dialog *d, const char *method);
/* An ACK for the last INVITE, with that one's CSeq number (RFC 3261 section 13.2.2.4); the caller
 * unrefs. */
sip_msg *dialog_ack(struct dialog *d);
/* Whether a request with this Call-ID comes from the peer: Call-IDs can be guessed, tags can't (RFC
 * 3261 section 12.2.2).  An INVITE again, and CANCEL, have no tag of ours. */
bool dialog_matches(const struct dialog *d, const sip_msg *request);
/* A response to a request of the peer, with our tag, and Contact where the peer may need it
 * (RFC 3261 sections 12.1.1 and 12.2.2); the caller unrefs. */
sip_msg *dialog_response(const struct dialog *d, const sip_msg *request, int status,
			 const char *reason);
/* Takes the peer's tag and the routes from a response, unless they are known, and its Contact. */
void dialog_learn(struct dialog *d, const sip_msg *response);
/* Takes the peer's new Contact from a request in the dialog (RFC 3261 section 12.2.2). */
void dialog_refresh_target(struct dialog *d, const sip_msg *request);

#endif
