/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Differing: the causes of all cells of an earlier run that did not come out as expected, by what
 * the run recorded.  No call is placed.
 *
 * Depends on finished, versus and diagnose.
 */
#ifndef TESTBED_EXPLAIN_DIFFERING_H
#define TESTBED_EXPLAIN_DIFFERING_H

#include "testbed/explain/finished.h"

typedef struct differing differing;

/* Looks for the causes; `base`, the topology of the run, must outlive it.  For object_free. */
differing *differing_new(finished *run, const model *base);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(differing, object_free)

/* Cell's id -> finding, both borrowed. */
GHashTable *differing_findings(const differing *d);

/* The network of a scenario, which the findings of its cells point into; borrowed.  NULL: it can't
 * be made. */
const model *differing_network(const differing *d, const char *scenario);

#endif
