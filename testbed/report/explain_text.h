/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An explanation as text: what, where, why, proof, fix, one line for each.
 *
 * Depends on explain.  Pure.
 */
#ifndef TESTBED_REPORT_EXPLAIN_TEXT_H
#define TESTBED_REPORT_EXPLAIN_TEXT_H

#include "testbed/diagnose/explanation.h"

/* Appends at most five lines.  With `verbose` 1 these follow: all of the proof, the walks, the
 * messages, the fix as commands, other fixes, and both ends' ICEWarn; with 2 also candidate pairs,
 * sessions, look-ups and counters.  Lists are broken into lines of `columns` columns. */
void explain_text(const explanation *x, int verbose, guint columns, GString *out);

#endif
