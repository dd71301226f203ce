/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause: asks the rules in order for the first cause.
 *
 * Depends on the rules, persist, evidence and finding.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_H
#define TESTBED_DIAGNOSE_CAUSE_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Why the cell came out as it did.  The caller owns the finding.  It keeps nothing of the evidence
 * but pointers into the model, which must outlive it. */
finding *cause_find(const struct evidence *e);

#endif
