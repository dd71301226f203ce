/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause metric: a packet is lost because of several routes to one destination the wrong one is
 * preferred.
 *
 * The proof is a walk without the preferred route: the next one leads there and back.  A firewall
 * of the company that drops the packet, a link that is down and a gateway that nobody has are
 * causes themselves, whatever other ways there are.  Depends on evidence, finding and walk.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_METRIC_H
#define TESTBED_DIAGNOSE_CAUSE_METRIC_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Changes the finding, which was drawn from `w`, where that is so.  `flow` is what was walked. */
void cause_metric(const struct evidence *e, finding *f, const walk *w, const struct flow *flow);

#endif
