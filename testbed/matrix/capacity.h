/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capacity: how many calls at once a network carries well.  This part decides which number is tried
 * next, whether it was carried, and what the limit is; capacityrun places the calls.
 *
 * A `design` is one scenario's network; a `step` is a number of calls at once in it.  Each step has
 * twice the calls of the last one until one is not carried; then bisection finds the limit.  A step
 * is carried when every call passes, none is poor by CQD's rule, and no MOS is below
 * CAPACITY_MOS_MIN.  Depends on model and base.  Pure.
 */
#ifndef TESTBED_MATRIX_CAPACITY_H
#define TESTBED_MATRIX_CAPACITY_H

#include "testbed/model/model.h"
#include "testbed/model/results.h"

#include <glib.h>

#define CAPACITY_MOS_MIN 3.6	/* lowest listening MOS of a carried call */
#define CAPACITY_LOAD_FULL 0.85 /* share of its rate from which a tunnel counts as full */
#define CAPACITY_BUSY_FULL 0.95 /* busy share from which the processors count as full */

struct capacity_step {
	guint calls; /* at once */
	guint passed, poor,
		below;	     /* how many passed; are poor by CQD; are below CAPACITY_MOS_MIN */
	double mos, mos_min; /* mean and lowest of all calls; NAN: not measured */
	double delay_ms;     /* one way, mean of the calls' worse directions; NAN: not measured */
	double loss_pct;     /* mean of the calls' worse directions; NAN: not measured */
	double busy;	     /* busy share of the processors, 0 to 1, mean over the step */
	double tunnel_kbit;  /* kbit/s into one end of a tunnel, in the step's fullest second */
	bool carried;	     /* all calls passed and were good */
	char *reason;	     /* why the first failed call failed; NULL: all passed */
	char *machine;	     /* what this machine did meanwhile, or NULL: only where it was not
				carried, and a tunnel was not full */
};

enum capacity_limit {
	CAPACITY_NONE_FOUND, /* every step was carried */
	CAPACITY_TUNNEL,     /* a tunnel was full */
	CAPACITY_MACHINE,    /* no tunnel was full, but the processors were, or the machine lost or
				delayed packets: says nothing about the network */
	CAPACITY_ELSEWHERE,  /* neither was: a firewall, a route or another link */
};

struct capacity_design {
	char *scenario, *title;
	GPtrArray *steps; /* struct capacity_step, in the order in which they were made */
	guint carried;	  /* the highest number of calls that was carried */
	enum capacity_limit limit;
	char *skipped;		/* why it was not measured: it has none of the pairs; or NULL */
	char *trouble;		/* why it was not measured to the end, or NULL */
	char *vpn, *impairment; /* what the lab used for them ("wireguard-go"), or NULL */
	char *uncontained;	/* as in struct lab_build, or NULL */
	double rate_kbit;	/* of the slowest direction of a tunnel; 0: unlimited */
};

/* The figures of a step with `calls` calls, from the cells (struct cell) that were placed.  The
 * caller fills in busy and tunnel_kbit, and frees the step with object_free. */
struct capacity_step *capacity_step_new(guint calls, const GPtrArray *cells);
extern const struct object_shape capacity_step_shape, capacity_design_shape;

/* Whether the step filled a tunnel whose rate is `rate_kbit` (0: none has a limit). */
bool capacity_tunnel_full(const struct capacity_step *s, double rate_kbit);

/* How many calls the step after these (struct capacity_step) has, at most `calls_max`; 0: no
 * further step is needed. */
guint capacity_next(const GPtrArray *steps, guint calls_max);
/* Sets d->carried and d->limit from d->steps and d->rate_kbit. */
void capacity_conclude(struct capacity_design *d);

/* A call that would use a tunnel: from an endpoint at a site that a tunnel ends at and that has no
 * servers, to one at a site without tunnel and servers.  "A:B", which the caller frees; NULL: there
 * is none. */
char *capacity_default_pair(const model *m);
/* The rate of the slowest direction of any tunnel; 0: no tunnel has a limit. */
double capacity_rate_kbit(const model *m);

#endif
