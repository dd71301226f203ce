/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netstate: the state that the kernels of a lab are in, as typed data.
 *
 * Nouns: a `node_state` is what one node's kernel says of itself at one moment; a `netstate` is one
 * look at all nodes of a lab (the fabric that ties them together is not a node).
 *
 * Who makes one: exec fills node states from netlink, nftables and /proc, in the lab's supervisor.
 * The orchestrator gets them as JSON by the supervisor's socket, and the same JSON is kept in
 * events.jsonl, so that an earlier run can be explained.  Only netstate_json.c knows that form
 * (docs/EXPLAIN-INSIDE.md, "State of a lab"); everything else reads these types.
 *
 * What is not told: an older run did not record all that a newer one does.  "Nobody listens" and
 * "nobody looked" lead to different conclusions, so lists whose absence matters (listeners,
 * sessions, look-ups) are NULL when they were not recorded, and empty when there was nothing.  All
 * other lists are never NULL; a number that was not recorded is 0.
 *
 * What a state can't say: the nodes are read one after the other, some milliseconds apart, so it is
 * no snapshot of one moment.  Counters count since the lab was built, not since a call began.  What
 * had a timer (sessions, neighbours) may have ended between the call and the look.
 *
 * Ownership: a node state owns its texts and lists, and what points into them lives as long.  Both
 * are counted by reference, and are not changed any more once somebody else has a reference: a
 * state that differs in one node (netstate_with) shares all the others.
 *
 * Depends on model and base.  Pure.  Not for several threads.
 */
#ifndef TESTBED_NETSTATE_NETSTATE_H
#define TESTBED_NETSTATE_NETSTATE_H

#include "testbed/model/model.h"

/* The kernel's own numbers (RTN_*, linux/rtnetlink.h), and the words of `ip route`. */
#define KERNEL_ROUTE_TYPES(X)         \
	X(UNSPEC, "unspec")           \
	X(UNICAST, "unicast")         \
	X(LOCAL, "local")             \
	X(BROADCAST, "broadcast")     \
	X(ANYCAST, "anycast")         \
	X(MULTICAST, "multicast")     \
	X(BLACKHOLE, "blackhole")     \
	X(UNREACHABLE, "unreachable") \
	X(PROHIBIT, "prohibit")       \
	X(THROW, "throw")             \
	X(NAT, "nat")                 \
	X(XRESOLVE, "xresolve")

enum kernel_route_type {
#define X(id, name) KERNEL_ROUTE_##id,
	KERNEL_ROUTE_TYPES(X)
#undef X
		KERNEL_ROUTE_TYPE_COUNT
};

#define KERNEL_RULE_ACTIONS(X)        \
	X(LOOKUP, "lookup")           \
	X(BLACKHOLE, "blackhole")     \
	X(UNREACHABLE, "unreachable") \
	X(PROHIBIT, "prohibit")       \
	X(OTHER, "other")

enum kernel_rule_action {
#define X(id, name) KERNEL_RULE_##id,
	KERNEL_RULE_ACTIONS(X)
#undef X
		KERNEL_RULE_ACTION_COUNT
};

/* The kernel's NUD_* (linux/neighbour.h) without NOARP. */
#define NEIGHBOUR_STATES(X)         \
	X(INCOMPLETE, "incomplete") \
	X(REACHABLE, "reachable")   \
	X(STALE, "stale")           \
	X(DELAY, "delay")           \
	X(PROBE, "probe")           \
	X(FAILED, "failed")         \
	X(PERMANENT, "permanent")

enum neighbour_state {
#define X(id, name) NEIGHBOUR_##id,
	NEIGHBOUR_STATES(X)
#undef X
		NEIGHBOUR_STATE_COUNT
};

