/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the walk sees of a knet, and asks of it.
 *
 * Nouns: a `knode` is one node's kernel, a `klink` one of its links; both wrap what the state says.
 * Private to the walk.  Depends on netstate, model and base.  Pure.
 */
#ifndef TESTBED_WALK_KNET_INTERNAL_H
#define TESTBED_WALK_KNET_INTERNAL_H

#include "testbed/walk/knet.h"

struct klink {
	const struct kernel_link *state;
	const struct network *network; /* NULL: a tunnel's, or unknown to the model */
	const struct tunnel *tunnel;   /* NULL: an ordinary interface */
	int tunnel_end;
	enum tunnel_kind tunnel_kind; /* of what really runs */
	unsigned rp_filter;	      /* the stricter of all's and its own */
};

struct knode {
	const struct node *model;
	const node_state *state;
	GArray *links; /* struct klink */
	GArray *rules; /* struct kernel_rule, by pref */
};

struct knet {
	const model *m;
	const netstate *state;
	GPtrArray *nodes; /* struct knode: those of the state that the model knows, in its order */
	GHashTable *by_name; /* the same */
};

/* What a route look-up found. */
struct lookup {
	const struct kernel_route *route; /* NULL: none */
	const struct kernel_rule *rule;	  /* the unreachable rule that ended the search, or NULL */
};

/* Borrowed; NULL: none. */
const struct knode *knet_node(const struct knet *net, const char *name);
const struct klink *knode_link(const struct knode *n, const char *name);
/* The link that has this very address; NULL: not the node's own. */
const struct klink *knode_owns(const struct knode *n, const struct addr *a);

/* By rules in order of preference and their tables, longest prefix, then lowest metric.  `in` is
 * the interface that the packet came in by; NULL: the node sends it.  `src` may be unset. */
struct lookup knode_lookup(const struct knode *n, const char *in, const struct addr *src,
			   const struct addr *dst);
/* "10.20.0.0/24 via 10.255.0.2 dev vpn0 table 254"; the caller frees. */
char *kernel_route_text(const struct kernel_route *r);

/* The address the kernel takes for packets that leave by `link` to `next_hop`: one in the same
 * subnet, or the first.  Unset: the link has none. */
struct addr klink_source(const struct klink *link, const struct addr *next_hop);

/* The node that answers ARP or neighbour discovery for `a` on the network of `link`, and its link
 * there; NULL: none does. */
const struct knode *knet_neighbour(const struct knet *net, const struct klink *link,
				   const struct addr *a, const struct klink **ret_link);

#endif
