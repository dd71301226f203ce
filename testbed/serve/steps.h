/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps: those of a story that is told while its call goes on (docs/STORY.md), as JSON.
 * Depends on jansson.  Pure.
 */
#ifndef TESTBED_SERVE_STEPS_H
#define TESTBED_SERVE_STEPS_H

#include "common/base/json.h"

/* With how many equal steps both begin. */
size_t steps_kept(const json_t *old, const json_t *now);
/* Whether a step's packet may be on its way: it will be another step without anything new. */
bool steps_some_wait(const json_t *steps);

#endif
