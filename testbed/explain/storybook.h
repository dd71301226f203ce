/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Storybook: the stories of a run, as the document "testbed.story/1" and its parts (docs/STORY.md).
 *
 * Depends on finished, versus, report, diagnose and model.  Reads run folders; prints nothing.
 *
 *   g_autoptr(storybook) b = storybook_new(base, &about);
 *   json_t *index = storybook_index(b);
 *   json_t *cell = storybook_cell(b, run, c);
 */
#ifndef TESTBED_EXPLAIN_STORYBOOK_H
#define TESTBED_EXPLAIN_STORYBOOK_H

#include "testbed/explain/finished.h"

/* The run that is told of; all borrowed. */
struct storybook_about {
	const results *results;
	char *const *changes; /* of --change; NULL: none */
	gint64 started_us;    /* since 1970 */
};

typedef struct storybook storybook;

/* `base` is the run's topology, with the changes of the run; borrowed until object_free. */
storybook *storybook_new(const model *base, const struct storybook_about *about);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(storybook, object_free)

/* The document without "cells" and without the scenarios' "nodes"; the caller owns it. */
json_t *storybook_index(const storybook *b);

/* The cell of an earlier run; one that did not come out as a pass that is expected is explained,
 * too, without a trial.  Cheap for a cell of the same scenario as the one before.  The caller owns
 * it.  NULL: the topology has no such scenario. */
json_t *storybook_cell(const storybook *b, finished *run, const struct cell *c);
/* The cell that was explained, with the call as it went with the fix. `c` has its results.
 * `packed`: as pages have it, which storybook_cell always is. */
json_t *storybook_explained(const storybook *b, const explanation *x, const struct cell *c,
			    bool packed);
/* "nodes" of a scenario, by the last state that the run recorded; NULL as above. */
json_t *storybook_nodes(const storybook *b, finished *run, const char *scenario);

#endif
