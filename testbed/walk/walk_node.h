/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one node does with a walk's packet, from its arrival to the link that it leaves by.
 *
 * Nouns: a `walker` is one direction of a walk in progress.  It is `at` a node, or nowhere once the
 * walk has ended.  walk.c takes it from node to node.  Private to the walk.
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
	unsigned ttl;	      /* of this one now (RFC 791); 0: not known */
	struct packet p;
	const struct knode *at; /* NULL: the walk has ended */
	const struct klink *in; /* the packet came by; NULL: starts here */
	struct hop *hop;	/* at `at`, in w->hops */
};

/* At the sender: chooses the source address where the flow names none and a route, and asks the
 * output chain.  walker_arrive: for a packet that came in by k->in, which is delivered or
 * forwarded. Both add a hop.  They return the link by which the packet leaves, with its next hop;
 * NULL: the walk has ended. */
const struct klink *walker_depart(struct walker *k, struct addr *ret_next_hop);
const struct klink *walker_arrive(struct walker *k, struct addr *ret_next_hop);

/* Ends the walk at `where`; nothing may be done to it afterwards.  Takes the subject over.
 * Returns false. */
bool walker_end(struct walker *k, enum walk_end end, const struct knode *where,
		struct subject subject, const char *format, ...) G_GNUC_PRINTF(5, 6);
/* Ends the walk at a link or tunnel of `where` that is down. */
void walker_link_is_down(struct walker *k, const struct knode *where, const struct klink *link);

#endif
