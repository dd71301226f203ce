/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session: drives one lab for everything that places calls or asks agents in one: the matrix,
 * capacity, NAT, labs that stay up, trace.
 *
 * Nouns: a `client` is an agent that takes part: it signs in, and can then call and be called.  A
 * `call` is a cell (model/results.h) that was placed in the lab.
 *
 * A session is `started` (the lab is being built), then `built` (every agent is ready), and at any
 * time it may be `gone` (the lab could not be built, or died).  Its owner decides, the session
 * does:
 *
 *   session_start        then the owner adds the clients
 *   built                callback: from here on clients sign in, calls are placed, commands sent
 *   session_sign_in_next tells one client, in the order in which they were added; the owner sets
 *                        the pace.  Callback sign_in_over: it is signed in, refused, silent for
 *                        SIGN_IN_DEADLINE_MS, or dead.  One that the machine spoilt is told again,
 *                        at most twice, before that
 *   session_place        a machine (machine.h) decides what the ends of the call are told and
 *                        what comes out; the session carries its commands and their events, and
 *                        keeps its deadline.  Callback call_ended ends every placed call
 *   agent_died           callback; then a dead client is out, and its calls end as errors.  When a
 *                        server of the lab or the program of a tunnel has died every call ends so,
 *                        and what fails from then on is an error (session_distrust)
 *   failed               callback: the lab is gone.  Calls stay as they are until the owner ends
 *                        them (session_abort_calls) or frees the session
 *   session_free         kills the lab, and no callback comes any more.  Not inside a callback:
 *                        there the owner may call session_quit, and free it later
 *
 * A client waits, then is pending, then is over.  It waits again when its agent was started anew
 * (session_restarted).
 *
 * Depends on lab, plan, model, base and machine.  Uses the default main context.  Only session_run
 * blocks.
 */
#ifndef TESTBED_SESSION_SESSION_H
#define TESTBED_SESSION_SESSION_H

#include "common/wire/event.h"
#include "testbed/lab/lab.h"
#include "testbed/session/machine.h"

#include <gio/gio.h>

#define SIGN_IN_DEADLINE_MS 40000 /* every name and every server may have to time out first */

typedef struct session session;

struct session_job {
	const model *model; /* must live as long as the session, or until session_use_endpoints */
	struct lab_options lab; /* borrowed for session_start */
	bool keep_stories;	/* of sign-ins (struct session_client) */
};

enum sign_in {
	SIGN_IN_WAITING, /* was not told to */
	SIGN_IN_PENDING, /* has not answered */
	SIGN_IN_DONE,
	SIGN_IN_FAILED, /* was refused, or found no server: the network did that */
	SIGN_IN_SILENT,
	SIGN_IN_DIED, /* its program did, or can't be told */
	SIGN_IN_STATES
};

struct session_client {
	char *name; /* the node's, and the agent's */
	enum sign_in state;
	char *stage;	  /* where it failed; NULL: not in SIGN_IN_FAILED */
	char *why;	  /* why it is not signed in; NULL: it is, or not yet */
	enum reason code; /* the same; REASON_NONE: it is, or nobody said */
	json_t *story;	  /* array of the events of its last sign-in; empty without keep_stories */
	guint measured;	  /* how often it was told to sign in; above 1: the machine spoilt it */
	GPtrArray *witnesses; /* struct witness: what the machine spoilt a sign-in by */
	bool spoilt;	      /* the last one, too: that it failed says nothing about the network */
	guint calls;	      /* that it takes part in */
};

/* A call that was placed and has not ended. */
struct session_call {
	struct cell *cell;
	gpointer data; /* the owner's */
	bool stood;    /* call_stands was told of it */
	/* struct witness: what the machine did that can be the reason why the cell came out as it
	 * did; the owner places it again, or applies it (excuse.h).  Empty until call_ended. */
	GPtrArray *witnesses;
};

