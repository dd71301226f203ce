/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Observe: runs cells in a fresh lab and keeps what a cause is decided from.
 *
 * Nouns: an `observation` is what the agents said and the state the kernels were in after the last
 * cell. Depends on matrix, lab, model, base and cause.  Runs a GLib main loop on the default
 * context.  Prints nothing.
 */
#ifndef TESTBED_EXPLAIN_OBSERVE_H
#define TESTBED_EXPLAIN_OBSERVE_H

#include "testbed/diagnose/diagnose.h"
#include "testbed/matrix/matrix.h"

#include <gio/gio.h>

enum explain_stage {
	EXPLAIN_CALLING,
	EXPLAIN_SEARCHING, /* for the cause */
	EXPLAIN_REPEATING, /* on a copy without any change */
	EXPLAIN_TRYING,	   /* a change, on a copy */
	EXPLAIN_COMPARING, /* all other calls, without and with the changes */
};

/* Who wants to know how an explanation comes about. */
struct explain_watch {
	/* What is done now; `change` as under `changes:`, NULL but for EXPLAIN_TRYING. */
	void (*stage)(enum explain_stage stage, const char *change, gpointer user_data);
	/* These cells run now; NULL: they have ended. */
	void (*runs)(const results *r, gpointer user_data);
	/* An event of an agent in the call that is placed. */
	void (*heard)(const char *agent, const json_t *event, gpointer user_data);
	gpointer user_data;
};

struct explain_options {
	const char *program_dir; /* as lab_options */
	guint64 seed;
	bool all; /* the trial places every other call of the scenario, too */
	bool no_trial;
	bool alternatives;	/* other ways than the fix are derived and tried, too */
	guint steps_max;	/* changes one after another in a trial; 0: TRIAL_STEPS_MAX */
	GCancellable *cancel;	/* ends what runs at once; NULL: nothing does */
	char **ret_uncontained; /* NULL, or where to put what this host could not contain of a lab
				   (struct lab_build); the caller frees */
	const struct explain_watch *watch; /* NULL: nobody */
};

/* Tells it who watches, if anybody does. */
void observe_tell_stage(const struct explain_options *o, enum explain_stage stage,
			const char *change);

/* Runs the cells of a selection that holds one scenario; blocks until the last one has ended.
 * `seen`: an initialised one, or NULL.  FALSE when this host can't run labs, the lab could not be
 * built, or it was cancelled (G_IO_ERROR_CANCELLED). */
gboolean observe_run(matrix_selection *s, const struct explain_options *o, struct observation *seen,
		     GError **error);

/* The cells of that one scenario: struct cell. */
const GPtrArray *observe_cells(const matrix_selection *s);
/* Why its first cell came out as it did; each leg is held against the journeys, and what was seen,
 * and what the kernels remember of its sessions, becomes proof. */
finding *observe_finding(const matrix_selection *s, const struct observation *seen);

#endif
