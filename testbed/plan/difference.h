/* SPDX-License-Identifier: GPL-2.0-or-later */
/* difference: what to do to a network that was built by one plan so that it is as another plan
 * would have built it.
 *
 * Pure.  Operations of the two plans are equal when they say the same, whatever interface numbers
 * they carry; what is in both stays untouched, unless the interface that it is about has to be made
 * anew.  Files and processes are left to the caller. Depends on plan and model.
 */
#ifndef TESTBED_PLAN_DIFFERENCE_H
#define TESTBED_PLAN_DIFFERENCE_H

#include "testbed/plan/plan.h"

struct plan_step {
	bool remove; /* take back what `op` made; else carry `op` out */
	const struct op *op;
	const struct op *before; /* not `remove`: carried out in place of `op` it undoes the step;
				    NULL: removing `op` does */
};

typedef struct plan_difference {
	GPtrArray *steps; /* struct plan_step, in order */
	GPtrArray *own;	  /* struct op that are in neither plan */
} plan_difference;

/* `to` gets the numbers and names that interfaces of `from` have already; both plans must outlive
 * the difference. `reboot` (NULL: none) names a node of both that is made anew, with its namespace
 * and all links that end there. */
plan_difference *plan_difference_new(const plan *from, plan *to, const char *reboot);
void plan_difference_free(plan_difference *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(plan_difference, plan_difference_free)

/* True when nothing but impairments of links differs. */
bool plan_difference_is_light(const plan_difference *d);

/* Whether the two say the same, whatever interface numbers they carry. */
bool op_equal(const struct op *a, const struct op *b);

#endif
