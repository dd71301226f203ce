/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect_lookup: the routes that a node's kernel looks up for packets that were seen there
 * (RTM_GETROUTE).
 *
 * Asked and not changed: a look-up counts nothing and caches nothing that packets would see.
 * Depends on exec and base.
 */
#ifndef TESTBED_EXEC_INSPECT_LOOKUP_H
#define TESTBED_EXEC_INSPECT_LOOKUP_H

#include "testbed/exec/exec.h"
#include "testbed/exec/lookup_questions.h"

/* Looks up the ways of `n` pairs of addresses, both directions, at the node whose `state`
 * exec_inspect gave, and puts the answers into state->lookups, which must be NULL.  What the kernel
 * refuses is an answer; FALSE with `error` only when it does not answer at all.  Moves the calling
 * thread into the namespace and back; blocks for some microseconds a look-up. */
gboolean exec_lookup(exec *x, const struct seen_pair *pairs, guint n, node_state *state,
		     GError **error);

#endif
