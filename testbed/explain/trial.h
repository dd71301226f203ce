/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trial: what a fix does, found out on a copy of the lab.
 *
 * Depends on observe, fix, matrix, model and base.  Runs a GLib main loop on the default context.
 * Prints nothing.
 */
#ifndef TESTBED_EXPLAIN_TRIAL_H
#define TESTBED_EXPLAIN_TRIAL_H

#include "testbed/diagnose/explanation.h"
#include "testbed/explain/observe.h"

#define TRIAL_STEPS_MAX 6 /* changes, one after another */

/* Whether the call is mended: one that failed passes, over no worse path than is expected, or where
 * none is, than the one that was `lost` (PATH_NONE: not known); one that passed over another path
 * takes the expected one. */
bool trial_mended(const struct cell *before, const struct cell *after, enum path_class lost);
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
