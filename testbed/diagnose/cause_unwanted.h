/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause unwanted: a NAT rule that translates packets which would arrive without it, with their
 * answers, and do not with it: nobody leads back to the address that it shows, or what the other
 * side sends to the own one is no answer to it.  A NAT before private addresses is never one: from
 * outside nothing comes back to these.
 *
 * Depends on evidence, finding, walk and model.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_UNWANTED_H
#define TESTBED_DIAGNOSE_CAUSE_UNWANTED_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Puts such a rule on the way of `w`, the walk of `flow`, in place of a cause that may follow from
 * it.  `other`: what is sent to meet the flow; NULL: answers. */
void cause_unwanted_nat(const struct evidence *e, finding *f, const walk *w,
			const struct flow *flow, const struct flow *other);

#endif
