/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix: runs the cells of a selection, all labs side by side, and fills in its results.
 *
 * Depends on session, lab, plan, model and base.  Runs a GLib main loop on the default context.
 * Prints nothing; it calls an observer whenever something happens.
 *
 *   g_autoptr(matrix_selection) s = matrix_select(base, &filter, &error);
 *   g_autoptr(matrix) run = matrix_new(s, &options, &observer, me);
 *   matrix_run(run, &error);              s->results is filled
 *
 * Order: every endpoint that has a cell signs in when its lab is built and the pace allows it; a
 * cell starts when its participants have signed in and the pace allows it.  Which cell comes first
 * is said in order.h.  The order never changes what comes out.
 */
#ifndef TESTBED_MATRIX_MATRIX_H
#define TESTBED_MATRIX_MATRIX_H

#include "testbed/lab/lab.h"
#include "testbed/matrix/cells.h"
#include "testbed/session/machine.h"

#define STANDING_MEDIA_MS 3000 /* with `at_once`: how long all calls of a round send */

typedef struct matrix matrix;

struct matrix_options {
	const char *program_dir;     /* as lab_options */
	const char *run_dir;	     /* as lab_options */
	bool evidence_whole;	     /* whole packets of all nodes (lab_options) */
	const char *const *captures; /* "NODE" or "NODE:IF"; each lab records those that it has */
	guint64 seed;
	bool sip_texts; /* as lab_options */
	guint jobs;	/* labs at once; 0: all */
	guint media_ms; /* 0: CELL_MEDIA_MS, or STANDING_MEDIA_MS */
	/* 0: calls begin and end as the machine's load allows.  Else: when all endpoints have
	 * signed in, a round of that many calls is set up, as fast as the load allows; when all of
	 * them stand, they send for media_ms and are hung up together, and the next round begins.
	 */
	guint at_once;
};

/* Callbacks of a run; each may be NULL.  Arguments are valid during the call only. */
struct matrix_observer {
	/* The lab stands; then come sign-ins and cells. */
	void (*lab_built)(const struct scenario_result *s, const struct lab_build *build,
			  gpointer user_data);
	/* The lab could not be built, or broke; its cells end as errors after this call. */
	void (*lab_failed)(const struct scenario_result *s, const GError *error,
			   gpointer user_data);
	/* Every event of every agent; one that dies comes as { "event": "agent-died", "how" }. */
	void (*agent_event)(const char *scenario, const char *agent, const json_t *event,
			    gpointer user_data);
	/* Every command to an agent. */
	void (*command_sent)(const char *scenario, const char *agent, const json_t *command,
			     gpointer user_data);
	void (*cell_started)(const struct cell *c, gpointer user_data);
	void (*cell_finished)(const struct cell *c, gpointer user_data);
	/* The state of the kernels: soon after cells that did not pass, and after a lab's last
	 * cell. When set, the lab lives until that has been read.  `state` is NULL with an `error`.
	 */
	void (*lab_state)(const struct scenario_result *s, const netstate *state,
			  const GError *error, gpointer user_data);
	/* The state of the kernels right before a cell's call and right after it.  When set, it is
	 * read for every cell, so use it with one call at a time.  Called before `cell_finished`,
	 * and may change the cell.  Not called when a state could not be read. */
	void (*cell_states)(struct cell *c, const netstate *before, const netstate *after,
			    gpointer user_data);
	/* Returns the descriptor that this lab's evidence is written to (lab_options), which the
	 * matrix closes; 0: none is kept. */
	int (*evidence)(const struct scenario_result *s, gpointer user_data);
};

/* A run that has not begun; the caller frees it.  `selection` must outlive it, and gets the
 * results. The options' strings are copied, except captures. */
matrix *matrix_new(matrix_selection *selection, const struct matrix_options *options,
		   const struct matrix_observer *observer, gpointer user_data);
/* Kills labs that still run; the selection with its results stays. */
void matrix_free(matrix *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(matrix, matrix_free)

/* Blocks until every cell has ended, or matrix_cancel was called: then results.complete is false.
 * Returns false only when this host can't run labs at all (TB_ERROR_UNSUPPORTED). */
bool matrix_run(matrix *m, GError **error);

/* Ends the run at once.  May be called from any callback or source of the same main context. */
void matrix_cancel(matrix *m);

#endif
