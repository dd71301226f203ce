/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of a difference share: difference_match.c (what both plans have, and may keep),
 * difference.c (the steps). Private to these files.  Pure.  Depends on plan and model.
 */
#ifndef TESTBED_PLAN_DIFFERENCE_PARTS_H
#define TESTBED_PLAN_DIFFERENCE_PARTS_H

#include "testbed/plan/difference.h"

struct difference_work {
	const plan *from;
	plan *to;
	plan_difference *d;
	const char *reboot;		     /* the node that is made anew, or NULL */
	GHashTable *kept;		     /* struct op of `from` -> that of `to` */
	GHashTable *matched;		     /* struct op of `to` -> that of `from` */
	GHashTable *from_places, *to_places; /* place -> the struct op that holds it */
	GHashTable *anew;     /* "NODE/IFNAME": interfaces that are removed, or made anew */
	GPtrArray *removals;  /* struct plan_step, in the order of `from` */
	GPtrArray *additions; /* in the order of `to` */
};

/* The network's operations, as against files and processes. */
static inline bool op_is_network(const struct op *op)
{
	return op->kind <= OP_NFT;
}

/* Fills in kept, matched and anew (all empty before), and gives the interfaces of `to` their
 * numbers and names. */
void difference_match(struct difference_work *w);
/* Whether the interface that `op` is about, but does not make, is in `anew`. */
bool difference_is_about_new(const struct difference_work *w, const struct op *op);
/* Whether `op` is of the node that is made anew itself. */
bool difference_is_of_rebooted(const struct difference_work *w, const struct op *op);

#endif
