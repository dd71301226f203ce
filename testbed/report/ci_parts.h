/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to ci*.c: what all of them say of a cell. */
#ifndef TESTBED_REPORT_CI_PARTS_H
#define TESTBED_REPORT_CI_PARTS_H

#include "testbed/report/ci.h"

enum ci_outcome { CI_OK, CI_FAILURE, CI_ERROR, CI_SKIPPED };

enum ci_outcome ci_outcome_of(const struct cell *c);
/* Why the cell differs; NULL: not known. */
const finding *ci_finding(const struct ci_run *run, const struct cell *c);
/* "expected pass over udp-relay; got fail because of FW_DROP"; the caller frees it. */
char *ci_message(const struct cell *c);
/* What, why and proof of a finding, and the command that explains the cell; a line each, and each
 * ends with a line feed.  The caller frees it. */
char *ci_details(const struct ci_run *run, const struct cell *c);
/* The command that explains the cell; the caller frees it. */
char *ci_explain_command(const struct ci_run *run, const struct cell *c);
/* The file's name from the root on, borrowed. */
const char *ci_file(const struct ci_run *run, const char *file);

/* Cells that differ and have one cause. */
struct ci_group {
	const finding *found; /* NULL: nobody looked for a cause */
	GPtrArray *cells;     /* struct cell, borrowed; the first one stands for all */
};

/* The cells of all scenarios that differ, grouped by code, node and subject, in their order.  The
 * caller frees it. */
GPtrArray *ci_groups(const struct ci_run *run);
/* "FW_DROP at dmz-fw: no-media", or the message of a cell without a finding; the caller frees it.
 */
char *ci_group_title(const struct ci_group *g);

#endif
