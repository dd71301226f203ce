/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Persist: routes that work now and are gone after a restart.
 *
 * Depends on cause, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_PERSIST_H
#define TESTBED_DIAGNOSE_PERSIST_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Of a cell that passes: whether it would fail after a restart of a node.  Walks its legs over
 * the state without the routes of a node that are not persistent, for each node in turn; the
 * first without which a leg fails becomes the finding (ROUTE_NOT_PERSISTENT). */
bool persist_foresee(const struct evidence *e, struct finding *f);

/* Turns a finding about a missing route into ROUTE_NOT_PERSISTENT, when a restart took that
 * route. */
void persist_recognise(const struct evidence *e, struct finding *f);

#endif
