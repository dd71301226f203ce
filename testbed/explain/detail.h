/* Detail: what lies behind an explanation, for people who ask for more.
 *
 * The `ladder` is the messages of the call's participants as their packets went: who sent what where, how often,
 * and where it was seen last.  The `pairs` are the candidate pairs that were checked, each with its own verdict.
 * Depends on observe and journey.  Pure: appends to `out`.
 */
#ifndef TESTBED_EXPLAIN_DETAIL_H
#define TESTBED_EXPLAIN_DETAIL_H

#include "testbed/explain/observe.h"

/* Nothing is appended where no packets were kept. */
void detail_ladder(const struct observation *seen, const struct cell *c, GString *out);
void detail_pairs(const struct observation *seen, const struct cell *c, GString *out);
/* What the kernels and the servers counted and said on the nodes of the walks. */
void detail_counters(const struct observation *seen, const finding *f, GString *out);

#endif
