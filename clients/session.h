/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An open dialog with a peer: the common part of instant messages and calls.
 *
 * A session is found by its Call-ID.  It is reference counted: the client's table holds a reference
 * until session_close, and each pending request holds one, so that the memory outlives every
 * callback.
 */
#ifndef CLIENTS_SESSION_H
#define CLIENTS_SESSION_H

#include "clients/account.h"
#include "clients/dialog.h"
#include "clients/media_clock.h"

struct client_session;

/* The parts of the process that sessions use. */
struct client_core {
	struct client_config config;
	channel *channel;
	account *account;
	media_clock *clock;
	GHashTable *sessions; /* Call-ID -> struct client_session */
	GHashTable *pending;  /* set of pending requests */
	bool used_ice;	      /* relays may have to be released at the end */
};

struct client_session_ops {
	void (*request)(struct client_session *s, sip_msg *m); /* in the dialog */
	void (*lost)(struct client_session *s);	   /* the connection is lost: end and report */
	void (*hang_up)(struct client_session *s); /* the command hang-up: end and report */
	/* Has it report what was heard, at this interval; 0: no more.  NULL: it hears no media. */
	void (*watch)(struct client_session *s, guint every_ms);
	void (*destroy)(struct client_session *s); /* frees the embedding structure */
};

struct client_session {
	const struct client_session_ops *ops;
	struct client_core *core;
	struct dialog dialog;
	guint refs;
	bool closed;
};

/* Called for each response (borrowed), or with NULL and an error when none comes. */
typedef void (*session_response_func)(struct client_session *s, sip_msg *response,
				      const GError *error);

/* Initialise the session of a new embedding structure, with a dialog as caller or as callee of
 * `invite`, and add it to the table, which holds its first reference. */
void session_open_caller(struct client_session *s, struct client_core *core,
			 const struct client_session_ops *ops, const char *call_id,
			 const char *remote_uri);
void session_open_callee(struct client_session *s, struct client_core *core,
			 const struct client_session_ops *ops, const sip_msg *invite);
/* Removes the session from the table, which may free it. */
void session_close(struct client_session *s);
void session_unref(struct client_session *s);

/* Sends a request, which it unrefs.  `done` (may be NULL) gets the responses; without a connection
 * the main loop calls it with an error. */
void session_request(struct client_session *s, sip_msg *request, guint timeout_ms,
		     session_response_func done);
/* Sends a BYE, which it unrefs; its response closes the session. */
void session_send_bye(struct client_session *s, sip_msg *bye, guint timeout_ms);
/* Answers a request that no session has. */
void session_refuse(struct client_core *core, const sip_msg *request, int status,
		    const char *reason);
/* session_ack acknowledges the last INVITE's 2xx; session_respond answers a request of the peer.
 * Without a connection they do nothing. */
void session_ack(struct client_session *s);
void session_respond(struct client_session *s, const sip_msg *request, int status,
		     const char *reason);
/* Sends a response, which it unrefs. */
void session_send(struct client_session *s, sip_msg *response);
/* Says that this client takes candidates one by one (RFC 8840 section 4.1); whether a message says
 * so. */
void session_add_supported(sip_msg *m);
bool session_supports_trickle(const sip_msg *m);
/* Adds ms-media-location-type to a message. */
void session_add_location(const struct client_session *s, sip_msg *m);

/* Frees all pending requests, whose callbacks are not called; to be used after their connection was
 * closed. */
void session_drop_pending(struct client_core *core);

#endif
