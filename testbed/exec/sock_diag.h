/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sock_diag: the TCP sockets of the calling thread's network namespace, by sock_diag(7).
 *
 * The kernel is asked for sockets in certain states only; /proc/net/tcp makes it search the whole
 * machine's table of connections for each namespace, some milliseconds each time.
 */
#ifndef TESTBED_EXEC_SOCK_DIAG_H
#define TESTBED_EXEC_SOCK_DIAG_H

#include <glib.h>
#include <linux/inet_diag.h>
#include <stdbool.h>

typedef void (*sock_diag_func)(const struct inet_diag_msg *socket, gpointer user_data);

/* A socket for questions and for the notifications of `groups`, a mask; -1: the kernel has none. */
int sock_diag_open(guint32 groups);
/* Calls `func` for each TCP socket of the family, AF_INET or AF_INET6, in one of `states`, a mask
 * of 1 << TCP_LISTEN and the like.  Blocks for the kernel's answer.  False: the kernel refuses. */
bool sock_diag_each(int fd, guint8 family, guint32 states, sock_diag_func func, gpointer user_data);

#endif
