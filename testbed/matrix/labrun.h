/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One scenario's lab while its cells run: sign-ins, the queue of cells, their machines.
 *
 * Private to the matrix layer.  Uses the default main context.
 */
#ifndef TESTBED_MATRIX_LABRUN_H
#define TESTBED_MATRIX_LABRUN_H

#include "testbed/matrix/matrix.h"

typedef struct labrun labrun;

struct labrun_host {
	const struct matrix_observer *observer;
	gpointer observer_data;
	void (*built)(const struct lab_build *build, gpointer user_data);
	/* A sign-in that labrun_sign_in_next started is over, however. */
	void (*sign_in_ended)(gpointer user_data);
	/* A call that is to stand (cell_rules) does. */
	void (*call_stands)(gpointer user_data);
	/* A cell that labrun_start_next started has ended; `stood`: call_stands was told of it. */
	void (*call_ended)(bool stood, gpointer user_data);
	/* Something changed: a cell may have become startable, or the lab may be over. */
	void (*changed)(gpointer user_data);
	/* The lab is gone; its cells have ended as errors.  `error` is borrowed. */
	void (*failed)(const GError *error, gpointer user_data);
	gpointer user_data;
};

/* Its lab is not built yet.  `s` is borrowed, the rest copied. */
labrun *labrun_new(const struct selected_scenario *s, const struct labrun_host *host,
		   const struct cell_rules *rules, guint64 seed);
void labrun_free(labrun *l);

/* Builds the lab; what goes wrong comes by `failed`. */
void labrun_start(labrun *l, const struct matrix_options *options);
bool labrun_started(const labrun *l);
/* Every cell has ended, and the state of the kernels has been read if the observer wants it. */
bool labrun_over(const labrun *l);
/* To be called when something changed: asks for the state of the kernels when the last cell has
 * ended. */
void labrun_settle(labrun *l);
/* Kills the lab of a run that is over. */
void labrun_stop(labrun *l);

/* Is the lab still being built, or an endpoint not yet told to sign in, or signing in? */
bool labrun_preparing(const labrun *l);
/* Does an endpoint wait to be told to sign in? */
bool labrun_wants_sign_in(const labrun *l);
/* Tells it; the endpoints of the cells that come first come first. */
void labrun_sign_in_next(labrun *l);
/* Has every call that stands hung up. */
void labrun_hang_up(labrun *l);

/* How urgent is the first cell that could start now?  Lower is sooner; -1: none could.  A cell can
 * start when all who take part in it have signed in; where calls are to stand, when everybody has.
 */
int labrun_urgency(const labrun *l);
/* Starts that cell. */
void labrun_start_next(labrun *l);

#endif
