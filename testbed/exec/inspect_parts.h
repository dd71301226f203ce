/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to inspect: who reads what of one node's kernel.
 *
 * inspect_tables.c asks over rtnetlink, inspect_proc.c reads /proc, inspect_nft.c asks nftables;
 * inspect_conntrack.[ch] is about sessions.  Each function fills its lists of the node's state, in
 * the calling thread's network namespace; FALSE with `error` when the kernel does not answer. Later
 * ones may look at what earlier ones have put there.
 */
#ifndef TESTBED_EXEC_INSPECT_PARTS_H
#define TESTBED_EXEC_INSPECT_PARTS_H

#include "testbed/exec/netns.h"
#include "testbed/netstate/netstate.h"

#include <netlink/addr.h>

/* links, routes, rules, neighbours */
gboolean inspect_put_tables(node_state *n, GError **error);
/* rule_counters: nothing is asked of a namespace that was given no rules */
gboolean inspect_put_nft(node_state *n, struct linux_backend *r, const struct netns *s,
			 GError **error);
/* counters; forwarding and rp_filter; listeners.  After inspect_put_tables: they ask it for links
 * and for IPv6. */
gboolean inspect_put_counters(node_state *n, GError **error);
gboolean inspect_put_sysctls(node_state *n, GError **error);
gboolean inspect_put_listeners(node_state *n, GError **error);

/* Unset: there is none, or only a part of one. */
struct addr inspect_address(struct nl_addr *a);
/* "read WHAT: WORDS"; FALSE. */
gboolean inspect_fail(GError **error, const char *what, const char *words);

#endif
