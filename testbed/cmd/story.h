/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stories and the page that shows them, for the verbs that have --html and --story.
 *
 * Depends on cmd and explain.
 */
#ifndef TESTBED_CMD_STORY_H
#define TESTBED_CMD_STORY_H

#include "testbed/cmd/cmd.h"
#include "testbed/explain/finished.h"

/* The topology of the run, by -t or where it was; the caller frees it.  NULL: an error was
 * printed. */
model *cmd_run_topology(const finished *run, const struct options *o);
/* Writes the page of a run to o->html.  Returns the exit code. */
int cmd_story_page(finished *run, const struct options *o);

/* What was explained. */
struct storied {
	const model *base;
	const struct cell *cell; /* with all its results; NULL: the explanation's */
	const finished *run;	 /* that has recorded it; NULL: a lab */
};

/* A run of that one cell, which the caller frees; NULL: there are no results. */
results *cmd_explained_results(const explanation *x, const struct storied *told);
/* Writes o->html and o->story, where they are asked for, of the one cell that was explained.
 * Returns the exit code. */
int cmd_story_explained(const explanation *x, const struct storied *told, const struct options *o);

#endif
