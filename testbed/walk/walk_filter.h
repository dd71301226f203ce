/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node's ruleset does to one packet: the model's firewall and NAT rules, in the order in
 * which plan writes them (testbed/plan/nft.c, nft_nat.c).
 *
 * Nouns: a `packet` is a flow's addresses at one place; a `session` is what a node remembers of it.
 * A lab's state does not have the mappings that a NAT learned from other traffic: here a NAT knows
 * only the sessions of the flows walked so far, and lets in what its filtering and hairpinning
 * allow for these (RFC 4787 sections 5 and 6). Private to the walk.  Depends on model and base.
 * Pure.
 */
#ifndef TESTBED_WALK_WALK_FILTER_H
#define TESTBED_WALK_WALK_FILTER_H

#include "testbed/walk/knet_internal.h"
#include "testbed/walk/walk_record.h"

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
	bool translatable; /* false: invalid to connection tracking, so NAT does not change it */
	bool established;  /* its session is known, though this walk did not open it */
	bool plain;	   /* it is a connection's first payload, and no TLS */
	const struct nat_rule *without; /* translates nothing (flow.without); NULL: all do */
	const struct nat_rule *dnat;	/* the one of this node that translated its destination, or
					   NULL */
};

/* Whether two ports can be the same one.  A port that a NAT chose at random is not known, and 0. */
bool ports_match(uint16_t a, uint16_t b);

/* `in`, `out`: interface names, NULL where the chain has none. */
struct decision filter_packet(const struct knode *n, enum fw_chain chain, const struct packet *p,
			      const char *in, const char *out);

/* The 1:1 NAT or forward without hairpinning that drops the packet, because it came from inside for
 * what the NAT leads inside; NULL: none does. */
const struct nat_rule *nat_refuses_hairpin(const struct knode *n, const struct packet *p,
					   const char *in);
/* Before routing.  Translates the destination: of an answer, of 1:1 NAT and forwards, and of a
 * packet for the outside port of a session, when the NAT lets it in.  A hairpin packet that no
 * session leads inside has still opened its sender's port: that session is added.  Text for
 * hop.nat, or NULL; the caller frees. */
char *nat_prerouting(const struct knode *n, struct packet *p, const char *in, GArray *sessions);
/* After routing.  Translates the source; `next_hop` decides which outside address a masquerade
 * takes. Text for hop.nat, or NULL; the caller frees. */
char *nat_postrouting(const struct knode *n, struct packet *p, const char *in,
		      const struct klink *out, const struct addr *next_hop);
/* The masquerade that has `a` as its outside address, or NULL. */
const struct nat_rule *nat_at(const struct knode *n, const struct addr *a);

#endif
