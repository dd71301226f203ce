/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finished: an earlier run, read back from its folder for `explain`.
 *
 * events.jsonl is the single source; evidence/ has what was seen of the packets.  A run that was
 * cut off anywhere is read as far as it goes. Depends on report, explain, model.
 */
#ifndef TESTBED_EXPLAIN_FINISHED_H
#define TESTBED_EXPLAIN_FINISHED_H

#include "common/base/object.h"
#include "testbed/explain/explain.h"
#include "testbed/report/events.h"

typedef struct finished {
	char *dir, *path; /* of events.jsonl */
	results *results;
	char *bytes; /* of events.jsonl */
	struct event_text events;
	struct loc start;	/* of the event that says what ran */
	gint64 clock_offset_us; /* the time since 1970 is this much more than that of events; 0: not
				   recorded */
	gint64 started_us;	/* since 1970; 0: not recorded */
	/* What was read for the last cell, for the next one of the same scenario; NULL: nothing
	 * yet. */
	char *scenario;
	GPtrArray *told;	  /* json_t: every event of that scenario's agents, in order */
	GPtrArray *run;		  /* json_t: every event of the run itself about it, in order */
	const json_t *state_json; /* one of these, and the state that it tells; NULL: none yet */
	netstate *state;
	journeys *packets; /* NULL: none were recorded */
} finished;

/* NULL with an error in `d` when there is no such run, or when not even its start was recorded;
 * lines that tell nothing are warnings.  `d` may be NULL. */
finished *finished_open(const char *dir, diags *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(finished, object_free)

/* True when it ran this very topology with these changes (NULL: none). */
bool finished_is_of(const finished *f, const model *base, char *const *changes);
/* The cell of that id, borrowed; NULL: it was not part of the run. */
const struct cell *finished_cell(const finished *f, const char *id);
/* Up to three ids of the run that are near, as "a, b, c"; NULL: none.  The caller frees. */
char *finished_near(const finished *f, const char *id);

/* The last state of the scenario's kernels that was recorded; the caller frees.  NULL: none was. */
netstate *finished_state(finished *f, const char *scenario);

/* What was recorded of a cell of the run, and what was not.  Cheap for a cell of the same scenario
 * as the one before. The caller clears it by recorded_clear; it may outlive `f` but for its cell.
 */
void finished_read(finished *f, const char *id, struct recorded *ret);

#endif
