/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one node does with a walk's packet, from its coming in to the link that it leaves by.
 *
 * Nouns: a `walker` is one direction of a walk on its way; it stands `at` a node, or nowhere once
 * the walk has ended. The way between nodes (links, tunnels) is walk.c's.  Private to the walk.
 * Depends on model and base.  Pure.
 */
#ifndef TESTBED_WALK_WALK_NODE_H
#define TESTBED_WALK_WALK_NODE_H

#include "testbed/walk/walk_filter.h"

struct walker {
	const struct knet *net;
	walk *w;
	GArray *sessions; /* struct session: written by the forward walk, read by the answer's */
	bool is_answer;
	bool in_tunnel;	      /* the walk of a tunnel's own packets */
	unsigned asked_bytes; /* of the flow's packets */
	unsigned size_bytes;  /* of this one now; 0: small enough for every link */
	struct packet p;
	const struct knode *at; /* NULL: the walk has ended */
	const struct klink *in; /* the packet came by; NULL: starts here */
	struct hop *hop;	/* at `at`, in w->hops */
};

/* The sender's own node: chooses the source address where the flow names none, a route and the
 * output filter. walker_arrive: a packet that came in by k->in; it is delivered here, or forwarded.
 * Both add a hop.  The link the packet leaves by and its next hop, or NULL: the walk has ended. */
const struct klink *walker_depart(struct walker *k, struct addr *ret_next_hop);
const struct klink *walker_arrive(struct walker *k, struct addr *ret_next_hop);

/* Ends the walk at `where`; always the last thing done to it.  Takes the subject over. */
void walker_end(struct walker *k, enum walk_end end, const struct knode *where,
		struct subject subject, const char *format, ...) G_GNUC_PRINTF(5, 6);
/* Ends the walk at a link of `where`, or its tunnel, that is down. */
void walker_link_is_down(struct walker *k, const struct knode *where, const struct klink *link);

#endif
