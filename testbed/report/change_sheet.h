/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page that goes with a change: what was tested, what passed, what broke, cause, fix, commands,
 * rollback.  It is of a run, or of one call that was explained.
 *
 * Depends on ci, diff, sheet, explanation and model.  Pure.
 */
#ifndef TESTBED_REPORT_CHANGE_SHEET_H
#define TESTBED_REPORT_CHANGE_SHEET_H

#include "testbed/diagnose/explanation.h"
#include "testbed/report/ci.h"
#include "testbed/report/diff.h"
#include "testbed/report/sheet.h"

struct change_sheet {
	const struct ci_run *run; /* with the change, if there was one */
	const diff *compared;	  /* against the run without it; NULL: there was none */
	/* The fix of a cell's finding, which the caller frees; NULL: none can be derived. */
	fix *(*fix_of)(const struct cell *c, const finding *f, gpointer user_data);
	gpointer user_data;
	const char *started; /* when, for people; NULL: not known */
	const char *only;    /* options that chose the calls, " --pairs a:b"; NULL: not known */
	/* What was explained: the one call of `run`, with a fix that was tried in place of
	 * `fix_of`.  NULL: a run, whose calls that differ are told. */
	const explanation *explained;
};

void change_sheet_write(const struct change_sheet *c, struct sheet *out);

#endif
