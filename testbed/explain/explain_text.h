/* An explanation in words: what, where, why, proof, fix, one line each.
 *
 * Depends on explain.  Pure.
 */
#ifndef TESTBED_EXPLAIN_EXPLAIN_TEXT_H
#define TESTBED_EXPLAIN_EXPLAIN_TEXT_H

#include "testbed/explain/explain.h"

/* At most five lines; with `verbose` the walks, the fix as commands and both ends' ICEWarn after them. */
void explain_text(const explanation *x, bool verbose, GString *out);

#endif
