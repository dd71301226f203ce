/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SIP dialog's identity and counters (RFC 3261 section 12).  Pure. */
#ifndef CLIENTS_DIALOG_H
#define CLIENTS_DIALOG_H

#include "common/sip.h"

struct dialog {
	char *call_id, *local_uri, *local_tag, *remote_uri;
	char *remote_tag;	   /* NULL: not known yet */
	guint32 cseq, invite_cseq; /* of the last request, and of the last INVITE, of ours */
};

/* Initialise a caller's dialog, and that of the callee of `invite`.  dialog_done frees the members.
 */
void dialog_init_caller(struct dialog *d, const char *call_id, const char *local_uri,
			const char *remote_uri);
void dialog_init_callee(struct dialog *d, const sip_msg *invite);
void dialog_done(struct dialog *d);

/* A new request in the dialog, or the INVITE that makes it, with the next CSeq number; the caller
 * unrefs. */
sip_msg *dialog_request(struct dialog *d, const char *method);
/* An ACK for the last INVITE, with that one's CSeq number (RFC 3261 section 13.2.2.4); the caller
 * unrefs. */
sip_msg *dialog_ack(struct dialog *d);
/* A response to a request of the peer, with our tag; the caller unrefs. */
sip_msg *dialog_response(const struct dialog *d, const sip_msg *request, int status,
			 const char *reason);
/* Takes the peer's tag from a response, unless it is known. */
void dialog_learn(struct dialog *d, const sip_msg *response);

#endif
