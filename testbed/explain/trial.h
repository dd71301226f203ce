/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trial: what a fix does, found out on a copy of the lab.
 *
 * Depends on observe, fix, matrix, model and base.  Runs a GLib main loop on the default context.
 * Prints nothing.
 */
#ifndef TESTBED_EXPLAIN_TRIAL_H
#define TESTBED_EXPLAIN_TRIAL_H

#include "testbed/explain/fix.h"
#include "testbed/explain/observe.h"

#define TRIAL_STEPS_MAX 4

/* One more change, after those before it. */
struct trial_step {
	enum cause_code code; /* that it takes away, where, and what was at fault */
	char *node, *object;
	char *change;
	enum verdict verdict; /* with it and all before it */
	enum path_class path;
};

struct trial {
	bool made;   /* false: there was no fix to try */
	char *error; /* why it could not be made; NULL */
	bool mended; /* the cell passes, or takes the path that is expected, with all steps together
		      */
	GPtrArray *steps; /* struct trial_step: the fix, and those for what stood behind the first
			     cause; NULL: none */
	enum verdict verdict; /* after the last step */
	enum path_class path;
	enum cause_code next; /* what still stops it after the last step; CAUSE_NONE: nothing */
	guint others;	      /* cells that passed without the fix and were placed again with it */
	GPtrArray *broken;    /* char *: ids of those that no longer pass, placed twice; NULL: none
				 were placed */
	GPtrArray *unsteady;  /* char *: ids of those that failed with all others beside them, and
				 passed when placed again; or NULL */
};

/* Places the one cell of `was` (a selection from `base`) again in its network with the change of
 * `mend`, which takes `found` away; where that does not help, the copy is explained, too, and its
 * fix added, up to options->steps_max. With options->all also every other call of the scenario,
 * without and with all steps.  `t` is zeroed; blocks for the length of a call a step, with
 * options->all for that of two scenarios more.  What goes wrong is told in t->error. */
void trial_make(struct trial *t, const model *base, const matrix_selection *was,
		const finding *found, const fix *mend, const struct explain_options *options);
/* Whether the cell comes out on a copy without any change as it did.  A lab that is up may differ
 * from its topology, by what was typed in by hand; there a trial would prove nothing.  FALSE with
 * t->error when not; blocks for the length of a call. */
bool trial_repeats(struct trial *t, const model *base, const matrix_selection *was,
		   const struct explain_options *options);
void trial_clear(struct trial *t);

#endif
