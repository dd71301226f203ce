/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab's state without a lab: what the plan's operations would make of the kernels. */
#ifndef TESTS_UNIT_EXPLAIN_WALK_STATE_H
#define TESTS_UNIT_EXPLAIN_WALK_STATE_H

#include "testbed/walk/walk.h"
#include "testbed/plan/plan.h"

/* The network of a scenario with more changes (NULL: none).  Fails the test when it does not load.
 */
model *scenario_model(const char *file, const char *scenario, const char *changes);
/* In the form of docs/EXPLAIN.md; the caller decrefs. */
json_t *planned_state(const model *m);

#endif
