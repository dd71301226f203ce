/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live view of a run: one line for each scenario, drawn again and again on a terminal.
 *
 * Depends on model.  Pure: the caller moves the cursor.
 */
#ifndef TESTBED_REPORT_PROGRESS_H
#define TESTBED_REPORT_PROGRESS_H

#include "testbed/report/style.h"

/* Appends one line for each scenario, with a line feed and at most as wide as the terminal. Returns
 * the number of lines. */
guint report_progress(const results *r, const struct report_style *style, double elapsed_ms,
		      GString *out);

#endif
