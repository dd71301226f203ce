/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The evidence behind an explanation, as text for -v and -vv.
 *
 * Depends on scope, observe and journey.  Pure: appends to `out`.
 */
#ifndef TESTBED_REPORT_DETAIL_H
#define TESTBED_REPORT_DETAIL_H

#include "testbed/diagnose/finding.h"
#include "testbed/packets/observation.h"

/* Appends the candidate pairs that were checked, with the result of each; nothing when no packets
 * were recorded. */
void detail_pairs(const struct observation *seen, const struct cell *c, GString *out);
/* The names of the nodes of all walks, each once, in order.  They are borrowed from `f`; the caller
 * frees the array. */
GPtrArray *detail_nodes(const finding *f);
/* Appends counters and neighbours of the nodes of the walks, and errors that programs got on
 * sending. */
void detail_counters(const struct observation *seen, const finding *f, GString *out);

/* Appends the kernels' own route look-ups on the walks; nothing when there were none. */
void detail_lookups(const struct observation *seen, const finding *f, GString *out);

#endif
