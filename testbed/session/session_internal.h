/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a session share: session.c (its life, the lab's callbacks), clients.c
 * (sign-ins), calls.c.  Private to these. */
#ifndef TESTBED_SESSION_SESSION_INTERNAL_H
#define TESTBED_SESSION_SESSION_INTERNAL_H

#include "testbed/session/session.h"

struct session {
	lab *lab;
	const model *model;
	struct session_callbacks callbacks;
	gpointer user_data;
	bool keep_stories, built;
	GHashTable *clients;  /* name -> struct client */
	GQueue waiting;	      /* struct client, borrowed: who was not told to sign in */
	guint pending;	      /* clients in SIGN_IN_PENDING */
	GPtrArray *calls;     /* struct placed_call, owned; without a free function, which copies of
			       * the list would have too */
	GHashTable *by_id;    /* call id -> struct placed_call, borrowed */
	GPtrArray *witnesses; /* struct witness, of the last minutes */
	guint looks, looked;  /* about sign-ins: asked and answered */
	GHashTable *dead;     /* server of the lab, or program of a tunnel -> how it died */
	GMainLoop *loop;      /* of session_run, else NULL */
	GError *gone;	      /* why the lab is; NULL: it is not */
};

struct placed_call;

/* --- clients.c -------------------------------------------------------------------------------- */

void client_free(gpointer client);
/* What a client says that is about no call. */
void clients_event(session *s, const char *agent, json_t *event);
/* The agent's program has died; FALSE: it is no client. */
bool clients_died(session *s, const char *agent, const char *why);
/* Who takes part in the cell is in one call more, or less. */
void clients_count_call(session *s, const struct cell *c, int by);

/* --- calls.c ---------------------------------------------------------------------------------- */

void placed_call_free(gpointer call, gpointer unused);
void calls_event(struct placed_call *p, const char *agent, json_t *event);
/* Ends the calls that `name` takes part in as errors at once; NULL: all. */
void calls_abort_of(session *s, const char *name, const char *why);

#endif
