/* SPDX-License-Identifier: GPL-2.0-or-later */
/* natrun: measures the NATs of a network in a lab, and compares them with what the topology asks
 * for.
 *
 * The lab is the network of a scenario without its services.  tb-nat measures: it is a probe (STUN
 * client) in each node that is asked about, and a judge (STUN server with two addresses, RFC 5780)
 * at the first router behind the last NAT, on a network of its own in 198.18.0.0/15.  Depends on
 * session, lab, plan, model and base.  Uses the default main context.
 */
#ifndef TESTBED_MATRIX_NATRUN_H
#define TESTBED_MATRIX_NATRUN_H

#include "testbed/matrix/natpath.h"

#include <gio/gio.h>

/* Bits: which behaviour was measured otherwise than the topology asks for. */
enum nat_difference {
	NAT_DIFFERS_MAPPING = 1 << 0,
	NAT_DIFFERS_FILTERING = 1 << 1,
	NAT_DIFFERS_HAIRPIN = 1 << 2,
	NAT_DIFFERS_PORT = 1 << 3,    /* preserve_port */
	NAT_DIFFERS_TIMEOUT = 1 << 4, /* udp_timeout */
	NAT_DIFFERS_TCP = 1 << 5,     /* the mapping of TCP */
};

/* What was measured about one node. */
struct nat_finding {
	char *node;
	GArray *hops; /* struct nat_hop, borrowed from the run's model */
	struct nat_manner asked, measured;
	enum nat_behaviour tcp_mapping; /* measured; with `tcp` only */
	bool tcp;			/* TCP connections passed */
	bool timeout_measured; /* then measured.udp_timeout_ms is the one asked for, or 0 for any
				  other */
	char *trouble;	       /* why nothing was measured, or NULL */
	unsigned differences;  /* bits of enum nat_difference */
};

struct nat_options {
	const char *program_dir;
	const char *const *nodes; /* NULL-terminated; NULL: every endpoint behind a NAT */
	unsigned timeout_max_ms;  /* longer timeouts are not waited for */
	/* Called when the lab stands (`f` NULL), and with each node that has been measured; NULL.
	 */
	void (*measured)(const struct nat_finding *f, gpointer user_data);
	gpointer user_data;
};

typedef struct natrun {
	model *m;	     /* of the lab: the scenario with the judges */
	GPtrArray *findings; /* struct nat_finding, in the topology's order */
	double build_ms;
	char *uncontained; /* as in struct lab_build, or NULL */
} natrun;

/* Measures.  Blocks, running the default main context, until all is known, or until `cancel` (may
 * be NULL) is cancelled from there: then what is measured stays.  The caller frees the result. NULL
 * with `error`: TB_ERROR_INPUT when there is nothing to measure (no such node, no NAT),
 * TB_ERROR_UNSUPPORTED when this host can't run labs, TB_ERROR_FAILED when tb-nat died or the
 * judges do not fit. */
natrun *natrun_new(const model *base, const struct scenario *scenario,
		   const struct nat_options *options, GCancellable *cancel, GError **error);
void natrun_free(natrun *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(natrun, natrun_free)

/* The bits of enum nat_difference by which f->measured differs from f->asked.  Pure. */
unsigned nat_compare(const struct nat_finding *f);

#endif
