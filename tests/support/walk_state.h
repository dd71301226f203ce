/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks and states of labs, without labs. */
#ifndef TESTS_SUPPORT_WALK_STATE_H
#define TESTS_SUPPORT_WALK_STATE_H

#include "testbed/explain/planned.h"
#include "testbed/netstate/netstate_json.h"

/* The network of a scenario with more changes (NULL: none).  Fails the test when it does not load.
 */
model *scenario_model(const char *file, const char *scenario, const char *changes);
/* The state that `json` (taken over; NULL fails the test) tells of. */
netstate *state_from(json_t *json);

#endif
