/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: WireGuard in user space, by the program wireguard-go.
 *
 * A `wireguard_daemon` is one such process, which makes the interface and carries its packets.  It
 * is given a listening socket for its configuration when it is started, so that connecting works at
 * once and the answer comes when the interface is there: nothing has to be waited for by name.
 */
#ifndef TESTBED_EXEC_WIREGUARD_H
#define TESTBED_EXEC_WIREGUARD_H

#include "testbed/exec/netns.h"

struct wireguard_daemon;

/* Starts the process for a tunnel end.  Returns as soon as it runs. */
struct wireguard_daemon *wireguard_daemon_new(const struct netns *s, const char *ifname,
					      GError **error);
/* Kills the process, and with it the interface. */
void wireguard_daemon_free(gpointer daemon);

/* 0: it has ended. */
GPid wireguard_daemon_pid(const struct wireguard_daemon *d);
/* The process `pid` was reaped; true: it was this one, whose interface went with it. */
bool wireguard_daemon_ended(struct wireguard_daemon *d, GPid pid);

/* Gives it keys, peer and addresses; blocks until the interface is there.  `configuration` is text
 * of the cross-platform interface (one "key=value" a line), from wireguard_configuration. */
gboolean wireguard_daemon_configure(struct wireguard_daemon *d, const char *configuration,
				    GError **error);
/* Blocks until an interface that was put up is ready for packets. */
gboolean wireguard_daemon_wait_up(struct wireguard_daemon *d, GError **error);

/* The configuration of a tunnel end; NULL when the keys can't be had. */
char *wireguard_configuration(struct linux_backend *r, const struct op_tunnel *t, GError **error);

/* Kernel WireGuard: configures an existing interface by the program `wg`. */
gboolean wireguard_set_by_tool(struct linux_backend *r, const struct netns *s,
			       const struct op_tunnel *t, GError **error);

#endif
