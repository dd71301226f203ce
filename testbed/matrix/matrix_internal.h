/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to matrix.c (all labs and their pace) and labrun.c (one scenario's lab and its queue of
 * cells). */
#ifndef TESTBED_MATRIX_MATRIX_INTERNAL_H
#define TESTBED_MATRIX_MATRIX_INTERNAL_H

#include "testbed/matrix/matrix.h"
#include "testbed/matrix/pace.h"

typedef struct labrun labrun;

/* A run. */
struct matrix {
	matrix_selection *selection; /* borrowed */
	struct matrix_options options;
	char *program_dir, *run_dir;
	struct matrix_observer observer;
	gpointer observer_data;
	struct cell_rules rules; /* without max_loss_pct, which each scenario has */
	GPtrArray *labs;	 /* labrun */
	guint turn;	  /* which lab may start something first; it moves on with each start */
	struct pace pace; /* of calls; with `at_once` of their set-ups */
	struct pace sign_ins;
	double starved;			  /* the highest share since the last sample */
	bool calls_wait, sign_ins_wait;	  /* whether the pace holds any back */
	guint standing, standing_most;	  /* calls that stand: now, and at most so far */
	struct pace_times standing_since; /* since all calls of a round stand */
	double standing_busy;		  /* busiest round: share of the processors, 0 to 1 */
	GMainLoop *loop;
	guint scheduler, sampler, hang_up; /* source ids */
	struct pace_times times;	   /* at the last sample */
	GError *unsupported;		   /* why this host can't run labs, or NULL */
	bool cancelled;
};

/* --- matrix.c: called by labrun.c ------------------------------------------------------------- */

/* The lab stands; its build time and back ends go into the results. */
void matrix_lab_built(matrix *m, const struct lab_build *build);
/* The lab failed and its cells have ended as errors.  TB_ERROR_UNSUPPORTED ends the whole run. */
void matrix_lab_failed(matrix *m, const GError *error);
/* A sign-in that labrun_sign_in_next started is over, done or failed. */
void matrix_sign_in_ended(matrix *m);
/* With `at_once`: a call is set up, and stands until all of its round do. */
void matrix_call_stands(matrix *m);
/* A cell that labrun_start_next started has ended; `stood`: matrix_call_stands was told of it. */
void matrix_call_ended(matrix *m, bool stood);
/* A process of a lab was short of processor time. */
void matrix_starved(matrix *m, double share);
/* So little is in progress that a cell can be measured again without being hindered by others. */
bool matrix_has_room(const matrix *m);
/* Something may have become startable, or the lab may be over: schedules a look at everything. */
void matrix_changed(matrix *m);

/* --- labrun.c --------------------------------------------------------------------------------- */

/* A scenario's cells in the order of their start (`seed` decides among equals); its lab is not
 * built yet.  `m` and `s` must outlive it. */
labrun *labrun_new(matrix *m, const struct selected_scenario *s, guint64 seed);
/* Kills the lab. */
void labrun_free(labrun *l);

/* Starts to build the lab.  Does not block; an error comes by matrix_lab_failed. */
void labrun_start(labrun *l);
/* Whether labrun_start was called. */
bool labrun_started(const labrun *l);
/* Every cell has ended, and the state of the kernels has been read if the observer wants it. */
bool labrun_over(const labrun *l);
/* After the last cell: asks for the state of the kernels, once, if the observer wants it. */
void labrun_settle(labrun *l);
/* Kills the lab, if it runs. */
void labrun_stop(labrun *l);

/* Whether the lab is still being built, or an endpoint has not yet signed in. */
bool labrun_preparing(const labrun *l);
/* Whether an endpoint waits for labrun_sign_in_next. */
bool labrun_wants_sign_in(const labrun *l);
/* Has the next endpoint sign in, in the order of the cells that need them. */
void labrun_sign_in_next(labrun *l);
/* Has every call that stands hung up. */
void labrun_hang_up(labrun *l);

/* The urgency (order_urgency; lower is sooner) of the first cell that can start now; -1: none
 * can. A cell can start when its participants have signed in; with `at_once`, when all endpoints
 * have. */
int labrun_urgency(const labrun *l);
/* Starts that cell; there must be one. */
void labrun_start_next(labrun *l);

#endif
