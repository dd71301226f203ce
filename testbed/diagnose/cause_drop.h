/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause drop: whether a firewall at which a walk ends really dropped these packets.
 *
 * Depends on evidence and walk.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_DROP_H
#define TESTBED_DIAGNOSE_CAUSE_DROP_H

#include "testbed/diagnose/evidence.h"

/* Where packets of the walk were captured at the firewall, whether one was not seen any more behind
 * it; else whether the counter of its rule or policy counted any.  True, too, of a walk that ends
 * otherwise, and where neither was recorded. */
bool cause_did_drop(const struct evidence *e, const walk *w);
/* The name of the counter of what the walk ended at; empty: it has none.  The caller frees. */
char *cause_counter(const walk *w);

#endif
