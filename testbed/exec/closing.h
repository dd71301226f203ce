/* SPDX-License-Identifier: GPL-2.0-or-later */
/* closing: waits until the connections that a node's programs left behind have been closed at the
 * other end, too.
 *
 * When a program has ended, the kernel still sends its connections' last data and FIN until the
 * peer has acknowledged them. The sockets are listed by sock_diag(7), which also notifies when one
 * is destroyed. Depends on exec.
 */
#ifndef TESTBED_EXEC_CLOSING_H
#define TESTBED_EXEC_CLOSING_H

#include "testbed/exec/exec.h"

/* Blocks until no TCP connection of `node` waits for the acknowledgement of its FIN, at most
 * `timeout_ms`.  FALSE: the time is over, there is no such node, or the kernel does not support it.
 * Moves the calling thread into the namespace and back; needs CAP_NET_ADMIN there. */
gboolean exec_wait_closed(exec *x, const char *node, guint timeout_ms);

#endif
