/* Capacity: how many calls at once a network carries well, measured by placing them.
 *
 * Nouns: a `design` is one scenario's network; a `step` is a number of calls at once in it.  The steps double until
 * a number is not carried well, then halve the distance.  A step is carried when every call comes about, none is
 * poor by CQD's rule, and no MOS is below CAPACITY_MOS_MIN.
 * Depends on lab, plan, model and base.  Uses the default main context.
 */
#ifndef TESTBED_MATRIX_CAPACITY_H
#define TESTBED_MATRIX_CAPACITY_H

#include "testbed/model/results.h"

#include <gio/gio.h>

#define CAPACITY_MOS_MIN 3.6     /* what a listening MOS should be above */
#define CAPACITY_LOAD_FULL 0.85  /* share of its rate from which a tunnel counts as full */
#define CAPACITY_BUSY_FULL 0.95  /* share of the processors from which the machine counts as full */

struct capacity_step {
	guint calls;
	guint passed, poor, below; /* came about; poor by CQD; below CAPACITY_MOS_MIN */
	double mos, mos_min;       /* over all calls: mean and lowest; NAN */
	double delay_ms;           /* one way, mean of the calls' worse directions; NAN */
	double loss_pct;           /* mean of the calls' worse directions; NAN */
	double busy;               /* of the processors, 0..1, mean over the step */
	double tunnel_kbit;        /* into a tunnel at one end, highest in a second of the step */
	bool carried;
	char *reason;              /* of the first call that did not come about; NULL */
};

enum capacity_limit {
	CAPACITY_NONE_FOUND, /* all that was tried was carried */
	CAPACITY_TUNNEL,     /* a tunnel was full */
	CAPACITY_MACHINE,    /* the processors were full, and no tunnel: this says nothing about the network */
	CAPACITY_ELSEWHERE,  /* neither: a firewall, a route, another link */
};

struct capacity_design {
	char *scenario, *title;
	GPtrArray *steps;    /* struct capacity_step, in the order of their making */
	guint carried;       /* the highest number of calls that was carried */
	enum capacity_limit limit;
	char *trouble;       /* why it was not measured to the end, or NULL */
	char *vpn, *impairment; /* back ends, or NULL */
	double rate_kbit;    /* of the tunnel, the slowest direction; 0: unlimited */
};

struct capacity_options {
	const char *program_dir;
	const char *const *pairs;  /* "A:B"; calls take turns; NULL: capacity_default_pair */
	const char *changes;       /* on top of each scenario, as under `changes:`; NULL: none */
	bool video;                /* audio and video; else audio alone */
	guint calls_max;
	guint media_ms;            /* of each call */
	guint64 seed;
	/* A step is over; may be NULL. */
	void (*step)(const struct capacity_design *d, const struct capacity_step *s, gpointer user_data);
	gpointer user_data;
};

/* Measures one scenario, blocking on the default main context, or until `cancel` is cancelled from there: what was
 * measured by then stays.  NULL with `error`: TB_ERROR_INPUT (pairs, changes), TB_ERROR_UNSUPPORTED. */
struct capacity_design *capacity_measure(const model *base, const struct scenario *sc, const struct capacity_options *o,
					 GCancellable *cancel, GError **error);
void capacity_design_free(gpointer design);

/* A call that would use a tunnel: from an endpoint at a site that a tunnel ends at and that has no servers, to one at
 * a site without tunnel and servers.  "A:B", which the caller frees; NULL: there is none. */
char *capacity_default_pair(const model *m);

/* How many calls the next step has; 0: the answer is known.  Pure. */
guint capacity_next(const GPtrArray *steps, guint calls_max);
/* What stands in the way after the last step, and the highest number that was carried.  Pure. */
void capacity_conclude(struct capacity_design *d);

#endif