struct kernel_link {
	const char *name;
	unsigned ifindex;
	bool up;	    /* as was asked of it */
	bool carrier;	    /* the other end is up, too */
	bool ethernet;	    /* its bytes are counted with the Ethernet header */
	unsigned mtu_bytes; /* 0: not told */
	unsigned rp_filter; /* of this link alone: 0 off, 1 strict, 2 loose */
	guint64 rx_packets, rx_bytes, tx_packets, tx_bytes;
	struct link_losses {
		bool told;	    /* it is impaired, or was, and this was counted */
		guint64 packets;    /* that came to leave by it */
		guint64 lost;	    /* of these: drawn to be lost */
		guint64 overflowed; /* of these: the queue in front of its rate was full */
	} losses;
	GArray *addresses; /* struct prefix: with their host bits */
};

struct kernel_route {
	struct prefix to;
	struct addr via; /* unset: on-link, or no way at all */
	const char *dev; /* NULL: types that refuse */
	unsigned table, metric;
	enum kernel_route_type type;
};

struct kernel_rule {
	unsigned pref, table;
	struct prefix from; /* family 0: from everywhere */
	const char *in;	    /* the packet came in by it, "lo": the node sends it; NULL: any */
	enum kernel_rule_action action;
	int family; /* of the packets that it is asked about */
};

struct kernel_neighbour {
	struct addr address;
	const char *dev; /* NULL: not told */
	enum neighbour_state state;
};

/* Of /proc/net/snmp and netstat: "IpOutNoRoutes".  What is 0 is left out. */
struct kernel_counter {
	const char *name;
	gint64 value;
};

/* Of a rule in the node's ruleset that counts and has a name. */
struct rule_counter {
	const char *table, *chain, *name;
	guint64 packets, bytes;
};

struct kernel_listener {
	enum ip_proto proto; /* PROTO_TCP, PROTO_UDP */
	struct addr address;
	uint16_t port;
};

/* One flow that the node's connection tracking remembers, both ways: `src` to `dst` as its first
 * packet came in, `reply_src` to `reply_dst` as its answers do. */
struct tracked {
	const char *node;
	uint8_t proto;	       /* IPPROTO_* (netinet/in.h) */
	const char *tcp_state; /* the kernel's word, "ESTABLISHED"; NULL: another protocol */
	struct addr src, dst, reply_src, reply_dst;
	uint16_t sport, dport, reply_sport, reply_dport; /* 0: it has no ports */
	bool replied;	  /* a packet of the other direction came to this node */
	bool assured;	  /* the kernel would not give it up early */
	gint64 timeout_s; /* until its end, when no packet comes */
};

/* What the kernel itself answered when it was asked for a route (RTM_GETROUTE). */
struct kernel_lookup {
	struct addr from, to;
	const char *in;	      /* the packet comes in by it; NULL: the node sends it */
	int error;	      /* errno; 0: what follows */
	struct prefix prefix; /* that matched */
	struct addr via;      /* unset: on-link */
	const char *dev;      /* NULL: the loopback */
	unsigned table;
	enum kernel_route_type type;
};

typedef struct node_state {
	const char *name;
	gint64 time_us;		   /* when it was read (CLOCK_MONOTONIC) */
	GArray *links;		   /* struct kernel_link; without loopback */
	GArray *routes;		   /* struct kernel_route; without table local */
	GArray *rules;		   /* struct kernel_rule, in the kernel's order of each family */
	GArray *neighbours;	   /* struct kernel_neighbour */
	GArray *counters;	   /* struct kernel_counter */
	GArray *rule_counters;	   /* struct rule_counter, in the order of the ruleset */
	GArray *listeners;	   /* struct kernel_listener; NULL: not told */
	GArray *sessions;	   /* struct tracked, by protocol and addresses; NULL: not told */
	guint64 sessions_left_out; /* that were too many to be told */
	GArray *lookups;	   /* struct kernel_lookup; NULL: the kernel was not asked */
	const char *lookups_error; /* why the kernel did not answer; NULL */
	bool lookups_cut;	   /* there were more packets than look-ups */
	bool ipv4_forward, ipv6_forward;
	unsigned rp_filter_all; /* the stricter of this and a link's own counts */
	GStringChunk *texts;
	struct node_state *shares; /* what is not its own belongs to this one; NULL */
	guint refs;
} node_state;

