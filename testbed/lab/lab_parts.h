/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the orchestrator's end of a lab share: lab.c (its life, events, changes),
 * lab_questions.c (what the supervisor is asked, and answers in order). Private to these files.
 */
#ifndef TESTBED_LAB_LAB_PARTS_H
#define TESTBED_LAB_LAB_PARTS_H

#include "common/wire/line_socket.h"
#include "testbed/lab/lab.h"

struct lab {
	char *name;
	struct lab_callbacks callbacks;
	gpointer user_data;
	pid_t pid;
	int pidfd;
	gint64 traced_from_us; /* since when it was not looked who traces it */
	line_socket *channel;
	guint exit_source;  /* source on the default context; 0: the supervisor has been reaped */
	GHashTable *agents; /* names of those that can be commanded */
	GQueue questions;   /* lab_questions.c: asked, not answered; the oldest first */
	lab_change_func change_done; /* NULL: no change is being made */
	gpointer change_data;
	unsigned refs; /* the owner's and one for each callback that is running */
	bool over;     /* `failed` was called, or the owner has freed it */
};

/* --- lab.c ------------------------------------------------------------------------------------ */

void lab_unref(lab *l);
/* The owner may free the lab in any callback. */
bool lab_is_freed(const lab *l);

/* --- lab_questions.c -------------------------------------------------------------------------- */

void lab_set_gone(GError **error, const lab *l, const char *how);
/* All that were asked are answered with `error`, until the owner frees the lab. */
void lab_questions_fail(lab *l, const GError *error);
/* Forgets them. */
void lab_questions_clear(lab *l);

/* For the table of messages: "state", "inspected", "entered", "watched", "credentials", "looked"
 * (supervisor.h). */
void lab_on_state(lab *l, json_t *message, json_t *state);
void lab_on_inspected(lab *l, json_t *message, json_t *problem);
void lab_on_entered(lab *l, json_t *message, json_t *problem);
void lab_on_watched(lab *l, json_t *message, json_t *problem);
void lab_on_credentials(lab *l, json_t *message, json_t *problem);
void lab_on_looked(lab *l, json_t *message, json_t *yes);

#endif
