/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Explain: runs one cell in a fresh lab, finds its cause, derives a fix and tries it on a copy.
 *
 * Nouns: an `explanation` is all that came of it.
 * Depends on matrix, lab, model, base.  Runs a GLib main loop on the default context.  Prints
 * nothing.
 *
 *   g_autoptr(explanation) x = explain_cell(base, selection, &options, &error);
 */
#ifndef TESTBED_EXPLAIN_EXPLAIN_H
#define TESTBED_EXPLAIN_EXPLAIN_H

#include "testbed/explain/trial.h"

/* What an earlier run has recorded of a cell. */
struct recorded {
	char *run_id, *dir;	 /* of the run; NULL: a lab that is up */
	char *lab;		 /* that lab's name; NULL: a run */
	const struct cell *cell; /* borrowed */
	struct observation seen;
	GPtrArray *missing; /* char *: what was not recorded; may be empty */
};

/* A cell by its id, or A's call to B.  TB_ERROR_INPUT names ids that are near. */
matrix_selection *explain_select_id(const model *base, const char *id, GError **error);
matrix_selection *explain_select_call(const model *base, const char *scenario, const char *a,
				      const char *b, enum media media, GError **error);

/* Takes over `selection`, which holds one cell of `base`.  Blocks for the length of two calls, with
 * options->all for that of two scenarios more.  NULL when this host can't run labs, or the lab
 * could not be built. */
explanation *explain_cell(const model *base, matrix_selection *selection,
			  const struct explain_options *options, GError **error);
/* The same from an earlier run of the same network: only the trial places calls.  Takes over
 * `selection` and clears `recorded`. */
explanation *explain_recorded(const model *base, matrix_selection *selection,
			      struct recorded *recorded, const struct explain_options *options);
void recorded_clear(struct recorded *r);
/* What `mend` makes of the call of `selection` that came out as `ran` in a lab that is up, as
 * trial_repeats and trial_make, into `t`, which is zeroed.  `lost` as in struct finding. */
void explain_try(const model *base, matrix_selection *selection, const struct cell *ran,
		 const fix *mend, enum path_class lost, const struct explain_options *options,
		 struct trial *t);
void explanation_free(explanation *x);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(explanation, explanation_free)

/* At most `limit` of the ids in `selection` that are near to `id`, nearest first.  Free with
 * g_strfreev. */
char **explain_near_ids(const matrix_selection *selection, const char *id, guint limit);

#endif
