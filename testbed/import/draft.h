/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The topology that facts make.  Private to the import layer.  Pure. */
#ifndef TESTBED_IMPORT_DRAFT_H
#define TESTBED_IMPORT_DRAFT_H

#include "testbed/import/facts.h"

struct draft_network {
	char *name;
	struct prefix subnet, subnet6; /* host bits clear; subnet6 unset: none */
	bool reusable;
	const char *note; /* constant text; NULL: none */
};

struct draft_iface {
	char *name;
	const char *said; /* what it is called where it came from; borrowed from its facts, or as
			     `name` */
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
	bool windows, made; /* `made`: of no facts of its own */
	bool forwarding;
	const char *nat_out; /* interface that masquerades, borrowed; NULL: none */
	GPtrArray *ifaces;   /* struct draft_iface */
	GArray *routes;	     /* struct draft_route */
	GPtrArray *notes;    /* char * */
};

struct draft {
	GPtrArray *networks; /* struct draft_network */
	GPtrArray *nodes;    /* struct draft_node */
	diags *found;
};

/* Adds a node; its name is made unique. */
struct draft_node *draft_node_new(struct draft *t, const char *name);
/* The interface that has this address in network `n`, NULL: in any; NULL: none.  `ret_node` may be
 * NULL. */
struct draft_iface *draft_owner(const struct draft *t, const struct draft_network *n,
				const struct addr *a, struct draft_node **ret_node);
/* The node's interface whose network contains the address; NULL: none. */
struct draft_iface *draft_connected(const struct draft_node *node, const struct addr *a);
/* An interface without addresses; its name is `said`, made to fit. */
struct draft_iface *draft_iface_new(struct draft_node *node, const char *said,
				    const struct draft_network *n);
/* Puts an address on the node's interface `said`, on the network that it belongs to, which is made
 * where there is none. NULL: it has no place, told as a warning. */
struct draft_iface *draft_place(struct draft *t, struct draft_node *node, const char *said,
				const struct said_address *a);
/* The node's routes, as far as they lead somewhere (draft_routes.c). */
void draft_routes(struct draft *t, struct draft_node *node, const struct facts *f);
/* NAT nodes and relays that the candidates tell of (draft_nat.c). */
void draft_nats(struct draft *t, struct draft_node *node, const struct facts *f);
void draft_relays(struct draft *t, const struct facts *f);

/* The topology as YAML (write.c); the caller frees it. */
char *draft_write(const struct draft *t, const char *from);

/* All of it: `all` is of struct facts, `from` names the inputs.  The YAML text, which the caller
 * frees; NULL: errors. */
char *draft_topology(const GPtrArray *all, const char *from, diags *d);

#endif
