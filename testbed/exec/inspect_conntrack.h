/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect_conntrack: the sessions that one node's kernel remembers (connection tracking, NAT).
 *
 * Asked over ctnetlink, in the calling thread's network namespace; needs CAP_NET_ADMIN there.
 * Private to inspect.
 */
#ifndef TESTBED_EXEC_INSPECT_CONNTRACK_H
#define TESTBED_EXEC_INSPECT_CONNTRACK_H

#include "testbed/netstate/netstate.h"

/* What one node tells at most: beyond it the state of a busy NAT would be larger than all else. */
#define INSPECT_SESSIONS_MAX 4096u

/* Appends to n->sessions, and counts those beyond INSPECT_SESSIONS_MAX; after inspect_put_tables:
 * sessions of IPv6 are told where something of IPv6 is.  Nothing where nothing is tracked or the
 * kernel has no ctnetlink; FALSE with `error` when it refuses for another reason.  Blocks for some
 * milliseconds where there are sessions: the kernel goes through the buckets of all namespaces to
 * find those of one. */
gboolean inspect_put_sessions(node_state *n, GError **error);

#endif
