/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An explanation as text: what, where, why, proof, fix, one line for each.
 *
 * Depends on explain.  Pure.
 */
#ifndef TESTBED_REPORT_EXPLAIN_TEXT_H
#define TESTBED_REPORT_EXPLAIN_TEXT_H

#include "testbed/diagnose/explanation.h"
#include "testbed/report/run_args.h"

/* Appends at most five lines.  With `verbose` 1 these follow: all of the proof, the walks, the
 * messages, the fix as commands, other fixes, and both ends' ICEWarn; with 2 also candidate pairs,
 * sessions, look-ups and counters.  Lists are broken into lines of `columns` columns.  `made`: the
 * network that the call is in, for commands. */
void explain_text(const explanation *x, const struct run_args *made, int verbose, guint columns,
		  GString *out);
/* Appends whether the fix worked when it was tried, and what it did to other calls: "tried on a
 * copy: pass over udp-relay". */
void explain_trial_text(const struct trial *t, GString *out);

#endif
