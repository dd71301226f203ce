/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a call sent over each interface, from the interfaces' counters before and after it.
 *
 * The difference is all of the call: signalling, connectivity checks and media, without sign-ins
 * that ended before.  Calls at the same time cannot be told apart, so only one call may run.  Pure.
 * Depends on model and base.
 */
#ifndef TESTBED_REPORT_HOPS_H
#define TESTBED_REPORT_HOPS_H

#include "testbed/model/results.h"
#include "testbed/netstate/netstate.h"

/* Sets the cell's `hops` and `tunnels` from the states of the lab right before (NULL: unknown) and
 * right after its call; both borrowed.
 *
 * `hops`, in the model's order: interfaces that carried at least half as many packets as the call's
 * ends sent (without media: any packet).  `tunnels`: ends of tunnels among them, except those whose
 * underlay interface sent more than a tenth of other packets, because then the difference is not
 * the tunnel's overhead. */
void report_hops(struct cell *c, const model *m, const netstate *before, const netstate *after);

/* The bytes that a tunnel added, in percent of the bytes that went into it. */
double report_overhead_pct(const struct cell_tunnel *t);

/* Appends a line for each hop and tunnel to `out`; nothing when the cell has none. */
void report_hops_text(const struct cell *c, GString *out);

#endif
