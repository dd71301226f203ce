/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run folder: events.jsonl (written during the run), results.json (at its end), the agents' logs
 * under nodes/, and each lab's recorded packets under evidence/.
 *
 * Without --out the folder is DATA/testbed/RUN-ID below XDG_STATE_HOME (default ~/.local/state),
 * with DATA/testbed/last pointing to it; older runs there are removed when nobody uses them.  Under
 * sudo it is the invoking user's, and belongs to that user.
 */
#ifndef TESTBED_CMD_RUNDIR_H
#define TESTBED_CMD_RUNDIR_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct rundir rundir;

/* Makes the folder `out` (NULL: by the rules above) and an empty events.jsonl, which it locks; the
 * caller frees it.  NULL with `error`: it can't be made, another run uses it, or it has an earlier
 * run (TB_ERROR_INPUT) and not `replace`. */
rundir *rundir_new(const char *out, bool replace, const char *run_id, GError **error);
void rundir_free(rundir *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rundir, rundir_free)

const char *rundir_path(const rundir *d);
/* Writes one line of events.jsonl, by one write.  The first failure is kept for rundir_finish. */
void rundir_event(rundir *d, const char *line);
/* Opens evidence/SCENARIO.pcapng, empty; -1 with an error.  The caller closes it. */
int rundir_open_evidence(const rundir *d, const char *scenario, GError **error);
/* Writes results.json, points `last` here, removes older runs, and gives everything to the user who
 * called sudo.  False with `error` when this or an earlier write failed. */
bool rundir_finish(rundir *d, const char *results_text, GError **error);

/* The event run-started of the folder, which the caller owns; NULL: it is no run folder.  Follows
 * no link. */
json_t *rundir_start(const char *path);
/* Whether its run is going on. */
bool rundir_is_running(const char *path);
/* Removes the run folder `name` in `parent`; no link is followed.  False: it is none, its run is
 * going on, or it can't be removed. */
bool rundir_remove(const char *parent, const char *name);

/* The folder that runs are kept in, and records of exercises; the caller frees it. */
char *rundir_state(void);
/* The path of the link to the last run, which may not exist.  The caller frees it. */
char *rundir_last(void);

#endif
