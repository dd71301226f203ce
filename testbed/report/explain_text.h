/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An explanation in words: what, where, why, proof, fix, one line each.
 *
 * Depends on explain.  Pure.
 */
#ifndef TESTBED_REPORT_EXPLAIN_TEXT_H
#define TESTBED_REPORT_EXPLAIN_TEXT_H

#include "testbed/diagnose/explanation.h"

/* At most five lines; after them with `verbose` 1 the walks, the messages, the fix as commands and
 * both ends' ICEWarn, with 2 candidate pairs and counters, too. */
void explain_text(const explanation *x, int verbose, GString *out);

#endif
