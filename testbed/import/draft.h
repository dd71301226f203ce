/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The topology made from facts (theory of operation: draft.c).  Private to the import layer.  Pure.
 */
#ifndef TESTBED_IMPORT_DRAFT_H
#define TESTBED_IMPORT_DRAFT_H

#include "testbed/import/deployment.h"

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
	char *site; /* NULL: none */
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

struct draft_tunnel_end {
	const struct draft_node *node;
	const struct draft_iface *iface;
	const struct addr *underlay;
};

struct draft_tunnel {
	struct draft_tunnel_end ends[2];
};

struct draft_site {
	char *name, *title;
};

/* An Edge, where it is and what it has; 0 and unset: as by default. */
struct edge_role {
	const struct deploy_pool *pool; /* borrowed; NULL: of no deployment */
	struct draft_node *node;
	struct draft_node *nat; /* the 1:1 NAT in front of it; NULL: none, or not yet found */
	const struct draft_iface *in, *out;
	const char *fqdn; /* borrowed */
	struct addr access, av, av_tcp, access_outside, av_outside;
	unsigned access_port, tcp_port;
	bool guessed;	 /* an address is */
	bool has_export; /* its routes are known */
};

struct front_end_role {
	const struct deploy_pool *pool; /* borrowed */
	struct draft_node *node;
};

struct draft {
	bool complete;			     /* made by draft_complete */
	const GPtrArray *all;		     /* struct facts, borrowed */
	const struct deployment *deployment; /* borrowed; NULL: none */
	GPtrArray *networks;		     /* struct draft_network */
	GPtrArray *nodes;		     /* struct draft_node */
	GPtrArray *sites;		     /* struct draft_site */
	GArray *edges;			     /* struct edge_role, of the deployment */
	GArray *front_ends;		     /* struct front_end_role */
	diags *found;
};

struct draft_site *draft_site_new(const char *name, const char *title);

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
/* Whether the network is a tunnel, and its ends (tunnels.c).  Whether the interface is one of them.
 */
bool draft_tunnel(const struct draft *t, const struct draft_network *n, struct draft_tunnel *ret);
bool draft_is_tunnel_end(const struct draft *t, const struct draft_iface *i);
/* What lies behind the end (struct prefix); the caller frees. */
GArray *draft_tunnel_prefixes(const struct draft_tunnel *tunnel, guint end);
/* Adds the policy rules that lead to routes of the node, and drops the routes of other tables. */
void draft_policy_rules(struct draft *t, struct draft_node *node);
/* Add NAT nodes and relays that candidates show (draft_nat.c). */
void draft_nats(struct draft *t, struct draft_node *node, const struct facts *f);
void draft_relays(struct draft *t, const struct facts *f);

/* Finds the deployment's Front Ends and Edges among the nodes (deploy_draft.c).  Tells where the
 * deployment and the machine do not agree. */
void draft_roles(struct draft *t);
/* Gives the node the pool's site. */
void draft_site(struct draft *t, struct draft_node *node, const struct deploy_pool *pool);
/* The node that the Edge hands to.  NULL: there is no Front End. */
struct draft_node *draft_next_hop(const struct draft *t, const struct edge_role *r);
/* Whether the node is a machine of the deployment. */
bool draft_has_role(const struct draft *t, const struct draft_node *node);
/* The SIP domain; a name in it unless it is known, which the caller frees. */
const char *draft_domain(const struct draft *t);
char *draft_fqdn(const struct draft *t, const char *known, const char *host);
/* The node's first IPv4 address in an IPv4 network, and its interface (may be NULL).  NULL: none.
 */
const struct addr *draft_ipv4(const struct draft_node *node, const struct draft_iface **ret);
/* The first address of the first interface. */
const struct addr *draft_primary(const struct draft_node *node);
/* Writes what the deployment's Front Ends and Edges run; of one Edge. */
void draft_deployed_services(struct draft *t);
void draft_deployed_edge(const struct draft *t, const struct edge_role *r, const char *next_hop);
/* Adds a line of YAML to the node, or those of a service; `pool` may be NULL. */
void draft_line(struct draft_node *node, const char *format, ...) G_GNUC_PRINTF(2, 3);
void draft_front_end_lines(struct draft_node *node, const char *fqdn,
			   const struct deploy_pool *pool);
void draft_edge_lines(const struct edge_role *r, const char *access_fqdn, const char *av_fqdn,
		      const char *next_hop);

/* Adds what calls need and the inputs do not show (complete.c). */
void draft_complete(struct draft *t);

/* The draft as YAML (write.c); `from` names the inputs.  The caller frees. */
char *draft_write(const struct draft *t, const char *from);

/* Makes the topology of `all` (struct facts), and of the deployment unless it is NULL, as YAML; the
 * caller frees.  NULL: errors in `d`. */
char *draft_topology(const GPtrArray *all, const struct deployment *deployment, const char *from,
		     bool complete, diags *d);

#endif
