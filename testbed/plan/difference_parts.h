/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to difference_match.c (which operations both plans have, and which of them may stay) and
 * difference.c (the steps).  Pure.  Depends on plan and model. */
#ifndef TESTBED_PLAN_DIFFERENCE_PARTS_H
#define TESTBED_PLAN_DIFFERENCE_PARTS_H

#include "testbed/plan/difference.h"

/* One plan_difference_new at work. */
struct difference_work {
	const plan *from;
	plan *to;
	plan_difference *d;
	const char *reboot;		     /* the node that is removed and made again, or NULL */
	GHashTable *kept;		     /* struct op of `from` -> that of `to` */
	GHashTable *matched;		     /* struct op of `to` -> that of `from` */
	GHashTable *from_places, *to_places; /* see place_of: place -> its last struct op */
	GHashTable *anew;     /* "NODE/IFNAME" of interfaces that are removed or made again */
	GPtrArray *removals;  /* struct plan_step, in the order of `from` */
	GPtrArray *additions; /* struct plan_step, in the order of `to` */
};

/* Whether it changes the network; files and processes do not. */
static inline bool op_is_network(const struct op *op)
{
	return op->kind <= OP_NFT;
}

/* Fills in kept, matched and anew, all empty before.  Interfaces of `to` get the numbers and names
 * that they have in `from`; new ones get numbers that `from` does not use. */
void difference_match(struct difference_work *w);
/* Whether `op` changes an interface of `anew` that another operation makes. */
bool difference_is_about_new(const struct difference_work *w, const struct op *op);
/* Whether `op` belongs to the node that is made again. */
bool difference_is_of_rebooted(const struct difference_work *w, const struct op *op);

#endif
