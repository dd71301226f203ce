/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pending requests, proxied or our own, to whom their responses are brought.
 *
 * A proxied request gets our Via with a new branch.  Its responses come back with that Via, lose
 * it, and go to the flow that the request came from (RFC 3261 section 16.7).  Requests of our own
 * (MCUs, MRAS) have a callback instead.  As all flows use TLS nothing is retransmitted.  An INVITE
 * that failed stays until its ACK comes; CANCEL follows the way of its INVITE.  No I/O and no
 * clock: both come through `struct transactions_io`.
 */
#ifndef FRONTEND_TRANSACTIONS_H
#define FRONTEND_TRANSACTIONS_H

#include "common/base/object.h"
#include "common/sip.h"
#include "frontend/registrar.h"

/* Timer C: more than three minutes (RFC 3261 section 16.6 step 11). */
#define TRANSACTION_INVITE_US (181 * G_USEC_PER_SEC)
#define TRANSACTION_OTHER_US (32 * G_USEC_PER_SEC) /* timer F: 64*T1, RFC 3261 table 4 */
/* Of the requests that are pending, of one sender and of all: their bytes, and TRANSACTION_BYTES
 * for each.  What would go beyond is answered 503 with Retry-After. */
#define TRANSACTION_BYTES 4096
#define TRANSACTIONS_OF_SENDER_BYTES (4 * 1024 * 1024)
#define TRANSACTIONS_OF_ALL_BYTES (128 * 1024 * 1024)
#define TRANSACTIONS_RETRY_S "5"

struct transactions_io {
	gint64 (*now_us)(gpointer user_data);
	/* Sends `m` on the flow as it is.  false: it is longer than the flow's peer takes. */
	bool (*send)(struct fe_flow *flow, sip_msg *m, gpointer user_data);
	/* An Edge answers that it has lost the client (430): `user`, by this Route. */
	void (*flow_failed)(const char *user, const char *route, gpointer user_data);
	/* The status for the sender of a request that was answered so. */
	int (*answer_status)(const sip_msg *response, gpointer user_data);
	/* Asks for a call of transactions_expire at `when_us`, or earlier. */
	void (*wake)(gint64 when_us, gpointer user_data);
};

typedef struct transactions transactions;

/* `sent_by` is that of our Via ("10.0.1.10:5061"); `io` is borrowed. object_free accepts NULL
 * and calls no callback. */
transactions *transactions_new(const char *sent_by, const struct transactions_io *io,
			       gpointer user_data);
gint64 transactions_now_us(const transactions *t);
guint transactions_count(const transactions *t);

/* Sends a message as it is; does nothing when the flow is closed.  false: it is too long. */
bool transactions_send(transactions *t, struct fe_flow *flow, sip_msg *m);
/* Sends a response to `request` on the flow.  `reason` NULL: the standard phrase.  `to_tag` NULL: a
 * new tag, except for 100. */
void transactions_answer(transactions *t, struct fe_flow *flow, const sip_msg *request, int status,
			 const char *reason, const char *to_tag);

/* Sends 503 with Retry-After: there is no room for what the request wants. */
void transactions_answer_full(transactions *t, struct fe_flow *flow, const sip_msg *request);
/* Counts bytes that the server keeps for a sender until an answer comes, beside those of pending
 * requests.  false: there is no room for them. */
bool transactions_take_room(transactions *t, const char *sender, gsize bytes);
void transactions_give_room(transactions *t, const char *sender, gsize bytes);

/* Forwards a copy of `request`, whose Max-Forwards must have been decremented.  `timeout_us` 0: the
 * time-outs above.  `failure` is the status for `source` when the next hop's connection closes, and
 * when it does not answer an INVITE or a request with a `timeout_us` (other requests end without a
 * response, RFC 4320 section 4.2).  What is too long for the next hop is answered 513, what the
 * sender has no room for any more 503. */
void transactions_forward(transactions *t, struct fe_flow *source, const sip_msg *request,
			  const struct fe_route *route, gint64 timeout_us, int failure);
/* Ends the failed INVITE that the ACK belongs to (RFC 3261 section 17.1.1.3), or forwards the ACK;
 * `route` NULL: drops it. */
void transactions_forward_ack(transactions *t, struct fe_flow *source, const sip_msg *ack,
			      const struct fe_route *route);
/* Forwards a CANCEL on the way of its INVITE (RFC 3261 section 16.10) and answers 200; answers 481
 * when there is no such INVITE. */
void transactions_cancel(transactions *t, struct fe_flow *source, const sip_msg *cancel);

/* Called with the final response (borrowed) and its status; or with NULL and the status 408 (no
 * response), 480 (connection lost) or 513 (too long to be sent). */
typedef void (*transactions_func)(int status, sip_msg *response, gpointer user_data);
/* Adds Via and Route to a request of our own and sends it.  `timeout_us` 0: TRANSACTION_OTHER_US.
 * `done` (may be NULL) is called later, never from inside. */
void transactions_request(transactions *t, const struct fe_route *route, sip_msg *request,
			  gint64 timeout_us, transactions_func done, gpointer user_data);
/* Cancels the callbacks with this `user_data`. */
void transactions_forget(transactions *t, gpointer user_data);

/* Passes a received response to the request that it belongs to: by branch, method and the flow that
 * the request went to (RFC 3261 section 17.1.3).  Returns false, and does nothing, when no request
 * waits for it. */
bool transactions_response(transactions *t, const struct fe_flow *flow, sip_msg *response);
/* Ends the requests from and to a closed flow, with their responses or callbacks. */
void transactions_flow_gone(transactions *t, const struct fe_flow *flow);
/* Ends the requests whose time is over, and asks to be called again for the next one. */
void transactions_expire(transactions *t);

#endif