typedef struct netstate {
	GPtrArray *nodes;     /* node_state, in the order in which they were read */
	GHashTable *by_name;  /* the same */
	bool counts_evidence; /* what follows was told */
	guint64 evidence_packets, evidence_lost; /* packets kept since the lab was built, and
						    those that came too fast to be */
	guint refs;
} netstate;

/* A question about a route, to the kernel of `node`. */
struct route_question {
	char *node;
	struct addr from, to;
	char *in; /* interface of the node that the packet comes in by; NULL: the node sends it */
};

/* --- making ----------------------------------------------------------------------------------- */

/* Empty, with nothing told: lists are there, but those that may be NULL. */
node_state *node_state_new(const char *name);
node_state *node_state_ref(node_state *n);
void node_state_unref(node_state *n);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(node_state, node_state_unref)
/* A state of its own which shares all lists and texts with `n`; a list may be replaced then (unref
 * it first), not written to. */
node_state *node_state_share(const node_state *n);
/* A copy that lives as long as the node's state; equal texts are kept once.  NULL: NULL. */
const char *node_state_text(node_state *n, const char *text);
/* Appends an empty link, all zero but for its list of addresses; to be filled in before the next
 * one. */
struct kernel_link *node_state_add_link(node_state *n);

/* Without nodes. */
netstate *netstate_new(void);
netstate *netstate_ref(const netstate *s); /* both accept NULL */
void netstate_unref(netstate *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(netstate, netstate_unref)
/* Takes `n` over; in place of one of the same name. */
void netstate_add(netstate *s, node_state *n);
/* A state of its own with `n` (taken over) in place of the node of that name; shares the others. */
netstate *netstate_with(const netstate *s, node_state *n);

/* A state of its own in which the node has none of the routes for which `gone` is true, and was
 * asked no look-ups. */
netstate *netstate_without_routes(const netstate *s, const char *node,
				  bool (*gone)(const struct kernel_route *r, gconstpointer data),
				  gconstpointer data);

/* struct route_question; free with g_ptr_array_unref. */
GPtrArray *route_questions_new(void);
/* Copies the texts. */
void route_questions_add(GPtrArray *questions, const char *node, const struct addr *from,
			 const struct addr *to, const char *in);

/* --- asking ----------------------------------------------------------------------------------- */

/* Borrowed; NULL: there is none of that name, or no state (`s`, `n` may be NULL). */
const node_state *netstate_node(const netstate *s, const char *name);
const struct kernel_link *node_state_link(const node_state *n, const char *name);
const struct kernel_link *node_state_link_at(const node_state *n, unsigned ifindex);
/* The link that has this very address. */
const struct kernel_link *node_state_owner(const node_state *n, const struct addr *a);
bool kernel_link_has(const struct kernel_link *link, const struct addr *a);
/* What the kernel of the node counted under that name; 0 too when nothing is told. */
gint64 node_state_counter(const node_state *n, const char *name);
/* A link of the node was given an IPv6 address; else nothing of IPv6 is told of it. */
bool node_state_tells_ipv6(const node_state *n);
/* Blackhole, unreachable, prohibit and the like. */
bool kernel_route_refuses(const struct kernel_route *r);

/* --- words ------------------------------------------------------------------------------------ */

/* ..._named: false, where there is no such word. */
const char *kernel_route_type_name(enum kernel_route_type type);
bool kernel_route_type_named(const char *name, enum kernel_route_type *ret);
const char *kernel_rule_action_name(enum kernel_rule_action action);
bool kernel_rule_action_named(const char *name, enum kernel_rule_action *ret);
const char *neighbour_state_name(enum neighbour_state state);
bool neighbour_state_named(const char *name, enum neighbour_state *ret);

#define KERNEL_WORD_MAX 16
/* "ENETUNREACH" of those that a look-up ends with, else the number.  Static, or into `buf`. */
const char *kernel_error_name(int error, char buf[static KERNEL_WORD_MAX]);
int kernel_error_named(const char *name); /* 0: no such error */
/* "udp", "ipv6-icmp", or the number.  Static, or into `buf`. */
const char *ip_protocol_name(uint8_t proto, char buf[static KERNEL_WORD_MAX]);
uint8_t ip_protocol_named(const char *name); /* 0: no such protocol */

#endif
