/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab's network as the walk needs it: what the kernels say (state), tied to what the model calls
 * it.
 *
 * Nouns: a `knode` is one node's kernel: its links, routes and rules.  Private to the walk.
 * Depends on model and base.  Pure.
 */
#ifndef TESTBED_WALK_WALK_NET_H
#define TESTBED_WALK_WALK_NET_H

#include "testbed/walk/walk.h"

struct klink {
	const char *name;
	bool up, carrier;
	unsigned mtu_bytes;	       /* 0: not known */
	GArray *addresses;	       /* struct prefix */
	const struct network *network; /* NULL: a tunnel's, or unknown to the model */
	const struct tunnel *tunnel;   /* NULL: an ordinary interface */
	int tunnel_end;
	unsigned rp_filter; /* the stricter of all's and its own */
};

struct kroute {
	struct prefix to;
	struct addr via; /* unset: on-link */
	const char *dev; /* NULL: refusing types only */
	unsigned table, metric;
	const char *type;
};

struct krule {
	unsigned pref, table;
	struct prefix from;
	int family;
	bool has_from, unreachable;
};

struct knode {
	const struct node *model;
	GPtrArray *links;	  /* struct klink */
	GArray *routes, *rules;	  /* struct kroute; struct krule, sorted by pref */
	bool forwards, forwards6; /* IPv4, IPv6 */
};

/* Strings are borrowed from `state`, pointers from `m`; both must live as long. */
struct knet {
	const model *m;
	GPtrArray *nodes; /* struct knode */
};

/* What a route look-up found. */
struct lookup {
	const struct kroute *route; /* NULL: none */
	const struct krule *rule;   /* the unreachable rule that ended the search, or NULL */
};

/* Nodes of the state that the model does not know are left out. */
struct knet *knet_new(const model *m, const json_t *state);
void knet_free(struct knet *net);

/* Borrowed; NULL: none. */
const struct knode *knet_node(const struct knet *net, const char *name);
const struct klink *knode_link(const struct knode *n, const char *name);
/* The link that has this very address; NULL: not the node's own. */
const struct klink *knode_owns(const struct knode *n, const struct addr *a);

/* By rules in order of preference and their tables, longest prefix, then lowest metric.  `src` may
 * be unset. */
struct lookup knode_lookup(const struct knode *n, const struct addr *src, const struct addr *dst);
bool kroute_refuses(const struct kroute *r); /* blackhole, unreachable, prohibit */
/* "10.20.0.0/24 via 10.255.0.2 dev vpn0 table 254"; the caller frees. */
char *kroute_text(const struct kroute *r);

/* The address the kernel takes for packets that leave by `link` to `next_hop`: one in the same
 * subnet, or the first.  Unset: the link has none. */
struct addr klink_source(const struct klink *link, const struct addr *next_hop);

/* Who answers for `a` on the network of `link`, and on which of its links; NULL: nobody. */
const struct knode *knet_neighbour(const struct knet *net, const struct klink *link,
				   const struct addr *a, const struct klink **ret_link);

#endif
