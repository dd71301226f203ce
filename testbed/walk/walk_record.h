/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walk record: what a walk has found, as data: its hops, what decided at each, and its end.
 *
 * Nouns: a `flow` is what a program sends; a `walk` is the way of its first packet, or of the
 * answer, from node to node.  A walk points at rules, interfaces and tunnels of the model, which
 * must outlive it. Depends on netstate, model and base.  Pure.
 */
#ifndef TESTBED_WALK_WALK_RECORD_H
#define TESTBED_WALK_WALK_RECORD_H

#include "testbed/model/subject.h"
#include "testbed/netstate/netstate.h"

struct flow {
	const char *node; /* sender */
	struct addr src;  /* unset: what the kernel would choose */
	struct addr dst;
	enum ip_proto proto;
	uint16_t sport, dport; /* 0: any, no rule about it matches */
	unsigned size_bytes;   /* of the IP packets, both ways; 0: small enough for every link */
	bool established;      /* small packets of it are known to pass: stateful firewalls let it
				  through */
	bool plain; /* over TCP: it carries no TLS, as TURN does.  Where the connection opens, its
		     first payload is walked, too */
	const struct nat_rule *without; /* as if it were not there; NULL: all are */
};

#define WALK_ENDS(X)                                                                            \
	X(DELIVERED, "delivered")   /* reached a node that owns dst */                          \
	X(NO_ROUTE, "no-route")	    /* no route, or an unreachable rule or route */             \
	X(NULL_ROUTE, "null-route") /* blackhole or unreachable route in a table */             \
	X(FILTERED, "filtered")	    /* dropped by a rule or policy of the ruleset */            \
	X(REJECTED, "rejected")                                                                 \
	X(INSPECTED, "inspected")	  /* the connection opens, and its data is no TLS */    \
	X(RPF, "rpf-drop")		  /* reverse path filter */                             \
	X(NAT_FILTERED, "nat-filtered")	  /* no session and no mapping lets it in */            \
	X(NO_HAIRPIN, "no-hairpin")	  /* sent from inside to a NAT's outside address */     \
	X(WRONG_CARD, "wrong-card")	  /* strong host: the address is another interface's */ \
	X(NEXT_HOP_DEAD, "next-hop-dead") /* nobody has the gateway's address */                \
	X(LINK_DOWN, "link-down")                                                               \
	X(TUNNEL_DOWN, "tunnel-down")                                                           \
	X(TUNNEL_PREFIX, "tunnel-prefix") /* the tunnel carries no packets to or from there */  \
	X(LOOP, "loop")                                                                         \
	X(TOO_BIG, "too-big") /* larger than the next interface takes: dropped silently */      \
	X(NO_FORWARDING, "no-forwarding") /* it came to a host that does not forward */         \
	X(HOPS_SPENT, "hops-spent")	  /* its TTL, which its sender gave it, was used up */

enum walk_end {
#define X(id, name) WALK_##id,
	WALK_ENDS(X)
#undef X
		WALK_END_COUNT
};

enum lookup_state {
	LOOKUP_UNASKED, /* the kernel was not asked about this one */
	LOOKUP_AGREES,
	LOOKUP_DIFFERS,
};

/* The route look-up of a hop, and the kernel's own (lookups.h). */
struct hop_lookup {
	bool made; /* false: the walk ended before, or a kernel would look up no route; nothing
		      else is set */
	/* What the kernel must answer.  Asked by the addresses after DNAT and before SNAT; of the
	 * node's own address only the type is set, and `in` never is: hop->in says it. */
	struct kernel_lookup chosen;
	char *dev; /* of `chosen` */
	enum lookup_state state;
	char *kernel; /* its answer in words; NULL: it was not asked */
};

/* What decided about the packet in a chain of a node's ruleset. */
enum decided_by {
	DECIDED_BY_NOTHING, /* no chain was asked */
	DECIDED_BY_RULE,
	DECIDED_BY_POLICY,
	DECIDED_BY_SESSION,	/* it answers one, and answers may pass */
	DECIDED_BY_NAT,		/* a mapping that others may use lets it in */
	DECIDED_BY_BUILTIN,	/* a rule of every Internet router */
	DECIDED_BY_STRONG_HOST, /* the address is on another interface */
};

struct decision {
	enum fw_action action;
	enum decided_by by;
	enum fw_chain chain;
	/* Borrowed from the model; each NULL where it is not what decided. */
	const struct fw_rule *rule;
	const struct nat_rule *nat;
	const char *builtin; /* the rule's name; static */
};

struct hop {
	char *node;
	char *in, *out;	      /* interfaces; NULL: starts or ends here */
	struct addr src, dst; /* as the packet leaves the hop (or is delivered) */
	uint16_t sport, dport;
	char *route;		  /* "10.20.0.0/24 via 10.255.0.2 dev vpn0 table 254", or NULL */
	struct prefix to;	  /* of that route; family 0: there is none */
	unsigned table;		  /* that it is in */
	struct decision decision; /* the last of this node's */
	char *nat;		  /* "198.51.100.10 for 10.20.0.101 (branch-nat)", or NULL */
	struct hop_lookup lookup;
};

typedef struct walk {
	GPtrArray *hops; /* struct hop */
	enum walk_end end;
	char *node;		/* where it ended */
	struct subject subject; /* what is at fault; SUBJECT_NONE when delivered */
	char *why;		/* one sentence */
	struct walk *under;	/* WALK_TUNNEL_DOWN: how the tunnel's own packets were lost; NULL */
} walk;

struct walk_pair {
	walk *forward;
	walk *back; /* NULL when forward was not delivered */
};

void walk_pair_free(struct walk_pair *w); /* accepts NULL */
/* Whether it ends, itself or as a tunnel's own packets, where its packets are too large. */
bool walk_ends_by_size(const walk *w);

/* Whether the packet reached a node that has its destination and the answer reached the sender. */
bool walk_pair_delivered(const struct walk_pair *w);

/* Without hops or an end; walk_free frees it with all that it was given. */
walk *walk_new(void);
/* A further hop, borrowed; `in` and `out` may be NULL, and the caller fills in the rest. */
struct hop *walk_add_hop(walk *w, const char *node, const char *in, const char *out);
void walk_free(walk *w);

const char *walk_end_name(enum walk_end end);
/* The name of what decided: a rule's, "policy", "established"; NULL: nothing did.  The caller
 * frees.
 */
char *decision_text(const struct decision *d);

#endif
