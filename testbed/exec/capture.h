/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture: packets of one interface (or all) of a node, as the kernel shows them.
 *
 * An AF_PACKET ring (TPACKET_V2, packet(7)) opened inside the node's network namespace and read
 * from outside.  Each packet is available at once, so that stopping a capture loses nothing. Needs
 * CAP_NET_RAW in the namespace's user namespace.  Depends on base.
 *
 *   capture *c = capture_new(exec_netns_fd(x, "core"), "vpn0", &error);
 *   ... when capture_fd(c) is readable: capture_read(c, on_packet, me);
 *   capture_free(c);
 */
#ifndef TESTBED_EXEC_CAPTURE_H
#define TESTBED_EXEC_CAPTURE_H

#include <glib.h>
#include <stdbool.h>

typedef struct capture capture;

struct capture_packet {
	guint64 time_ns; /* since 1970 */
	unsigned ifindex;
	bool outgoing; /* sent by this node */
	bool ethernet; /* false: `data` starts with the IP header (a tunnel device) */
	const guint8 *data;
	guint32 captured, original; /* bytes */
};

typedef void (*capture_func)(const struct capture_packet *packet, gpointer user_data);

/* Starts capturing; from the return on nothing is missed.  `ifname` NULL: every interface of the
 * node.  Moves the calling thread into the namespace and back. */
capture *capture_new(int netns_fd, const char *ifname, GError **error);
/* The same for every interface of the node but loopback, in a small ring, of what capture_filter.h
 * calls evidence, cut to its first bytes. */
capture *capture_new_evidence(int netns_fd, GError **error);
/* Whole packets of one interface that a filter (capture_expression.h) lets pass.  `filter` NULL:
 * all. */
struct sock_fprog;
capture *capture_new_filtered(int netns_fd, const char *ifname, const struct sock_fprog *filter,
			      GError **error);
void capture_free(capture *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(capture, capture_free)

int capture_fd(const capture *c);
/* Name of one of the namespace's interfaces, or its number as text when it is gone.  The caller
 * frees. */
char *capture_ifname(const capture *c, unsigned ifindex);
/* Hands over every packet that has arrived; never blocks. */
void capture_read(capture *c, capture_func func, gpointer user_data);
/* Packets that were lost since the last call because the ring was full. */
guint32 capture_dropped(capture *c);

#endif
