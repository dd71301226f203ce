/* SPDX-License-Identifier: GPL-2.0-or-later */
/* closing: waits until the connections that a node's programs left behind have been closed at the
 * other end, too.
 *
 * The kernel goes on with a dead program's connections: their last data and FIN are under way until
 * the peer has acknowledged them.  Asks the kernel by sock_diag(7) and is told by it when a socket
 * has gone. Depends on exec.
 */
#ifndef TESTBED_EXEC_CLOSING_H
#define TESTBED_EXEC_CLOSING_H

#include "testbed/exec/exec.h"

/* Blocks until no TCP connection of `node` waits for the acknowledgement of its FIN, at most
 * `timeout_ms`.  FALSE: the time is over, there is no such node, or the kernel does not tell. Moves
 * the calling thread into the namespace and back; needs CAP_NET_ADMIN there. */
gboolean exec_wait_closed(exec *x, const char *node, guint timeout_ms);

#endif
