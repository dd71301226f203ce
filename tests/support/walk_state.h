/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab's state without a lab: what the plan's operations would make of the kernels. */
#ifndef TESTS_SUPPORT_WALK_STATE_H
#define TESTS_SUPPORT_WALK_STATE_H

#include "testbed/netstate/netstate_json.h"
#include "testbed/plan/plan.h"

/* The network of a scenario with more changes (NULL: none).  Fails the test when it does not load.
 */
model *scenario_model(const char *file, const char *scenario, const char *changes);
/* The caller owns it. */
netstate *planned_state(const model *m);
/* A node of it, to be changed before anybody looks at the state; new where there is none. */
node_state *planned_node(netstate *s, const char *name);
/* The state that `json` (taken over; NULL fails the test) tells of. */
netstate *state_from(json_t *json);

#endif
