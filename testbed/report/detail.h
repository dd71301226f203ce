/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Detail: what lies behind an explanation, for people who ask for more.
 *
 * The `pairs` are the candidate pairs that were checked, each with its own verdict.
 * Depends on scope, observe and journey.  Pure: appends to `out`.
 */
#ifndef TESTBED_REPORT_DETAIL_H
#define TESTBED_REPORT_DETAIL_H

#include "testbed/diagnose/cause.h"

/* Nothing is appended where no packets were kept. */
void detail_pairs(const struct observation *seen, const struct cell *c, GString *out);
/* The names of the nodes of all walks, each once, in order; borrowed from `f`, the caller frees the
 * array. */
GPtrArray *detail_nodes(const finding *f);
/* What the kernels and the servers counted and said on the nodes of the walks. */
void detail_counters(const struct observation *seen, const finding *f, GString *out);

/* What the kernels themselves said of the routes on the walks; nothing is appended where they were
 * not asked. */
void detail_lookups(const struct observation *seen, const finding *f, GString *out);

#endif
