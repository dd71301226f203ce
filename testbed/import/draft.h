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
	const char *source_name; /* its name in the input, borrowed from the facts */
	const struct draft_network *network;
	GArray *addresses; /* struct prefix */
	bool up;
	const char *note; /* borrowed; NULL: none */
};

struct draft_route {
	struct prefix to;
	struct addr via; /* unset: on link */
	const char *dev; /* borrowed */
	bool persistent;
	const char *note; /* constant text; NULL: none */
};

struct draft_node {
	char *name;
	bool windows;
	bool inferred; /* from other nodes' facts; the node has none itself */
	bool forwarding;
	const char *nat_out; /* outside interface of its NAT, borrowed; NULL: no NAT */
	GPtrArray *ifaces;   /* struct draft_iface */
	GArray *routes;	     /* struct draft_route */
	GPtrArray *notes;    /* char * */
};

struct draft {
	GPtrArray *networks; /* struct draft_network */
	GPtrArray *nodes;    /* struct draft_node */
	diags *found;
};

/* Adds a node, with a suffix where the name exists; borrowed. */
struct draft_node *draft_node_new(struct draft *t, const char *name);
/* The interface that has this address in network `n` (NULL: in any network), and its node (may be
 * NULL). NULL: none. */
struct draft_iface *draft_owner(const struct draft *t, const struct draft_network *n,
				const struct addr *a, struct draft_node **ret_node);
/* The node's interface on the network that contains the address.  NULL: none. */
struct draft_iface *draft_connected(const struct draft_node *node, const struct addr *a);
/* Adds an interface without addresses, named `source_name` with unsuitable characters replaced. */
struct draft_iface *draft_iface_new(struct draft_node *node, const char *source_name,
				    const struct draft_network *n);
/* Adds an address to the node's interface `source_name`, and the interface and the network where
 * they do not exist.  NULL with a warning: the address fits nowhere. */
struct draft_iface *draft_add_address(struct draft *t, struct draft_node *node,
				      const char *source_name, const struct fact_address *a);
/* Adds the routes whose gateway or interface exists (draft_routes.c). */
void draft_routes(struct draft *t, struct draft_node *node, const struct facts *f);
/* Add NAT nodes and relays that candidates show (draft_nat.c). */
void draft_nats(struct draft *t, struct draft_node *node, const struct facts *f);
void draft_relays(struct draft *t, const struct facts *f);

/* The draft as YAML (write.c); `from` names the inputs.  The caller frees. */
char *draft_write(const struct draft *t, const char *from);

/* Makes the topology of `all` (struct facts) as YAML; the caller frees.  NULL: errors in `d`. */
char *draft_topology(const GPtrArray *all, const char *from, diags *d);

#endif
