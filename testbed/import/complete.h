/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `import --complete` adds (theory of operation: complete.c).  Private to complete*.c.  Pure.
 */
#ifndef TESTBED_IMPORT_COMPLETE_H
#define TESTBED_IMPORT_COMPLETE_H

#include "testbed/import/draft.h"

/* How packets come to a network. */
struct reach {
	bool seen, behind_nat;
	struct draft_node *upstream; /* the router by which it was reached */
	struct addr gateway;	     /* its address in the network */
};

/* DNS names of what the servers are. */
enum role_name { NAME_FRONT_END, NAME_EDGE, NAME_ACCESS, NAME_AV, NAME_WEB, ROLE_NAMES };

struct completion {
	struct draft *t;
	struct draft_node *core;    /* `internet` */
	struct draft_node *company; /* of a deployment, has its unknown inner gateways; NULL:
				       none was needed */
	const struct draft_network *outside; /* public: name server, a client */
	const struct draft_network *inside;  /* of the Front End */
	struct draft_node *edge, *proxy, *server, *public_dns;
	const struct draft_iface *edge_in, *edge_out, *proxy_out;
	const struct edge_role *role; /* the Edge's in the deployment; NULL: it is none of it */
	const struct deploy_pool *front_end; /* the server's; NULL: as above */
	const struct addr *server_address;
	const char *domain;
	char *names[ROLE_NAMES];
	bool is_av;	     /* the first outer address of the Edge is the A/V Edge's */
	GHashTable *reached; /* struct draft_network -> struct reach */
	GHashTable *came_by; /* struct draft_node (a router) -> struct draft_network */
};

/* Adds a node with a comment that says what it stands for; borrowed. */
struct draft_node *complete_node(struct completion *c, const char *name, const char *what);
/* Adds a network that overlaps with no other and no route; borrowed. */
const struct draft_network *complete_network(struct completion *c, bool is_public);
/* Gives the node an address in the network: `want`, or an unused one unless it has one already.
 * NULL: it can't have one there. */
struct draft_iface *complete_join(struct completion *c, struct draft_node *node, const char *name,
				  const struct draft_network *n, const struct addr *want);
/* Adds a route unless the node has one to this destination; `via` may be NULL. */
void complete_route(struct draft_node *node, const struct prefix *to, const struct addr *via,
		    const char *dev);
/* Gives the node a default route unless it has one. */
void complete_default(const struct completion *c, struct draft_node *node);
/* Nodes that the deployment's Edges need in front of them: the 1:1 NAT (complete_nat.c).  Then,
 * when all is connected, the routes to their outside addresses. */
void complete_nat(struct completion *c);
void complete_nat_routes(struct completion *c);
/* Routes to a prefix at every router between `internet` and `router`, which leads to it. */
void complete_ways(struct completion *c, const struct prefix *to, const struct draft_node *router);
const struct reach *complete_reach(const struct completion *c, const struct draft_network *n);

/* Servers and clients, and their interfaces; `nodes`: how many were imported.  Then, when all is
 * connected, what they run (complete_services.c). */
void complete_servers(struct completion *c, guint nodes);
void complete_services(struct completion *c, guint nodes);

#endif
