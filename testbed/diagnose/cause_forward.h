/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause forward: a port forward that should lead a packet to a service of the file, and is missing,
 * or leads elsewhere.
 *
 * What becomes of the packet behind that is only the consequence: the router's own firewall drops
 * it, or it arrives where nobody waits for it.  Depends on published, finding, walk and model.
 * Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_FORWARD_H
#define TESTBED_DIAGNOSE_CAUSE_FORWARD_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Whether a router on the walk of packets of `proto` lacks the forward that they need, or has a
 * wrong one; then the finding is filled in. */
bool cause_by_forward(const struct evidence *e, struct finding *f, const walk *w,
		      enum ip_proto proto);

#endif
