/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watched run: one run of a matrix as its user sees it: progress, signals, run folder, exit code.
 *
 * Depends on matrix and report.
 */
#ifndef TESTBED_CMD_WATCHED_RUN_H
#define TESTBED_CMD_WATCHED_RUN_H

#include "testbed/cmd/cmd.h"
#include "testbed/matrix/matrix.h"

struct watched_report {
	/* What goes to stdout when --json - was not given; appends to `out`. */
	void (*text)(const results *r, const GPtrArray *events, const struct options *o,
		     GString *out);
	bool keep_events; /* `events` collects all agents' events: struct timeline_event */
};

/* Runs the selection and tells all about it.  Returns the exit code. */
int watched_run(matrix_selection *s, const struct options *o, const struct watched_report *report);

#endif
