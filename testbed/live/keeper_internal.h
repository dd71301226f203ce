/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the live layer: the keeper's insides, shared by the files that serve its requests. */
#ifndef TESTBED_LIVE_KEEPER_INTERNAL_H
#define TESTBED_LIVE_KEEPER_INTERNAL_H

#include "common/wire/line_socket.h"
#include "testbed/live/keeper.h"
#include "testbed/session/session.h"

#include <jansson.h>

struct keeper {
	const struct keeper_job *job;
	GMainLoop *loop;
	gint64 started_us; /* monotonic */
	gint64 started_real_s;
	session *session;   /* NULL: not started yet */
	model *current;	    /* the network as it is now */
	GPtrArray *changes; /* char *: made on top of the scenario, in order */
	guint n_declared;   /* of them: those that it was started with */
	GPtrArray *clients; /* struct control_client */
	guint n_calls;	    /* placed so far */
	GPtrArray *said; /* json_t *: {"agent", "event"} of servers while nobody called, the newest
			    SAID_MAX */
	GPtrArray *dead; /* char *: why services of the lab have ended */
	char *vpn;
	double build_ms, up_ms;
	bool built, up;
	struct live_change *change; /* that is being made, or NULL */
	char *published;	    /* paths, one a line, or NULL */
};

/* Somebody on the control socket; one request at a time. */
struct control_client {
	struct keeper *k;
	line_socket *channel; /* NULL: gone */
	bool waits;	      /* for all sign-ins to be over */
	bool starter;	      /* the one who started the keeper */
	bool watches;	      /* packets are kept as evidence until it leaves */
	bool leaves;	      /* asked for the end, and hears when it has come */
	json_t *answer;	      /* what `waits` will be answered, or NULL: the status */
	guint refs;
};

/* Whoever answers later holds a reference: the control client may have left meanwhile. */
struct control_client *control_client_ref(struct control_client *g);
void control_client_unref(struct control_client *g);
/* A line on the way; steals `message`. */
void control_client_tell(struct control_client *g, json_t *message);
/* The end of a request: { "done": ... } or { "error": { "code", "message" } }.  Steals `done`. */
void control_client_done(struct control_client *g, json_t *done);
/* The same with descriptors, which stay the caller's.  False: they were not sent. */
bool control_client_done_fds(struct control_client *g, json_t *done, const int *fds, guint n);
void control_client_fail(struct control_client *g, int code, const char *message);
void control_client_fail_with(struct control_client *g, const GError *error);

/* --- keeper.c --------------------------------------------------------------------------------- */
/* All sign-ins are over: who waits is answered. */
void keeper_settle(struct keeper *k);
/* All endpoints that wait to sign in do. */
void keeper_sign_in(struct keeper *k);
void keeper_quit(struct keeper *k);
/* All who are there hear why, then it is over. */
void keeper_fail(struct keeper *k, const GError *error);

/* --- requests.c ------------------------------------------------------------------------------- */
/* FALSE: there is no such node, and the control client knows. */
bool control_client_check_node(struct control_client *g, const char *name);
void request_serve(struct control_client *g, const json_t *request);
json_t *keeper_status(const struct keeper *k);

/* --- changes.c -------------------------------------------------------------------------------- */
void change_set(struct control_client *g, const json_t *request);
void change_reset(struct control_client *g, const json_t *request);
void change_reboot_node(struct control_client *g, const json_t *request);

/* --- publishing.c ----------------------------------------------------------------------------- */
/* Binds every node, then has everyone sign in; a failure is the lab's. */
void keeper_publish(struct keeper *k);
/* After a change: nodes that are new are bound, those that are gone are not any more, `reboot`
 * (NULL: none) is bound anew.  What goes wrong stands in the status. */
void keeper_publish_again(struct keeper *k, const char *reboot);

/* --- live_call.c ------------------------------------------------------------------------------ */
void live_call_start(struct control_client *g, const json_t *request);
/* The session's callbacks of calls. */
void live_call_event(const struct session_call *call, const char *agent, json_t *event);
void live_call_ended(session *s, const struct session_call *call, gpointer keeper);
/* Why it is not signed in; NULL: it is, or not yet.  The caller frees. */
char *live_client_why(const struct session_client *c);
/* A server said something that names no call, or an agent died. */
void live_call_said(struct keeper *k, const char *agent, json_t *event);

#endif
