/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to inspect: who reads what of one node's kernel.
 *
 * inspect_tables.c asks over rtnetlink, inspect_proc.c reads /proc, inspect_nft.c asks nftables;
 * inspect_conntrack.[ch] is about sessions.  Each function adds its members to the object of the
 * node, in the calling thread's network namespace; FALSE with `error` when the kernel does not
 * answer.  Later ones may look at what earlier ones have put there.
 */
#ifndef TESTBED_EXEC_INSPECT_PARTS_H
#define TESTBED_EXEC_INSPECT_PARTS_H

#include "testbed/exec/netns.h"

#include <jansson.h>
#include <netlink/addr.h>

/* links, routes, rules, neighbours */
gboolean inspect_put_tables(json_t *node, GError **error);
/* nft: nothing is asked of a namespace that was given no rules */
gboolean inspect_put_nft(json_t *node, struct linux_backend *r, const struct netns *s,
			 GError **error);
/* counters; sysctl; listeners.  After inspect_put_tables: they ask it for links and for IPv6. */
gboolean inspect_put_counters(json_t *node, GError **error);
gboolean inspect_put_sysctls(json_t *node, GError **error);
gboolean inspect_put_listeners(json_t *node, GError **error);

/* Whether something of IPv6 is told of the node; after inspect_put_tables. */
bool inspect_tells_ipv6(const json_t *node);
/* Text of an address; null: there is none, or only a part of one. */
json_t *inspect_address_json(struct nl_addr *a);
/* "read WHAT: WORDS"; FALSE. */
gboolean inspect_fail(GError **error, const char *what, const char *words);
/* The whole of a file; the caller frees.  NULL: unreadable. */
char *inspect_read_proc(const char *path, GError **error);

#endif
