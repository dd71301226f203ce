/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause drop: whether a firewall at which a walk ends really dropped these packets.
 *
 * Depends on evidence and walk.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_DROP_H
#define TESTBED_DIAGNOSE_CAUSE_DROP_H

#include "testbed/diagnose/evidence.h"

/* Where packets were captured, whether one of the walk came to the firewall and was not seen any
 * more behind it; where only others between the same addresses came, or nothing was captured,
 * whether the counter of its rule or policy counted any.  True, too, of a walk that ends otherwise,
 * and where neither was recorded. */
bool cause_did_drop(const struct evidence *e, const walk *w);
/* The name of the counter of what the walk ended at; empty: it has none.  The caller frees. */
char *cause_counter(const walk *w);

#endif
