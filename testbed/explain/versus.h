/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Versus: what the network of a scenario has, and what it lacks, against the file's own and against
 * the other scenarios, by the difference of their plans.
 *
 * Depends on plan, report's story_map and model.  Pure.
 */
#ifndef TESTBED_EXPLAIN_VERSUS_H
#define TESTBED_EXPLAIN_VERSUS_H

#include "common/base/object.h"
#include "testbed/report/story_map.h"

/* The networks of a topology: the file's own, and each scenario's. */
typedef struct versus versus;

/* `base` is borrowed, with the changes of model_add_changes; for object_free. */
versus *versus_new(const model *base);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(versus, object_free)

/* The network of a scenario, borrowed; NULL: there is none of that name. */
const model *versus_model(const versus *v, const char *scenario);
/* Sets the changes of nodes and the missing routes of the scenario; map_marks_clear frees them. */
void versus_mark(const versus *v, const char *scenario, struct map_marks *ret);
void map_marks_clear(struct map_marks *marks);

#endif
