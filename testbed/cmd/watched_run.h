/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run of a matrix with what its user gets: progress, signals, run folder, exit code.
 *
 * Depends on matrix and report.
 */
#ifndef TESTBED_CMD_WATCHED_RUN_H
#define TESTBED_CMD_WATCHED_RUN_H

#include "testbed/cmd/cmd.h"
#include "testbed/matrix/matrix.h"

struct watched_report {
	/* Appends the text for stdout; not called with --json -. */
	void (*text)(const results *r, const GPtrArray *events, const struct options *o,
		     GString *out);
	bool keep_events; /* `events` collects all agents' events: struct timeline_event */
};

/* Whether --media can be; if not, an error was printed. */
bool cmd_check_matrix(const struct options *o);
/* The cells of the topology that the options of `run matrix` choose, which may run; `m` must
 * outlive them, and the caller frees them.  NULL: *ret_status is the exit code, and an error was
 * printed. */
matrix_selection *cmd_select_matrix(const model *m, const struct options *o, int *ret_status);

/* Sets the run's id, its changes (NULL: none), and the versions of testbed and kernel. */
void watched_run_describe(results *r, char *const *changes);

/* Runs the selection, which gets the results, and prints and writes everything.  Returns the exit
 * code. */
int watched_run(matrix_selection *s, const struct options *o, const struct watched_report *report);

#endif