/* All may be NULL.  Everything is borrowed for the call. */
struct session_callbacks {
	void (*built)(session *s, const struct lab_build *build, gpointer user_data);
	void (*failed)(session *s, const GError *error, gpointer user_data);
	/* Every line of every agent, before anything else is made of it; `call`: that it belongs
	 * to, or NULL.  An agent's unasked end comes here, too, as { "event": "agent-died",
	 * "time_us", "how" }, before agent_died. */
	void (*event)(session *s, const struct session_call *call, const char *agent, json_t *event,
		      gpointer user_data);
	void (*command_sent)(session *s, const char *agent, const json_t *command,
			     gpointer user_data);
	void (*agent_died)(session *s, const char *agent, const char *how, gpointer user_data);
	/* `c` is over, or died; `told`: by session_sign_in_next before. */
	void (*sign_in_over)(session *s, const struct session_client *c, bool told,
			     gpointer user_data);
	/* A process of the lab was short of processor time (lab_callbacks). */
	void (*starved)(session *s, double share, gpointer user_data);
	/* A call that is to stand (cell_rules) does. */
	void (*call_stands)(session *s, const struct session_call *call, gpointer user_data);
	/* The state of the kernels right before the call and right after it; when set, it is read
	 * for every call, which is meant for one at a time.  Comes before call_ended, and not when
	 * a state could not be read. */
	void (*call_states)(session *s, const struct session_call *call, const netstate *before,
			    const netstate *after, gpointer user_data);
	/* The last of a call: its cell is done, and the session does not look at it again. */
	void (*call_ended)(session *s, const struct session_call *call, gpointer user_data);
};

/* Makes an error of a cell that did not pass and names the first server of the lab that has died,
 * for then it says nothing about the network; nothing while all live. */
void session_distrust(const session *s, struct cell *c);

/* How servers of the lab and programs of its tunnels have died that have not started again since
 * (const char *, sorted); the caller frees the list only, before the session goes on. */
GList *session_dead(const session *s);

/* What the machine has done to this lab so far (struct witness, in order of time).  Ask lab_look
 * before, so that what has just happened is there. */
const GPtrArray *session_witnesses(const session *s);

/* --- session.c: its life ---------------------------------------------------------------------- */

/* Starts the lab.  `callbacks` are copied.  NULL with `error` as lab_start. */
session *session_start(const struct session_job *job, const struct session_callbacks *callbacks,
		       gpointer user_data, GError **error);
void session_free(session *s); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(session, session_free)

/* Runs the default main context until session_quit, until `cancel` (NULL: nothing) is cancelled
 * from there, or until the lab is gone: FALSE with the reason. */
gboolean session_run(session *s, GCancellable *cancel, GError **error);
void session_quit(session *s);

bool session_is_built(const session *s); /* and not gone */
/* For questions to it (lab.h); never NULL. */
lab *session_lab(const session *s);
/* Sends a command to an agent and steals it; `error` as lab_command. */
gboolean session_command(session *s, const char *agent, json_t *command, GError **error);

/* --- clients.c -------------------------------------------------------------------------------- */

/* A node takes part from now on, if it does not already. */
void session_add_client(session *s, const char *name);
/* Every endpoint of `m`, which is the network from now on, takes part, and nobody else. */
void session_use_endpoints(session *s, const model *m);
/* NULL: it takes no part. */
const struct session_client *session_client(const session *s, const char *name);
GHashTable *session_clients(const session *s); /* name -> const struct session_client; borrowed */

/* Tells the next client that waits to sign in; FALSE: nobody waits. */
bool session_sign_in_next(session *s);
bool session_sign_ins_wait(const session *s);
/* Nobody waits, and all who were told are over. */
bool session_sign_ins_over(const session *s);
/* These agents (NULL-terminated; NULL: none) were started anew, and so was every program of `node`
 * (NULL: none): calls of clients among them end as errors, and they wait to sign in. */
void session_restarted(session *s, const char *const *names, const char *node);

/* Everybody who takes part in the cell is signed in. */
bool session_can_place(const session *s, const struct cell *c);
/* Why the cell can never be placed, with what it comes to: VERDICT_FAIL when the network did that.
 * Sets the cell's code, too.  The caller frees; NULL: it may still. */
char *session_hindrance(const session *s, struct cell *c, enum verdict *ret_verdict);

/* --- calls.c ---------------------------------------------------------------------------------- */

/* Places the call of `c`, whose participants are clients.  `c` is borrowed until call_ended, which
 * may come before this returns. */
void session_place(session *s, struct cell *c, const struct cell_rules *rules, gpointer data);
const GPtrArray *session_calls(const session *s); /* const struct session_call; borrowed */
/* Has every call that stands hung up. */
void session_hang_up(session *s);
/* Has that call hung up before its time; false: it is not going on, or ends already. */
bool session_hang_up_call(session *s, const struct session_call *call);
/* Ends every call as an error; one whose kernels are being asked for their state, when that has
 * come. */
void session_abort_calls(session *s, const char *reason);

#endif
