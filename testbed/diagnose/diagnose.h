/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnose: from what was seen of a call to the finding, with its proof.
 *
 * The rules (cause.h) take walks over the state of the kernels and decide.  Every walk is then held
 * against the packets (agree.h) and against the kernels' own look-ups (lookups.h): what agrees is
 * proof, and what differs is a defect of this program, which is told before everything else.
 * Depends on walk, packets, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_DIAGNOSE_H
#define TESTBED_DIAGNOSE_DIAGNOSE_H

#include "testbed/diagnose/cause.h"
#include "testbed/packets/observation.h"

/* Why the cell came out as it did in the network `m`.  The caller owns the finding, which keeps
 * nothing of `seen` and must not outlive `m`. */
finding *diagnose_call(const model *m, const struct cell *c, const struct observation *seen);

#endif
