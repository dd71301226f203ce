/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the plan layer: what the files that make operations share.  Every build_* function
 * appends operations to the plan of its builder, in the order in which they must be carried out. */
#ifndef TESTBED_PLAN_BUILD_H
#define TESTBED_PLAN_BUILD_H

#include "common/base/object.h"
#include "testbed/plan/plan.h"

/* The state of one plan_build. */
struct builder {
	const model *m;
	plan *p;	       /* being built */
	unsigned next_ifindex; /* the number that the next interface gets */
};

/* What a node's routing sees: an interface, or the node's end of a tunnel.  Borrows from the
 * model. */
struct port {
	const char *ifname;
	const struct prefix *addresses;
	guint n_addresses;
	struct addr peer;		 /* the other end of a line without a subnet; unset: none */
	bool up;			 /* as the topology declares it */
	const struct tunnel *tunnel;	 /* NULL: an ordinary interface */
	const struct impairment *impair; /* of packets that leave by it, or NULL */
	struct loc loc;
};

/* A new operation of that kind with all other fields empty; the caller frees it with
 * object_free. */
struct op *op_new(enum op_kind kind, const char *node, struct loc loc);
/* The same, appended to the plan, which owns it; the caller fills in the fields of its kind. */
struct op *builder_add(struct builder *b, enum op_kind kind, const char *node, struct loc loc);

/* The node's ports (struct port): interfaces, then tunnel ends.  The caller frees the array. */
GArray *builder_ports(const struct builder *b, const struct node *n);
/* Whether any of the node's ports has an IPv6 address. */
bool node_has_ipv6(const struct builder *b, const struct node *n);

/* links.c */
/* The namespace of every node, and the kernel settings that every node gets. */
void build_namespaces(struct builder *b);
/* The bridges and veth pairs of all networks. */
void build_links(struct builder *b);
/* Loopback up, and the addresses of the node's interfaces; no tunnels. */
void build_addresses(struct builder *b, const struct node *n);
/* Delay, loss and rate of every port of the node that has any. */
void build_impairments(struct builder *b, const struct node *n);
/* The settings that the topology asks for.  Some belong to an interface: so these come last. */
void build_sysctls(struct builder *b, const struct node *n);
/* Both ends of a tunnel: interfaces, addresses, and up if the tunnel is up. */
void build_tunnel(struct builder *b, const struct tunnel *t);

/* routes.c: the node's routes and, for a strong host, its rules; `tunnels` false: those through
 * interfaces, true: those through tunnels. */
void build_routes(struct builder *b, const struct node *n, bool tunnels);

/* nft.c: the node's ruleset as one operation, and its UDP timeouts; nothing when it has no
 * rules. */
void build_nft(struct builder *b, const struct node *n);
/* Appends `ip FIELD { 10.0.0.0/8, ... } ` with the prefixes of one family (AF_INET, AF_INET6);
 * nothing when there are none. */
void nft_match_prefixes(GString *out, const char *field, const GArray *prefixes, int family);

/* Appends `FIELD { 80, 50000-50019 } ` of a list that is not empty (struct port_range). */
void nft_ports(GString *out, const char *field, const GArray *ports);

/* nft_nat.c: appends the table with the node's NAT rules; nothing without such rules. */
void nft_nat_table(GString *out, const struct builder *b, const struct node *n);
/* Appends rules of the forward chain that accept the packets which the node's NAT has let in. */
void nft_nat_forward(GString *out, const struct builder *b, const struct node *n);

/* dns.c: resolv.conf and hosts; dnsmasq's configuration and process where the node needs it. */
void build_dns_files(struct builder *b, const struct node *n);
void build_dns_process(struct builder *b, const struct node *n);
/* coturn.c: the Edge on the node whose A/V Edge is coturn; NULL: there is none. */
const struct edge_service *coturn_edge(const struct node *n);
/* coturn.c: coturn's two configurations; nothing unless the node's A/V Edge runs it. */
void build_coturn_files(struct builder *b, const struct node *n);
/* nginx.c: the configuration of the node's reverse proxy; nothing without one. */
void build_nginx_file(struct builder *b, const struct node *n);
/* process.c: the program of that service, and the client of an endpoint; nothing without it. */
void build_service_process(struct builder *b, const struct node *n, enum service_kind kind);
void build_client_process(struct builder *b, const struct node *n);
/* Appends OP_FILE; takes `path` and `text` over. */
void builder_add_file(struct builder *b, const struct node *n, char *path, char *text);

#endif
