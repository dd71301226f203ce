/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the plan layer: what the files that make ops share.
 *
 * A `builder` is one plan_build at work.  A `port` is what a node's routing sees: an interface or
 * the node's end of a tunnel.
 */
#ifndef TESTBED_PLAN_BUILD_H
#define TESTBED_PLAN_BUILD_H

#include "testbed/plan/plan.h"

struct builder {
	const model *m;
	plan *p;
	unsigned next_ifindex;
};

struct port {
	const char *ifname;
	const struct prefix *addresses;
	guint n_addresses;
	bool up;
	const struct tunnel *tunnel;	 /* NULL: an ordinary interface */
	const struct impairment *impair; /* of what leaves by it, or NULL */
	struct loc loc;
};

/* An empty op, for object_free. */
struct op *op_new(enum op_kind kind, const char *node, struct loc loc);
/* Adds an empty op to the plan; borrowed. */
struct op *builder_add(struct builder *b, enum op_kind kind, const char *node, struct loc loc);

/* Ports of a node in order: interfaces first, then tunnel ends.  The caller frees the array. */
GArray *builder_ports(const struct builder *b, const struct node *n);
bool node_has_ipv6(const struct builder *b, const struct node *n);

/* links.c */
void build_namespaces(struct builder *b);
void build_links(struct builder *b);
void build_addresses(struct builder *b, const struct node *n);
void build_impairments(struct builder *b, const struct node *n);
/* The node's own settings, some of which are of interfaces: last of all. */
void build_sysctls(struct builder *b, const struct node *n);
void build_tunnel(struct builder *b, const struct tunnel *t);

/* routes.c: those through ordinary interfaces, or those through tunnels */
void build_routes(struct builder *b, const struct node *n, bool tunnels);

/* nft.c */
void build_nft(struct builder *b, const struct node *n);
/* `ip saddr { 10.0.0.0/8, ... } ` for the prefixes of one family; nothing for an empty list. */
void nft_match_prefixes(GString *out, const char *field, const GArray *prefixes, int family);

/* nft_nat.c */
void nft_nat_table(GString *out, const struct builder *b, const struct node *n);
/* Rules of the forward chain that let in what the node's NAT let in; appended one a line. */
void nft_nat_forward(GString *out, const struct builder *b, const struct node *n);

/* dns.c, coturn.c, process.c */
void build_dns_files(struct builder *b, const struct node *n);
void build_coturn_files(struct builder *b, const struct node *n);
void build_dns_process(struct builder *b, const struct node *n);
void build_service_process(struct builder *b, const struct node *n, enum service_kind kind);
void build_client_process(struct builder *b, const struct node *n);
/* The op gets the text; `text` is taken over. */
void builder_add_file(struct builder *b, const struct node *n, char *path, char *text);

#endif
