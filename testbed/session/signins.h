/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sign-ins: who takes part in a scenario's cells, and whether they are signed in.
 *
 * Each is told to sign in once; it is in, or out for good: refused, silent for
 * SIGN_IN_DEADLINE_MS, or its program died. Depends on model and jansson.  Uses the default main
 * context for the deadline.
 */
#ifndef TESTBED_SESSION_SIGNINS_H
#define TESTBED_SESSION_SIGNINS_H

#include "testbed/model/model.h"
#include "testbed/model/results.h"

#include <jansson.h>

#define SIGN_IN_DEADLINE_MS 40000 /* every name and every server may have to time out first */

typedef struct signins signins;

struct signins_host {
	gboolean (*send)(const char *agent, json_t *command, GError **error, gpointer user_data);
	/* One that signins_next told is over, however; comes before `in` and `out`. */
	void (*ended)(gpointer user_data);
	void (*in)(gpointer user_data);
	void (*out)(gpointer user_data); /* somebody's cells can't be run */
	gpointer user_data;
};

/* Everybody in the cells of `queue` (struct cell), in its order: whose cells start first signs in
 * first. */
signins *signins_new(const model *m, const GQueue *queue, const struct signins_host *host);
void signins_free(signins *s); /* accepts NULL */

/* Somebody has not been told yet. */
bool signins_waiting(const signins *s);
/* Somebody has not been told, or has not answered. */
bool signins_under_way(const signins *s);
/* Tells the next one; not when nobody waits. */
void signins_next(signins *s);
/* What a client says that is about no call. */
void signins_event(signins *s, const char *agent, const char *name, const json_t *event);
/* The agent's program has died; NULL: it takes no part; else why its cells can't be run, borrowed.
 */
const char *signins_died(signins *s, const char *agent, const char *how);
/* The lab is gone: nobody will answer.  Of the callbacks only `ended` comes. */
void signins_forget(signins *s);

/* Everybody who takes part in the cell is in. */
bool signins_all_in(const signins *s, const struct cell *c);
/* Why the cell can never start, with what it comes to: VERDICT_FAIL when the network did that.
 * NULL: it may; borrowed. */
const char *signins_hindrance(const signins *s, const struct cell *c, enum verdict *ret_verdict);
/* The user that signs in at a node that takes part; borrowed. */
const char *signins_user(const signins *s, const char *name);

#endif
