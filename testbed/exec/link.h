/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: bridges, veth pairs and the kernel's own tunnel devices. */
#ifndef TESTBED_EXEC_LINK_H
#define TESTBED_EXEC_LINK_H

#include "testbed/exec/netns.h"

struct ifreq;

#define LINK_MAC_BYTES 6
/* The link address of an interface of a node, by its number, so that others can be told of it. */
void link_mac(unsigned ifindex, guint8 ret[LINK_MAC_BYTES]);

/* Requests that make a link, also used by the probe. */
struct nl_msg *link_bridge_request(const char *ifname, unsigned ifindex);
/* `netns`: of each half; -1: the socket's own.  `master`: bridge of the first half, 0: none.  The
 * second half is made down whatever it says: the kernel refuses to put it up before the pair is
 * complete. */
struct nl_msg *link_veth_request(const struct op_veth_end ends[2], const int netns[2],
				 unsigned master);
/* Puts up the second halves of r->raise, in their own namespaces' queues. */
gboolean links_raise(struct linux_backend *r, const struct op **failed, GError **error);
/* `kind` is that of the device, which may stand in for the tunnel's own. */
struct nl_msg *link_tunnel_request(enum tunnel_kind kind, const struct op_tunnel *t);
struct nl_msg *link_mtu_request(unsigned ifindex, unsigned mtu_bytes);

/* Asks about an interface of the namespace that the thread is in (netdevice(7)).  False: see errno.
 */
bool link_ask(const char *ifname, unsigned long what, struct ifreq *r);
/* Whether an interface of that namespace is set up; false: or there is none. */
bool link_is_up(const char *ifname);

/* Deletes an interface and forgets its number; nothing happens when there is none. */
gboolean link_remove(struct netns *s, const char *ifname, const struct op *op,
		     const struct op **failed, GError **error);

/* Blocks until every link that was put up with its other half passes packets (settle.c). */
gboolean links_settle(struct linux_backend *r, GError **error);

#endif
