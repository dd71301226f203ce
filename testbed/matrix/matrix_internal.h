/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run from inside: matrix.c (all labs: their pace) and labrun.c (one scenario's lab: its queue of
 * cells).  Private to these. */
#ifndef TESTBED_MATRIX_MATRIX_INTERNAL_H
#define TESTBED_MATRIX_MATRIX_INTERNAL_H

#include "testbed/matrix/matrix.h"
#include "testbed/matrix/pace.h"

typedef struct labrun labrun;

struct matrix {
	matrix_selection *selection;
	struct matrix_options options;
	char *program_dir, *run_dir;
	struct matrix_observer observer;
	gpointer observer_data;
	struct cell_rules rules; /* but max_loss_pct, which is the scenario's */
	GPtrArray *labs;	 /* labrun */
	guint turn;		 /* the lab that is asked first, so that all get their share */
	struct pace pace;	 /* of calls, or of their set-up where they are to stand */
	struct pace sign_ins;
	bool calls_wait, sign_ins_wait;	  /* for it */
	guint standing, standing_most;	  /* calls */
	struct pace_times standing_since; /* when all that can stand did */
	double standing_busy; /* how busy the processors were from then to the end of it; the
				 highest */
	GMainLoop *loop;
	guint pump, sampler, hang_up; /* source ids */
	struct pace_times times;      /* at the last sample */
	GError *unsupported;
	bool cancelled;
};

/* --- matrix.c: what labs tell ----------------------------------------------------------------- */

void matrix_lab_built(matrix *m, const struct lab_build *build);
/* The lab is gone; its cells have ended as errors. */
void matrix_lab_failed(matrix *m, const GError *error);
/* A sign-in that labrun_sign_in_next started is over, however. */
void matrix_sign_in_ended(matrix *m);
/* A call that is to stand does. */
void matrix_call_stands(matrix *m);
/* A cell that labrun_start_next started has ended; `stood`: matrix_call_stands was told of it. */
void matrix_call_ended(matrix *m, bool stood);
/* A cell may have become startable, or the lab may be over. */
void matrix_changed(matrix *m);

/* --- labrun.c --------------------------------------------------------------------------------- */

/* Its lab is not built yet.  `s` is borrowed. */
labrun *labrun_new(matrix *m, const struct selected_scenario *s, guint64 seed);
void labrun_free(labrun *l);

/* Builds the lab; what goes wrong comes by matrix_lab_failed. */
void labrun_start(labrun *l);
bool labrun_started(const labrun *l);
/* Every cell has ended, and the state of the kernels has been read if the observer wants it. */
bool labrun_over(const labrun *l);
/* To be called when something changed: asks for the state of the kernels when the last cell has
 * ended. */
void labrun_settle(labrun *l);
/* Kills the lab. */
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
