/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: the network namespaces of a lab's nodes, held by descriptors. */
#ifndef TESTBED_EXEC_NETNS_H
#define TESTBED_EXEC_NETNS_H

#include "testbed/exec/linux_backend.h"
#include "testbed/exec/netlink.h"

/* One node's network namespace. */
struct netns {
	char *node;
	int fd;
	nl_queue *queue;
	bool has_rules;	       /* a ruleset was loaded */
	int nft_socket;	       /* by which the last one was loaded, see nft_keep; -1: none */
	GHashTable *ifindexes; /* interface name -> number */
	GArray *unsettled;     /* unsigned: links that are up and may not yet carry packets */
};

/* NULL with an error when the plan names a node it did not make. */
struct netns *linux_netns(struct linux_backend *r, const char *node, GError **error);
void netns_free(gpointer netns);
/* Moves the thread into the namespace; does nothing when it is there. */
gboolean netns_enter(struct linux_backend *r, struct netns *s, GError **error);
/* Back to where the thread was when the backend was made. */
void netns_leave(struct linux_backend *r);
unsigned netns_ifindex(const struct netns *s, const char *ifname, GError **error); /* 0: unknown */
/* Remembers a number; refuses names the kernel would cut. */
gboolean netns_name_interface(struct netns *s, const char *ifname, unsigned ifindex,
			      GError **error);

#endif
