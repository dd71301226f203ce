/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The topology made from facts (theory of operation: draft.c).  Private to the import layer.  Pure.
 */
#ifndef TESTBED_IMPORT_DRAFT_H
#define TESTBED_IMPORT_DRAFT_H

#include "testbed/import/facts.h"

struct draft_network {
	char *name;
	struct prefix subnet, subnet6; /* without host bits; subnet6 unset: none */
	bool reusable;
	const char *note; /* constant text; NULL: none */
};

struct draft_iface {
	char *name;
	const char *source_name;	 /* its name in the input, borrowed from the facts */
	const struct fact_iface *source; /* borrowed; NULL: the node is inferred */
	const struct draft_network *network;
	GArray *addresses; /* struct prefix */
	struct addr peer;  /* of its host address: the other end of its line; unset: none */
	bool up;
	const char *note; /* borrowed; NULL: none */
};

struct draft_route {
	struct prefix to;
	struct addr via;  /* unset: on link */
	const char *dev;  /* borrowed; NULL with a type */
	const char *type; /* constant text; NULL: unicast */
	bool dead;
	unsigned metric;
	unsigned table; /* 0: the main one */
	struct loc loc;
	bool persistent;
	const char *note; /* constant text; NULL: none */
};

/* Packets from there, that came in by that interface, use a table of their own. */
struct draft_rule {
	struct prefix from;
	const char *in; /* borrowed; NULL: any interface */
	unsigned table;
	const char *table_name; /* in the input, borrowed */
};

struct draft_node {
	char *name;
	bool windows;
	bool is_relay; /* a relayed candidate has its address */
	bool inferred; /* from other nodes' facts; the node has none itself */
	bool forwarding;
	struct addr resolver;	   /* in place of those of the facts; unset: none */
	const char *nat_out;	   /* outside interface of its NAT, borrowed; NULL: no NAT */
	const struct facts *facts; /* borrowed; NULL: inferred */
	GPtrArray *ifaces;	   /* struct draft_iface */
	GArray *routes;		   /* struct draft_route, of the main table */
	GArray *policy_routes;	   /* struct draft_route, of the tables that rules lead to */
	GArray *rules;		   /* struct draft_rule, in the order in which they are asked */
	GPtrArray *notes;	   /* char * */
	GPtrArray *more;	   /* char *: further lines of YAML, at the node's indentation */
};

struct draft {
	bool complete;	      /* made by draft_complete */
	const GPtrArray *all; /* struct facts, borrowed */
	GPtrArray *networks;  /* struct draft_network */
	GPtrArray *nodes;     /* struct draft_node */
	diags *found;
};

/* Adds a node, with a suffix where the name exists; borrowed. */
struct draft_node *draft_node_new(struct draft *t, const char *name);
/* The interface that has this address in network `n` (NULL: in any network), and its node (may be
 * NULL). NULL: none. */
struct draft_iface *draft_owner(const struct draft *t, const struct draft_network *n,
				const struct addr *a, struct draft_node **ret_node);
/* The node's interface in the network.  NULL: none. */
struct draft_iface *draft_iface_on(const struct draft_node *node, const struct draft_network *n);
bool draft_node_has(const struct draft_node *node, const struct addr *a);
/* The node's interface with an address in one subnet with this one, or whose line ends at it; of
 * several that one with this name in the input (NULL: any).  NULL: none. */
struct draft_iface *draft_connected(const struct draft_node *node, const struct addr *a,
				    const char *source_name);
/* Adds an interface without addresses, named `source_name` with unsuitable characters replaced. */
struct draft_iface *draft_iface_new(struct draft_node *node, const char *source_name,
				    const struct draft_network *n);
/* Adds an address to the node's interface `source_name`, and the interface and the network where
 * they do not exist.  NULL with a warning: the address fits nowhere. */
struct draft_iface *draft_add_address(struct draft *t, struct draft_node *node,
				      const char *source_name, const struct fact_address *a);
bool draft_iface_has(const struct draft_iface *i, const struct addr *a);
/* Gives every node the interfaces of its facts (draft_address.c). */
void draft_addresses(struct draft *t);
/* Finds or adds the network of an address; two that overlap become reusable, with a warning. */
struct draft_network *draft_join_network(struct draft *t, const struct draft_node *node,
					 const struct fact_address *a);
/* An address of the subnet that nobody has in network `n` (NULL: in any), and no route names as a
 * gateway, the first or, with `from_top`, the last.  false: there is none. */
bool draft_free_address(const struct draft *t, const struct draft_network *n,
			const struct prefix *subnet, bool from_top, struct addr *ret);
/* Whether a network, or the host address of an interface, is exactly this destination. */
bool draft_is_own_subnet(const struct draft_node *node, const struct prefix *to);
/* The IPv4 default route, of several the preferred one.  NULL: none. */
const struct draft_route *draft_default_route(const struct draft_node *node);
/* Whether a host can have the address: neither the first nor the last of an IPv4 subnet, nor the
 * first of an IPv6 one, nor one of a subnet with reserved addresses. */
bool draft_is_host(const struct prefix *p);
/* Adds the routes whose gateway or interface exists, the best to each destination
 * (draft_routes.c). */
void draft_routes(struct draft *t, struct draft_node *node);
/* Adds the policy rules that lead to routes of the node, and drops the routes of other tables. */
void draft_policy_rules(struct draft *t, struct draft_node *node);
/* Add NAT nodes and relays that candidates show (draft_nat.c). */
void draft_nats(struct draft *t, struct draft_node *node, const struct facts *f);
void draft_relays(struct draft *t, const struct facts *f);

/* Adds what calls need and the inputs do not show (complete.c). */
void draft_complete(struct draft *t);

/* The draft as YAML (write.c); `from` names the inputs.  The caller frees. */
char *draft_write(const struct draft *t, const char *from);

/* Makes the topology of `all` (struct facts) as YAML; the caller frees.  NULL: errors in `d`. */
char *draft_topology(const GPtrArray *all, const char *from, bool complete, diags *d);

#endif
