/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Persist: routes that work now and are gone after a restart.
 *
 * Depends on cause, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_PERSIST_H
#define TESTBED_DIAGNOSE_PERSIST_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Of a cell that passes: would it fail if a node were restarted?  Walks its legs over the state
 * without the routes of one node after the other that are not persistent; the first that breaks one
 * becomes the finding (ROUTE_NOT_PERSISTENT).  False: none does. */
bool persist_foresee(const struct evidence *e, struct finding *f);

/* Of a finding about a missing route: was it there, and did a restart take it?  Then that is the
 * cause. */
void persist_recognise(const struct evidence *e, struct finding *f);

#endif
