/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matrix: runs the cells of a selection, all labs side by side, and fills in its results.
 *
 * Depends on lab, plan, model and base.  Runs a GLib main loop on the default context.  Prints
 * nothing; an observer hears of everything as it happens.
 *
 *   g_autoptr(matrix_selection) s = matrix_select(base, &filter, &error);
 *   g_autoptr(matrix) run = matrix_new(s, &options, &observer, me);
 *   matrix_run(run, &error);              s->results is filled
 *
 * Order: every endpoint that has a cell signs in when its lab stands and the pace allows it; a cell
 * starts when its participants have signed in and the pace allows it.  Instant messages go first
 * (they are the article's control group and take no time), then what is expected to take longest:
 * failures (seconds of waiting and no processor), conferences, calls through NAT or relay, direct
 * calls; within these the seed decides.  The order never changes what comes out.
 */
#ifndef TESTBED_MATRIX_MATRIX_H
#define TESTBED_MATRIX_MATRIX_H

#include "testbed/lab/lab.h"
#include "testbed/matrix/cells.h"
#include "testbed/session/machine.h"

#define STANDING_MEDIA_MS 3000 /* calls at once: how long all of them stand */

typedef struct matrix matrix;

struct matrix_options {
	const char *program_dir;     /* as lab_options */
	const char *run_dir;	     /* as lab_options */
	const char *const *captures; /* "NODE" or "NODE:IF"; each lab records those that it has */
	guint64 seed;
	guint jobs;	/* labs at once; 0: all */
	guint media_ms; /* 0: CELL_MEDIA_MS, or STANDING_MEDIA_MS */
	/* 0: calls begin and end as the machine's load allows.  Else: when everybody has signed in,
	 * that many calls are set up, as fast as the load allows; each stands until all do, then
	 * for media_ms; then all are hung up, and the next so many are set up. */
	guint at_once;
};

/* All may be NULL.  Everything is borrowed for the call. */
struct matrix_observer {
	void (*lab_built)(const struct scenario_result *s, const struct lab_build *build,
			  gpointer user_data);
	void (*lab_failed)(const struct scenario_result *s, const GError *error,
			   gpointer user_data);
	/* Every line of every agent; an agent's unasked end comes as { "event": "agent-died", "how"
	 * }. */
	void (*agent_event)(const char *scenario, const char *agent, const json_t *event,
			    gpointer user_data);
	void (*command_sent)(const char *scenario, const char *agent, const json_t *command,
			     gpointer user_data);
	void (*cell_started)(const struct cell *c, gpointer user_data);
	void (*cell_finished)(const struct cell *c, gpointer user_data);
	/* What state the kernels are in: soon after cells that did not pass, and
	 * after a lab's last cell; when set, the lab lives until that has been read.  `state` is
	 * NULL with an `error`. */
	void (*lab_state)(const struct scenario_result *s, const netstate *state,
			  const GError *error, gpointer user_data);
	/* The state of the kernels right before a cell's call and right after it; when set, it is
	 * read for every cell, which is meant for one call at a time.  Comes before
	 * `cell_finished`, and what is written to the cell is in it.  Does not come when a state
	 * could not be read. */
	void (*cell_states)(struct cell *c, const netstate *before, const netstate *after,
			    gpointer user_data);
	/* Where the evidence of this lab goes (lab_options); the matrix closes it.  0: none is
	 * kept. */
	int (*evidence)(const struct scenario_result *s, gpointer user_data);
};

/* `selection` must outlive the matrix and is written to.  The options' strings are copied. */
matrix *matrix_new(matrix_selection *selection, const struct matrix_options *options,
		   const struct matrix_observer *observer, gpointer user_data);
/* Kills labs that still run. */
void matrix_free(matrix *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(matrix, matrix_free)

/* Blocks until every cell has ended or matrix_cancel is called.  results.complete tells which.
 * FALSE only when this host can't run labs at all (TB_ERROR_UNSUPPORTED). */
gboolean matrix_run(matrix *m, GError **error);

/* Ends the run at once; from any callback or source of the same main context. */
void matrix_cancel(matrix *m);

#endif
