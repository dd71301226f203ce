/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hops: what a call cost on the wire, by the counters of interfaces before and after it.
 *
 * All of the call is in it: its signalling, its connectivity checks and its media; sign-ins that
 * were over before are not.  Calls that are placed at the same time can't be told apart, so it is
 * for one call at a time. Pure.  Depends on model and base.
 */
#ifndef TESTBED_REPORT_HOPS_H
#define TESTBED_REPORT_HOPS_H

#include "testbed/model/results.h"
#include "testbed/netstate/netstate.h"

/* Sets the cell's `hops` and `tunnels` from the states of the lab right before (NULL: not known)
 * and right after its call. hops     interfaces that carried at least half as many packets as the
 * call's ends sent media (with no media: any packet), in the order of the model tunnels  ends of
 * tunnels among them.  Ends whose underlay interface sent more than a tenth of other packets are
 * left out: their difference would not be the tunnel's.
 */
void report_hops(struct cell *c, const model *m, const netstate *before, const netstate *after);

/* What a tunnel added, in percent of what went into it. */
double report_overhead_pct(const struct cell_tunnel *t);

/* For people, a line for each hop and tunnel; nothing when the cell has none.  Appends to `out`. */
void report_hops_text(const struct cell *c, GString *out);

#endif
