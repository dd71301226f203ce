/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect: the state that one node's kernel is in, read and not changed.
 *
 * Links, addresses, routes, rules, neighbours and tracked sessions come over netlink, rule counters
 * from nftables, the rest from /proc.  The form is that of docs/EXPLAIN.md, section "State of a
 * lab". Depends on exec and base.
 */
#ifndef TESTBED_EXEC_INSPECT_H
#define TESTBED_EXEC_INSPECT_H

#include "testbed/exec/exec.h"

#include <jansson.h>

/* The object of one node; the caller owns it.  NULL with `error` when there is no such node or the
 * kernel does not answer.  Moves the calling thread into the namespace and back; blocks for about a
 * millisecond, where there are sessions for some. */
json_t *exec_inspect(exec *x, const char *node, GError **error);

#endif
