/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results as text: a grid for each scenario, every cell that differs, the summary.
 *
 * Depends on model.  Pure; everything appends to `out`.
 */
#ifndef TESTBED_REPORT_TEXT_H
#define TESTBED_REPORT_TEXT_H

#include "testbed/report/run_args.h"
#include "testbed/report/style.h"

struct report_text {
	struct report_style style;
	struct run_args made; /* how the run was, for the commands that go on from it */
};

/* Appends grids, differing cells and causes. */
void report_grids(const results *r, const struct report_text *how, GString *out);
/* Appends the whole report: grids, differing cells, causes, commands, summary. */
void report_text(const results *r, const struct report_text *how, GString *out);

/* What stands behind the name of the back end that made the tunnels ("vxlan"): a VPN that encrypts
 * nothing is told as such, also where it stands in for WireGuard.  "": nothing, as for NULL. */
const char *report_vpn_note(const char *vpn);

/* Appends one scenario as a triangle of endpoints, with its conferences (grid.c). */
void report_grid(const results *r, const struct scenario_result *s,
		 const struct report_style *style, GString *out);

/* Appends one line for a cell: verdict, id, path, times and figures, reason. */
void report_cell_line(const struct cell *c, const struct report_style *style, GString *out);

/* The expected result of a cell: "fail", "pass over udp-relay".  The caller frees. */
char *report_expectation(const struct cell *c);

#endif
