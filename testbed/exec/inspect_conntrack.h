/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect_conntrack: the sessions that one node's kernel remembers (connection tracking, NAT).
 *
 * Asked over ctnetlink, in the calling thread's network namespace; needs CAP_NET_ADMIN there.
 * Private to inspect.
 */
#ifndef TESTBED_EXEC_INSPECT_CONNTRACK_H
#define TESTBED_EXEC_INSPECT_CONNTRACK_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* What one node tells at most: beyond it the state of a busy NAT would be larger than all else. */
#define INSPECT_CONNTRACK_MAX 4096u

/* Adds "conntrack", and "conntrack_left_out" where there were more than INSPECT_CONNTRACK_MAX, to
 * the object of the node (docs/EXPLAIN.md).  `ipv6`: sessions of IPv6 are told, too.  An empty list
 * where nothing is tracked or the kernel has no ctnetlink; FALSE with `error` when it refuses for
 * another reason.  Blocks for some milliseconds where there are sessions: the kernel goes through
 * the buckets of all namespaces to find those of one. */
gboolean inspect_put_conntrack(json_t *node, bool ipv6, GError **error);

#endif
