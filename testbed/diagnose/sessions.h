/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions: what the connection tracking of a lab's nodes remembers of one call, as proof and for
 * those who ask more.
 *
 * The call's are those to which packets of the call belong that were seen at the node, and over UDP
 * those of its candidates. Depends on tracked, scope, observe, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_SESSIONS_H
#define TESTBED_DIAGNOSE_SESSIONS_H

#include "testbed/diagnose/finding.h"
#include "testbed/packets/observation.h"
#include "testbed/walk/tracked.h"

/* const struct tracked, borrowed from the state, in its order; the caller frees the array alone.
 * NULL: the state tells of no sessions at all, as those of older runs. */
GPtrArray *sessions_of_call(const struct observation *seen, const struct cell *c);

/* Adds to the proof of `f` what they show of it: where the answer got lost, that a node let the
 * question pass and saw no reply; of a NAT, what it showed one socket as.  `sessions` may be NULL.
 */
void sessions_prove(finding *f, const GPtrArray *sessions);

/* The call's sessions on all nodes, as they are in the state, each with its "node"; a new
 * reference. */
json_t *sessions_json(const struct observation *seen, const struct cell *c);

#endif
