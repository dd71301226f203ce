/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run folder: events.jsonl as it happens, results.json at the end, the agents' logs under
 * nodes/, what was seen of each lab's packets under evidence/.
 *
 * Without --out the folder is DATA/testbed/RUN-ID below XDG_STATE_HOME (default ~/.local/state),
 * with DATA/testbed/last pointing to it; older runs there are removed when nobody uses them.  Under
 * sudo it is the invoking user's, and belongs to that user.
 */
#ifndef TESTBED_CMD_RUNDIR_H
#define TESTBED_CMD_RUNDIR_H

#include <glib.h>
#include <stdbool.h>

typedef struct rundir rundir;

/* Makes the folder.  `out` may be NULL.  NULL with an error when it can't be made. */
rundir *rundir_new(const char *out, const char *run_id, GError **error);
void rundir_free(rundir *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rundir, rundir_free)

const char *rundir_path(const rundir *d);
/* Writes one line of events.jsonl, by one write.  The first failure is kept for rundir_finish. */
void rundir_event(rundir *d, const char *line);
/* Opens evidence/SCENARIO.pcapng, empty; -1 with an error.  The caller closes it. */
int rundir_open_evidence(const rundir *d, const char *scenario, GError **error);
/* Writes results.json as a whole, points `last` here, gives everything to the invoking user.  false
 * when this or an earlier write failed. */
bool rundir_finish(rundir *d, const char *results_text, GError **error);

/* The last run's folder.  The caller frees it. */
char *rundir_last(void);

#endif
