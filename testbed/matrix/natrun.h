/* SPDX-License-Identifier: GPL-2.0-or-later */
/* natrun: measures the NATs of a network in a lab, and holds them against what was asked for.
 *
 * The lab is the network of a scenario without its services; what measures is tb-nat: a probe in
 * each node that is asked about, and a judge (RFC 5780) at the first router behind its last NAT, on
 * a network of its own in 198.18.0.0/15. Depends on lab, plan, model and base.  Uses the default
 * main context.
 */
#ifndef TESTBED_MATRIX_NATRUN_H
#define TESTBED_MATRIX_NATRUN_H

#include "testbed/matrix/natpath.h"

#include <gio/gio.h>

/* Bits: what came out otherwise than asked for. */
enum nat_difference {
	NAT_DIFFERS_MAPPING = 1 << 0,
	NAT_DIFFERS_FILTERING = 1 << 1,
	NAT_DIFFERS_HAIRPIN = 1 << 2,
	NAT_DIFFERS_PORT = 1 << 3,
	NAT_DIFFERS_TIMEOUT = 1 << 4,
	NAT_DIFFERS_TCP = 1 << 5,
};

/* What was measured about one node. */
struct nat_finding {
	char *node;
	GArray *hops; /* struct nat_hop, borrowed from the run's model */
	struct nat_manner asked, measured;
	enum nat_behaviour tcp_mapping;
	bool tcp;	       /* TCP came through */
	bool timeout_measured; /* `measured.udp_timeout_ms` is the one that was asked for, or 0: it
				  is another one */
	char *trouble;	       /* why nothing was measured, or NULL */
	unsigned differences;  /* bits of enum nat_difference */
};

struct nat_options {
	const char *program_dir;
	const char *const *nodes; /* NULL-terminated; NULL: every endpoint behind a NAT */
	unsigned timeout_max_ms;  /* longer timeouts are not waited for */
};

typedef struct natrun {
	model *m;
	GPtrArray *findings; /* struct nat_finding, in the file's order */
	double build_ms;
} natrun;

/* Measures, blocking on the default main context until all is known, or until `cancel` (may be
 * NULL) is cancelled from there: what was measured by then stays.  NULL with `error`:
 * TB_ERROR_INPUT when there is nothing to measure (no such node, no NAT), TB_ERROR_UNSUPPORTED when
 * this host can't run labs. */
natrun *natrun_new(const model *base, const struct scenario *scenario,
		   const struct nat_options *options, GCancellable *cancel, GError **error);
void natrun_free(natrun *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(natrun, natrun_free)

/* Bits of enum nat_difference of a measured finding.  Pure. */
unsigned nat_compare(const struct nat_finding *f);

#endif
