/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Planned: the state that the kernels of a lab would be in, without a lab: what the plan's
 * operations make of them.  So a declared network can be walked before it is built.
 *
 * Counters, sessions, neighbours and listeners are not known.  Depends on plan, netstate and model.
 * Pure.
 */
#ifndef TESTBED_EXPLAIN_PLANNED_H
#define TESTBED_EXPLAIN_PLANNED_H

#include "testbed/netstate/netstate.h"
#include "testbed/plan/plan.h"

/* The caller owns it. */
netstate *planned_state(const model *m);
/* A node of it, to be changed before anybody looks at the state; new where there is none. */
node_state *planned_node(netstate *s, const char *name);

#endif
