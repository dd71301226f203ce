/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process_same: whether a change of the network concerns a process that runs in it.
 * Pure.  Depends on plan and model.
 */
#ifndef TESTBED_LAB_PROCESS_SAME_H
#define TESTBED_LAB_PROCESS_SAME_H

#include "testbed/lab/config.h"
#include "testbed/plan/plan.h"

/* True when the next plan, too, has the process of `op` (of plan `before`), with the same
 * command, files, certificate and, by `config` (NULL: a daemon has none), configuration. */
bool process_is_same(const struct op *op,
		     json_t *(*config)(const struct config_source *source, const struct node *node),
		     const plan *before, const struct config_source *before_config,
		     const plan *next, const struct config_source *next_config);

#endif
