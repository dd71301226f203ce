/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the live layer: what the files share that serve a keeper's requests. */
#ifndef TESTBED_LIVE_KEEPER_INTERNAL_H
#define TESTBED_LIVE_KEEPER_INTERNAL_H

#include "common/base/json.h"
#include "common/wire/line_socket.h"
#include "testbed/live/keeper.h"
#include "testbed/session/session.h"

/* The keeper of this process. */
struct keeper {
	const struct keeper_job *job;
	GMainLoop *loop;
	gint64 started_us; /* monotonic */
	gint64 started_real_s;
	session *session;	  /* NULL: not started yet */
	model *current;		  /* the network as it is now */
	GPtrArray *changes;	  /* char *: made on top of the scenario, in order */
	guint n_hidden;		  /* how many of them, in front, are told to nobody */
	guint n_declared;	  /* how many of them the lab was started with: reset keeps these */
	json_t *remembered;	  /* what a control client had it keep in memory, or NULL */
	GPtrArray *clients;	  /* struct control_client */
	guint n_calls;		  /* placed so far */
	GPtrArray *server_events; /* json_t *: {"agent", "event"} of servers while there was no
				     call: the newest SERVER_EVENTS_MAX */
	GPtrArray *unpublished;	  /* char *: nodes that are not published, and why */
	char *vpn, *impairment;	  /* what the lab uses for WireGuard and impaired links, or NULL */
	guint64 seed;		  /* of what its links draw by lot */
	char *uncontained;	  /* as in struct lab_build */
	double build_ms, up_ms;
	bool built, up;		    /* the network is there; all sign-ins are over */
	struct live_change *change; /* the one that is being made, or NULL */
	char *published;	    /* paths, one a line, or NULL */
};

/* A connection to the control socket; one request at a time. */
struct control_client {
	struct keeper *k;
	line_socket *channel; /* NULL: closed */
	bool waits;	      /* its answer comes when all sign-ins are over */
	bool starter;	      /* it started the keeper */
	bool watches;	      /* the lab records packets for it until it leaves, or `unwatch` */
	bool follows;	      /* it is told when the network or a sign-in has changed */
	bool leaves;	      /* it asked for the lab's end; its answer comes after that */
	json_t *answer;	      /* the answer when `waits`; NULL: the status */
	guint refs;
};

/* Code that answers later holds a reference, because the control client may leave before. */
struct control_client *control_client_ref(struct control_client *g);
void control_client_unref(struct control_client *g);
/* Sends a line before the answer; takes `message` over. */
void control_client_tell(struct control_client *g, json_t *message);
/* Answers the request: { "done": ... } (takes `done` over; NULL: {}). */
void control_client_done(struct control_client *g, json_t *done);
/* The same with descriptors, which stay the caller's.  False: they could not be sent, which is then
 * the answer, or the control client has left. */
bool control_client_done_fds(struct control_client *g, json_t *done, const int *fds, guint n);
/* Answers { "error": { "code", "message" } }; `code` is of TB_ERROR.  Returns false. */
bool control_client_fail(struct control_client *g, int code, const char *message);
void control_client_fail_with(struct control_client *g, const GError *error);

/* --- keeper.c --------------------------------------------------------------------------------- */
/* If all sign-ins are over: the lab is up, and control clients that wait get their answer. */
void keeper_settle(struct keeper *k);
/* Has all endpoints that have not yet signed in do so; then keeper_settle. */
void keeper_sign_in(struct keeper *k);
/* Tells those that follow that the status is another one. */
void keeper_tell_followers(struct keeper *k);
/* Ends the lab and the keeper. */
void keeper_quit(struct keeper *k);
/* Answers `error` to all control clients, then keeper_quit. */
void keeper_fail(struct keeper *k, const GError *error);

/* --- requests.c ------------------------------------------------------------------------------- */
/* Whether the lab has the node (NULL: no); if not, that is the answer. */
bool control_client_check_node(struct control_client *g, const char *name);
/* Carries out a request; the answer comes at once or later. */
void request_serve(struct control_client *g, const json_t *request);
/* The answer to "status" (docs/LIVE.md); the caller owns it. */
json_t *keeper_status(const struct keeper *k);

/* --- changes.c -------------------------------------------------------------------------------- */
/* These answer the requests of the same names, at once or later. */
void change_set(struct control_client *g, const json_t *request);
void change_reset(struct control_client *g, const json_t *request);
void change_reboot_node(struct control_client *g, const json_t *request);

/* --- publishing.c ----------------------------------------------------------------------------- */
/* Binds every node's namespace under /run/netns, then keeper_sign_in.  An error ends the keeper. */
void keeper_publish(struct keeper *k);
/* After a change: binds new nodes, unbinds those that are gone, and binds `reboot` (NULL: none)
 * again. Nothing without --publish.  Errors are noted in the status ("died"). */
void keeper_publish_again(struct keeper *k, const char *reboot);

/* --- live_call.c ------------------------------------------------------------------------------ */
/* Answers the request "call": events as lines, then the cell. */
void live_call_start(struct control_client *g, const json_t *request);
/* Answers the request "hang-up": the calls from `a` to `b` end before their time. */
void live_call_hang_up(struct control_client *g, const json_t *request);
/* Callbacks of the session: an event of a call, and its end. */
void live_call_event(const struct session_call *call, const char *agent, json_t *event);
void live_call_ended(session *s, const struct session_call *call, gpointer keeper);
/* Why the endpoint could not sign in; NULL: it did, or is still trying.  The caller frees it. */
char *live_client_why(const struct session_client *c);
/* An event of a server that names no call, or the death of any agent: goes to all calls that asked
 * for servers' events, or is kept for the next call. */
void live_call_server_event(struct keeper *k, const char *agent, json_t *event);

#endif
