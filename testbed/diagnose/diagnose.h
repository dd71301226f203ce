/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnose: from what was seen of a call to the finding, with its proof.
 *
 * Theory of operation
 *
 * Evidence (evidence.h) is what agents and servers reported, each report with a reason code; the
 * state of all kernels after the call: routes, rules, links, counters, listeners, sessions; the
 * packets that were captured; and the model, which says who should be where.  The parts that a run
 * has not recorded are missing, and rules that need them find nothing.
 *
 * Order.  A finding is the first cause on the way of the call's packets, because what comes later
 * on that way is mostly its consequence.  So the rules (rows of cause.c) are asked in the order in
 * which a call does things: programs that died; signing in; the ways to the name servers, to the
 * server and from server to server; the call's own request; the way between the ends, where that is
 * expected, and lines on it that lose packets; the way to the relay; what the relay refuses; NATs
 * that forget; the way between relays; and last the same ways with packets of full size.  The first
 * rule that finds a cause fills in the finding.  A server is judged only when the walk to it
 * arrives, and by its own report before anything that is concluded.
 *
 * Walks (cause_walk.h).  Most rules ask what the kernels would do with this very packet and with
 * its answer.  A walk that does not arrive shows node and subject at fault (cause_end.h).  What
 * later walks show besides becomes an effect.
 *
 * Proof is a list of sentences, the strongest first: the report itself; where the walk ended; the
 * counter of the rule that dropped the packet; the kernel's own look-up; the session that
 * connection tracking has, or has not.  Then every walk is compared with the captured packets of
 * its flow (agree.h) and with the kernels' look-ups (lookups.h).  What agrees is proof, too.  What
 * differs is a defect of this program and is told before everything else.
 *
 * CAUSE_UNKNOWN means that no rule found anything; a rule that can't show its cause says false
 * rather than guess.  CAUSE_NONE is a call that worked, over the path that was expected; one over
 * another path is explained by the path that it did not take, and one that a restart would break is
 * ROUTE_NOT_PERSISTENT (persist.h).
 *
 * Remedies (fix.h) look at the code, the subject and the model, never at text.
 *
 * Depends on walk, packets, netstate, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_DIAGNOSE_H
#define TESTBED_DIAGNOSE_DIAGNOSE_H

#include "testbed/diagnose/finding.h"
#include "testbed/packets/observation.h"

/* Why the cell came out as it did in the network `m`.  The caller owns the finding, which keeps
 * nothing of `seen` and must not outlive `m`. */
finding *diagnose_call(const model *m, const struct cell *c, const struct observation *seen);

#endif
