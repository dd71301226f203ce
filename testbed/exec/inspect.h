/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect: the state that one node's kernel is in, read and not changed.
 *
 * Links, addresses, routes, rules, neighbours and tracked sessions come over netlink, rule counters
 * from nftables, the rest from /proc. Depends on exec, netstate and base.
 */
#ifndef TESTBED_EXEC_INSPECT_H
#define TESTBED_EXEC_INSPECT_H

#include "testbed/exec/exec.h"
#include "testbed/netstate/netstate.h"

/* What one node's kernel says; without look-ups (inspect_lookup.h).  The caller owns it.  NULL with
 * `error` when there is no such node or the kernel does not answer.  Moves the calling thread into
 * the namespace and back; blocks for about a millisecond, where there are sessions for some. */
node_state *exec_inspect(exec *x, const char *node, GError **error);

#endif
