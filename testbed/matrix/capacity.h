/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capacity: how many calls at once a network carries well.  Which number is tried next, whether it
 * was carried, what stood in the way; capacityrun places the calls.
 *
 * Nouns: a `design` is one scenario's network; a `step` is a number of calls at once in it.  The
 * steps double until a number is not carried well, then halve the distance.  A step is carried when
 * every call comes about, none is poor by CQD's rule, and no MOS is below CAPACITY_MOS_MIN. Depends
 * on model and base.  Pure.
 */
#ifndef TESTBED_MATRIX_CAPACITY_H
#define TESTBED_MATRIX_CAPACITY_H

#include "testbed/model/model.h"
#include "testbed/model/results.h"

#include <glib.h>

#define CAPACITY_MOS_MIN 3.6	/* what a listening MOS should be above */
#define CAPACITY_LOAD_FULL 0.85 /* share of its rate from which a tunnel counts as full */
#define CAPACITY_BUSY_FULL                                                    \
	0.95 /* share of the processors from which the machine counts as full \
	      */

struct capacity_step {
	guint calls;
	guint passed, poor, below; /* came about; poor by CQD; below CAPACITY_MOS_MIN */
	double mos, mos_min;	   /* over all calls: mean and lowest; NAN */
	double delay_ms;	   /* one way, mean of the calls' worse directions; NAN */
	double loss_pct;	   /* mean of the calls' worse directions; NAN */
	double busy;		   /* of the processors, 0..1, mean over the step */
	double tunnel_kbit;	   /* into a tunnel at one end, highest in a second of the step */
	bool carried;
	char *reason; /* of the first call that did not come about; NULL */
};

enum capacity_limit {
	CAPACITY_NONE_FOUND, /* all that was tried was carried */
	CAPACITY_TUNNEL,     /* a tunnel was full */
	CAPACITY_MACHINE,    /* the processors were full, and no tunnel: this says nothing about the
				network */
	CAPACITY_ELSEWHERE,  /* neither: a firewall, a route, another link */
};

struct capacity_design {
	char *scenario, *title;
	GPtrArray *steps; /* struct capacity_step, in the order of their making */
	guint carried;	  /* the highest number of calls that was carried */
	enum capacity_limit limit;
	char *trouble;		/* why it was not measured to the end, or NULL */
	char *vpn, *impairment; /* back ends, or NULL */
	double rate_kbit;	/* of the tunnel, the slowest direction; 0: unlimited */
};

/* The figures of a step of so many calls from those that were placed (struct cell), but not busy
 * and tunnel_kbit, which no call knows.  The caller frees. */
struct capacity_step *capacity_step_new(guint calls, const GPtrArray *cells);
extern const struct object_shape capacity_step_shape, capacity_design_shape;

/* How many calls the next step has; 0: the answer is known. */
guint capacity_next(const GPtrArray *steps, guint calls_max);
/* What stands in the way after the last step, and the highest number that was carried. */
void capacity_conclude(struct capacity_design *d);

/* A call that would use a tunnel: from an endpoint at a site that a tunnel ends at and that has no
 * servers, to one at a site without tunnel and servers.  "A:B", which the caller frees; NULL: there
 * is none. */
char *capacity_default_pair(const model *m);
/* Of the slowest direction of a tunnel; 0: none is limited. */
double capacity_rate_kbit(const model *m);

#endif
