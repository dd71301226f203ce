/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is outstanding: requests sent on (proxied, or of our own) whose responses must find their
 * way.
 *
 * A proxied request gets a Via of ours with a fresh branch; its responses come back with it, lose
 * it and go to the flow that the request came from (RFC 3261 section 16.7).  Requests of our own
 * (MCUs, MRAS) get a callback instead.  Everything runs over TLS: nothing is retransmitted. No I/O
 * and no clock: both come through `struct transactions_io`.
 */
#ifndef FRONTEND_TRANSACTIONS_H
#define FRONTEND_TRANSACTIONS_H

#include "common/sip.h"
#include "frontend/registrar.h"

#define TRANSACTION_INVITE_US \
	(181 * G_USEC_PER_SEC) /* timer C: more than three minutes, RFC 3261 16.6 step 11 */
#define TRANSACTION_OTHER_US (32 * G_USEC_PER_SEC) /* timer F: 64*T1, RFC 3261 table 4 */

struct transactions_io {
	gint64 (*now_us)(gpointer user_data);
	/* Puts `m` on the flow as it is. */
	void (*send)(struct fe_flow *flow, sip_msg *m, gpointer user_data);
	/* Wants transactions_expire to be called at `when_us`, or earlier. */
	void (*wake)(gint64 when_us, gpointer user_data);
};

typedef struct transactions transactions;

/* `sent_by` goes into our Via ("10.0.1.10:5061"); `io` is borrowed. */
transactions *transactions_new(const char *sent_by, const struct transactions_io *io,
			       gpointer user_data);
void transactions_free(transactions *t);
gint64 transactions_now_us(const transactions *t);
guint transactions_count(const transactions *t);

/* Sends a message as it is; nothing happens when the flow has closed. */
void transactions_send(transactions *t, struct fe_flow *flow, sip_msg *m);
/* Answers `request`; above 100 with `to_tag` or, when NULL, a fresh tag. */
void transactions_answer(transactions *t, struct fe_flow *flow, const sip_msg *request, int status,
			 const char *reason, const char *to_tag);

/* Passes `request` (which stays as it is) on; Max-Forwards must have been dealt with.  With
 * `timeout_us` 0 the time-outs above hold.  `failure` is the status given back when the next hop's
 * connection closes, and when it does not answer an INVITE, or anything for which `timeout_us` was
 * said (a proxy lets other requests just end, RFC 4320 section 4.2). */
void transactions_forward(transactions *t, struct fe_flow *source, const sip_msg *request,
			  const struct route *route, gint64 timeout_us, int failure);
/* An ACK: passed on without waiting for anything; the one for a failed INVITE ends here (RFC
 * 3261 17.1.1.3). `route` NULL: nowhere to pass it. */
void transactions_forward_ack(transactions *t, struct fe_flow *source, const sip_msg *ack,
			      const struct route *route);
/* CANCEL goes where its INVITE went (RFC 3261 section 16.10); answered 200, or 481 when there is
 * none. */
void transactions_cancel(transactions *t, struct fe_flow *source, const sip_msg *cancel);

/* The final response, or NULL with the status that stands for it: 408 no answer, 480 connection
 * gone. */
typedef void (*transactions_func)(int status, sip_msg *response, gpointer user_data);
/* Sends a request of our own; adds Via and Route to it.  `done` (may be NULL) comes later, never
 * from inside. */
void transactions_request(transactions *t, const struct route *route, sip_msg *request,
			  gint64 timeout_us, transactions_func done, gpointer user_data);
/* No callback with this `user_data` any more. */
void transactions_forget(transactions *t, gpointer user_data);

/* A response from the wire; true when something waited for it. */
bool transactions_response(transactions *t, const struct fe_flow *flow, sip_msg *response);
void transactions_flow_gone(transactions *t, const struct fe_flow *flow);
/* Ends what is due by now. */
void transactions_expire(transactions *t);

/* Phrase of RFC 3261 section 21 for the statuses the Front End gives. */
const char *transactions_reason(int status);

#endif
