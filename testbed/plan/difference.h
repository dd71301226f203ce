/* SPDX-License-Identifier: GPL-2.0-or-later */
/* difference: the steps that turn a network which one plan built into what another plan would have
 * built.
 *
 * Pure.  Operations of the two plans are equal when they say the same, whatever interface numbers
 * they carry.  What is in both plans stays untouched, unless its interface has to be made again.
 * Files and processes are left to the caller.  Depends on plan and model.
 */
#ifndef TESTBED_PLAN_DIFFERENCE_H
#define TESTBED_PLAN_DIFFERENCE_H

#include "common/base/object.h"
#include "testbed/plan/plan.h"

struct plan_step {
	bool remove; /* true: undo `op`; false: carry it out */
	const struct op *op;
	const struct op *before; /* when not `remove`: carrying this out undoes the step;
				    NULL: removing `op` undoes it */
};

typedef struct plan_difference {
	GPtrArray *steps; /* struct plan_step, in order */
	GPtrArray *own;	  /* struct op of steps, that are in neither plan */
} plan_difference;

/* The steps from one plan to the other; the caller frees them.  Changes `to`: its interfaces get
 * the numbers and names that they have in `from` already.  Both plans must outlive the result.
 * `reboot` (NULL: none) names a node of both plans that is removed and made again, with its
 * namespace and all links that end there. */
plan_difference *plan_difference_new(const plan *from, plan *to, const char *reboot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(plan_difference, object_free)

/* Whether all steps only change impairments of links. */
bool plan_difference_is_light(const plan_difference *d);

/* Whether both do the same to the same node; interface numbers are not compared. */
bool op_equal(const struct op *a, const struct op *b);

#endif
