/* SPDX-License-Identifier: GPL-2.0-or-later */
/* namespace: sockets and interfaces of a network namespace that is held by a descriptor.
 *
 * The calling thread goes into the namespace and comes back.  Needs CAP_SYS_ADMIN in the user
 * namespace that owns it.  Depends on base.
 */
#ifndef TESTBED_EXEC_NAMESPACE_H
#define TESTBED_EXEC_NAMESPACE_H

#include <glib.h>
#include <net/if.h>
#include <stdbool.h>

/* A socket that stays in the namespace, close-on-exec and non-blocking; -1: see errno. */
int namespace_socket(int netns_fd, int family, int type);

struct namespace_interface {
	char name[IFNAMSIZ];
	bool ethernet; /* its packets have an Ethernet header */
};

/* struct namespace_interface: all but exec's own (EXEC_HIDDEN_IFINDEX), in the kernel's order. */
GArray *namespace_interfaces(int netns_fd, GError **error);

#endif
