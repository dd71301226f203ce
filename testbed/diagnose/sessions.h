/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions: what the connection tracking of a lab's nodes has of one call.
 *
 * A session is the call's when a packet of the call that was captured at its node belongs to it,
 * and over UDP when it is of the call's candidates.
 *
 * Depends on tracked, scope, observation, finding, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_SESSIONS_H
#define TESTBED_DIAGNOSE_SESSIONS_H

#include "testbed/diagnose/finding.h"
#include "testbed/packets/observation.h"
#include "testbed/walk/tracked.h"

/* const struct tracked, borrowed from the state, in its order; the caller frees the array
 * alone. NULL: the state has no sessions of any call, as those of older runs. */
GPtrArray *sessions_of_call(const struct observation *seen, const struct cell *c);

/* Adds to the proof of `f`: where an answer was lost, the node that has a session of the
 * question and saw no reply; of a NAT, the outside ports of one socket.  `sessions` may be
 * NULL. */
void sessions_prove(finding *f, const GPtrArray *sessions);

#endif
