/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node's ruleset does to one packet, by the model's firewall and NAT rows in the order in
 * which plan renders them (testbed/plan/nft.c, nft_nat.c).
 *
 * Nouns: a `packet` is a flow's addresses at one place; a `session` is what a node remembers of it.
 * Mappings that other traffic taught a NAT are not part of a lab's state: here a NAT knows the
 * sessions of the flows walked so far.  By these it lets in whom its filtering and hairpinning let
 * in (RFC 4787 sections 5 and 6). Private to the walk.  Depends on model and base.  Pure.
 */
#ifndef TESTBED_WALK_WALK_FILTER_H
#define TESTBED_WALK_WALK_FILTER_H

#include "testbed/walk/walk_net.h"

struct tuple {
	struct addr src, dst;
	uint16_t sport, dport;
};

/* Connection tracking's memory of one flow at one node. */
struct session {
	const struct knode *node;
	struct tuple original; /* as it came in */
	struct tuple left;     /* as it left: its answer is this one turned around */
};

struct packet {
	struct tuple at;       /* now */
	struct tuple original; /* as it came to the node */
	enum ip_proto proto;
	const struct session *answers; /* the session this node knows it by, or NULL */
	bool translatable; /* FALSE: connection tracking calls it invalid, NAT leaves it alone */
	bool dnat;	   /* destination was translated at this node */
};

/* `in`, `out`: interface names, NULL where the chain has none. */
struct decision filter_packet(const struct knode *n, enum fw_chain chain, const struct packet *p,
			      const char *in, const char *out);

/* Before routing: answers get their inside destination back, 1:1 NAT its inside address; what is
 * for the outside port of a session (struct session) gets its inside address when the NAT lets it
 * in.  A hairpin that leads nowhere yet has still opened its sender's port: that session is added.
 * Text for hop.nat, or NULL; the caller frees. */
char *nat_prerouting(const struct knode *n, struct packet *p, const char *in, GArray *sessions);
/* After routing.  `next_hop` decides which of the outside addresses a masquerade takes.  Text or
 * NULL. */
char *nat_postrouting(const struct knode *n, struct packet *p, const char *in,
		      const struct klink *out, const struct addr *next_hop);
/* The masquerade whose outside address `a` is, or NULL. */
const struct nat_rule *nat_at(const struct knode *n, const struct addr *a);

#endif
