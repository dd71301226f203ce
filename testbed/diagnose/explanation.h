/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Explanation: all that came of explaining a call, as data: finding, fix, and what trials of it
 * gave.
 *
 * Filled in by testbed/explain, which frees it; rendered by testbed/report.
 * Depends on cause, fix, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_EXPLANATION_H
#define TESTBED_DIAGNOSE_EXPLANATION_H

#include "testbed/diagnose/fix.h"
#include "testbed/packets/observation.h"

/* One more change, after those of the steps before. */
struct trial_step {
	enum cause_code code; /* that it takes away, where, and what was at fault */
	char *node;
	struct subject subject;
	char *change;
	enum verdict verdict; /* with it and all before it */
	enum path_class path;
};

struct trial {
	bool made;   /* false: there was no fix to try */
	char *error; /* why it could not be made; NULL */
	bool mended; /* the cell passes, and over no worse path than it could before, with all steps
			together */
	GPtrArray *steps;  /* struct trial_step: the fix, and those for what stood behind the first
			      cause; NULL: none */
	GPtrArray *copies; /* the networks that the steps' subjects point into; NULL: none */
	enum verdict verdict; /* after the last step */
	enum path_class path;
	enum cause_code next;	  /* the cause that is left after the last step; CAUSE_NONE: none */
	const struct cell *after; /* the call after the last step, of one of `copies`, in the */
	const model *network;	  /* network of that; both NULL: it was not placed */
	struct observation seen;  /* what was seen of it; heard NULL: nothing */
	guint others;	     /* cells that passed without the fix and were placed again with it */
	GPtrArray *broken;   /* char *: ids of those that no longer pass, placed twice; NULL: none
				were placed */
	GPtrArray *unsteady; /* char *: ids of those that failed among all others and passed when
				placed again; or NULL */
};

/* Another way than the fix, tried by itself. */
struct alternative {
	const char *name; /* "the bypass: ..." */
	fix *fix;
	struct trial trial;
};

typedef struct explanation {
	struct matrix_selection *selection; /* owns the cell and its network; not looked at here */
	const struct cell *cell;
	const model *model;
	struct observation seen;
	char *run_id, *run_dir; /* the earlier run that this is from; NULL: a lab */
	char *lab;		/* the lab that was up; NULL: a fresh one, or a run */
	GPtrArray *missing;	/* char *: what that run did not record; NULL: a fresh lab */
	finding *finding;	/* NULL: cancelled before the call had ended */
	fix *fix;		/* NULL: nothing to mend, or no fix can be derived */
	struct trial trial;
	GPtrArray
		*alternatives; /* struct alternative: other ways to mend it; NULL: not asked for */
} explanation;

#endif
