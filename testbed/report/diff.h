/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diff: what changed between two runs, cell by cell.
 *
 * A cell is the same when verdict, path and cause are, and no figure of its quality moved further
 * than two runs of one network move it, and the machine (docs/RESULTS.md).  Depends on model and
 * json.  Pure.
 */
#ifndef TESTBED_REPORT_DIFF_H
#define TESTBED_REPORT_DIFF_H

#include "testbed/report/json.h"
#include "testbed/report/run_args.h"
#include "testbed/report/style.h"

#define DIFF_SCHEMA "testbed.diff/1"

/* The first that is true of a cell. */
enum diff_kind {
	DIFF_BROKE,   /* it passed */
	DIFF_MENDED,  /* it passes now */
	DIFF_VERDICT, /* of fail and error, the other one */
	DIFF_PATH,
	DIFF_CAUSE,
	DIFF_QUALITY,
	DIFF_ADDED,   /* only the second run has it */
	DIFF_REMOVED, /* only the first one has it */
	DIFF_SAME,
	DIFF_COUNT
};

struct diff_cell {
	enum diff_kind kind;
	const struct cell *before, *after; /* borrowed; NULL: that run does not have it */
};

typedef struct diff {
	const results *before, *after; /* borrowed */
	GPtrArray *cells; /* struct diff_cell, all but the same; by kind, then in order */
	guint counts[DIFF_COUNT];
} diff;

/* Compares cells of the same id; what was not run counts as not there.  Both must outlive it.  For
 * diff_free. */
diff *diff_new(const results *before, const results *after);
void diff_free(diff *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(diff, diff_free)

/* Whether nothing differs. */
bool diff_is_empty(const diff *d);

/* A line for each cell, a sum, and the command that explains the first cell that broke.  `names`:
 * how the two are called in the sum; `after`: how the second run was made, NULL: it can't be
 * explained. */
void diff_text(const diff *d, const char *const names[2], const struct run_args *after,
	       const struct report_style *style, GString *out);
/* The document, which the caller owns. */
json_t *diff_json(const diff *d);
/* A page for any browser, which needs nothing from elsewhere. */
void diff_html(const diff *d, const char *const names[2], const struct run_args *after,
	       GString *out);

#endif
