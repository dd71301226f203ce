/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dialog with a peer that is under way: what instant messages and calls have in common.
 *
 * A session is found by its Call-ID.  It is reference counted: the client's table holds one
 * reference until session_close, each request under way one more; so its memory outlives every
 * callback.
 */
#ifndef CLIENTS_SESSION_H
#define CLIENTS_SESSION_H

#include "clients/account.h"
#include "clients/dialog.h"
#include "clients/media_clock.h"

struct session;

/* What is one in a process and sessions need. */
struct client_core {
	struct client_config config;
	channel *channel;
	account *account;
	media_clock *clock;
	GHashTable *sessions; /* Call-ID -> struct session */
	GHashTable *pending;  /* requests under way */
	bool used_ice;	      /* relays may have to be released at the end */
};

struct session_ops {
	void (*request)(struct session *s, sip_msg *m); /* in the dialog */
	void (*lost)(struct session *s); /* the connection has gone: end and report */
	void (*hang_up)(struct session *s);
	void (*destroy)(struct session *s); /* frees what is around the session, and itself */
};

struct session {
	const struct session_ops *ops;
	struct client_core *core;
	struct dialog dialog;
	guint refs;
	bool closed;
};

typedef void (*session_response_func)(struct session *s, sip_msg *response, const GError *error);

/* For the embedding structure's constructor; puts the session into the table. */
void session_open_caller(struct session *s, struct client_core *core, const struct session_ops *ops,
			 const char *call_id, const char *remote_uri);
void session_open_callee(struct session *s, struct client_core *core, const struct session_ops *ops,
			 const sip_msg *invite);
/* Out of the table; the last reference may go with it. */
void session_close(struct session *s);
void session_unref(struct session *s);

/* Sends; takes `request`.  `done` NULL: the response does not matter.  Without a connection `done`
 * is called from the main loop with an error. */
void session_request(struct session *s, sip_msg *request, guint timeout_ms,
		     session_response_func done);
/* The same with a BYE, whose answer closes the session. */
void session_say_bye(struct session *s, sip_msg *bye, guint timeout_ms);
void session_ack(struct session *s);
void session_respond(struct session *s, const sip_msg *request, int status, const char *reason);
/* Sends; takes `response`. */
void session_send(struct session *s, sip_msg *response);
/* Adds ms-media-location-type. */
void session_add_location(const struct session *s, sip_msg *m);

/* Forgets the requests under way (their connection was closed without calling back). */
void session_drop_pending(struct client_core *core);

#endif
