/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls: places many calls in a lab that is up, several at once.
 *
 * Depends on live, report and grade.  Runs a main loop of its own; blocks until all have ended.
 */
#ifndef TESTBED_EXERCISE_CALLS_H
#define TESTBED_EXERCISE_CALLS_H

#include "testbed/exercise/grade.h"

/* Places each call of `calls` (struct judged_call) in that lab and writes its state to the member
 * at `offset`.  Those of which nothing was learned about the network are placed again, at most
 * twice, a few at once.  False with `error` when the lab can't be reached, or goes meanwhile. */
bool calls_place(const char *lab, const GPtrArray *calls, size_t offset, GError **error);

#endif
