/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results for people: a grid a scenario, every cell that differs, the summary.
 *
 * Depends on model.  Pure; everything appends to `out`.
 */
#ifndef TESTBED_REPORT_TEXT_H
#define TESTBED_REPORT_TEXT_H

#include "testbed/report/style.h"

/* The commands that are printed for repeating a call start with this ("testbed -t FILE"). */
struct report_text {
	struct report_style style;
	const char *program;  /* "testbed", "build/bin/testbed" */
	const char *topology; /* its -t argument, or NULL: the default one */
};

/* The whole report: grids, differing cells, summary, commands. */
void report_text(const results *r, const struct report_text *how, GString *out);

/* One scenario as a triangle of endpoints, with a line for each medium, and its conferences.  Wider
 * matrices are broken into several blocks of columns. */
void report_grid(const results *r, const struct scenario_result *s,
		 const struct report_style *style, GString *out);

/* One line for a cell: verdict, id, path, times and figures, reason. */
void report_cell_line(const struct cell *c, const struct report_style *style, GString *out);

/* "fail over any path", "pass over udp-relay": what was expected of a cell.  The caller frees it.
 */
char *report_expectation(const struct cell *c);

#endif
