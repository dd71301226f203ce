/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause end: what it means that a walk ends before its packet arrives.
 *
 * Mostly the cause is where the walk ended.  It is elsewhere when a node sent the packet the wrong
 * way before: by a default route, though a neighbour knows the way; by another interface than the
 * question came in by; in a loop; into a tunnel whose own packets are lost; around a firewall that
 * then has no session for the answer. Depends on evidence, finding, walk and model.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_END_H
#define TESTBED_DIAGNOSE_CAUSE_END_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Fills in `f` from `w`, the walk of `p` that did not arrive, of packets of `proto`. */
void cause_of_end(const struct evidence *e, finding *f, const struct walk_pair *p, const walk *w,
		  enum ip_proto proto);

#endif
