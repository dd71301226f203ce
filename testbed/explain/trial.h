/* Trial: what a fix does, found out on a copy of the lab.
 *
 * Depends on observe, fix, matrix, model and base.  Runs a GLib main loop on the default context.  Prints nothing.
 */
#ifndef TESTBED_EXPLAIN_TRIAL_H
#define TESTBED_EXPLAIN_TRIAL_H

#include "testbed/explain/fix.h"
#include "testbed/explain/observe.h"

struct trial {
	bool made;        /* false: there was no fix to try */
	char *error;      /* why it could not be made; NULL */
	enum verdict verdict;
	enum path_class path;
	guint others;     /* cells that passed without the fix and were placed again with it */
	GPtrArray *broken; /* char *: ids of those that no longer pass; NULL: none were placed */
};

/* Places the one cell of `was` (a selection from `base`) again in its network with the change of `mend`; with
 * options->all also every other call of the scenario, without and with it.  `t` is zeroed; blocks for the length of
 * a call, with options->all for that of two scenarios more.  What goes wrong is told in t->error. */
void trial_make(struct trial *t, const model *base, const matrix_selection *was, const fix *mend,
		const struct explain_options *options);
void trial_clear(struct trial *t);

#endif
