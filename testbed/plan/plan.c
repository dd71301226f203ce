/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/plan/plan.h"

#include "common/base/object.h"
#include "testbed/plan/build.h"

static const char *const op_kind_names[] = {
#define X(id, name) [OP_##id] = name,
	OP_KINDS(X)
#undef X
};
G_STATIC_ASSERT(G_N_ELEMENTS(op_kind_names) == OP_KIND_COUNT);

const char *op_kind_name(enum op_kind kind)
{
	return op_kind_names[kind];
}

#define OP_SHAPE(...) OBJECT_SHAPE(op, NULL, OWNS_TEXT(op, node), __VA_ARGS__)
#define OWNS_PROCESS                                              \
	OWNS_TEXT(op, process.name), OWNS_TEXT(op, process.role), \
		OWNS(op, process.argv, (GDestroyNotify)g_strfreev)

static const struct object_shape op_shapes[] = {
	[OP_NETNS] = OBJECT_SHAPE(op, NULL, OWNS_TEXT(op, node)),
	[OP_SYSCTL] = OP_SHAPE(OWNS_TEXT(op, sysctl.key), OWNS_TEXT(op, sysctl.value)),
	[OP_BRIDGE] = OP_SHAPE(OWNS_TEXT(op, bridge.ifname)),
	[OP_VETH] = OP_SHAPE(OWNS_TEXT(op, veth[0].node), OWNS_TEXT(op, veth[0].ifname),
			     OWNS_TEXT(op, veth[0].bridge), OWNS_TEXT(op, veth[1].node),
			     OWNS_TEXT(op, veth[1].ifname), OWNS_TEXT(op, veth[1].bridge)),
	[OP_TUNNEL] = OP_SHAPE(OWNS_TEXT(op, tunnel.tunnel), OWNS_TEXT(op, tunnel.ifname),
			       OWNS_TEXT(op, tunnel.key_local), OWNS_TEXT(op, tunnel.key_remote),
			       OWNS(op, tunnel.allowed, (GDestroyNotify)g_array_unref)),
	[OP_ADDR] = OP_SHAPE(OWNS_TEXT(op, addr.ifname)),
	[OP_LINK_UP] = OP_SHAPE(OWNS_TEXT(op, link_up.ifname)),
	[OP_ROUTE] = OP_SHAPE(OWNS_TEXT(op, route.dev)),
	[OP_RULE] = OP_SHAPE(OWNS_TEXT(op, rule.in)),
	[OP_IMPAIR] = OP_SHAPE(OWNS_TEXT(op, impair.ifname)),
	[OP_NFT] = OP_SHAPE(OWNS_TEXT(op, nft.text)),
	[OP_FILE] = OP_SHAPE(OWNS_TEXT(op, file.path), OWNS_TEXT(op, file.text)),
	[OP_DAEMON] = OP_SHAPE(OWNS_PROCESS),
	[OP_AGENT] = OP_SHAPE(OWNS_PROCESS),
};
G_STATIC_ASSERT(G_N_ELEMENTS(op_shapes) == OP_KIND_COUNT);

struct op *op_new(enum op_kind kind, const char *node, struct loc loc)
{
	struct op *op = object_new(&op_shapes[kind]);

	op->kind = kind;
	op->node = g_strdup(node);
	op->loc = loc;
	return op;
}

struct op *builder_add(struct builder *b, enum op_kind kind, const char *node, struct loc loc)
{
	struct op *op = op_new(kind, node, loc);

	g_ptr_array_add(b->p->ops, op);
	return op;
}

void builder_add_file(struct builder *b, const struct node *n, char *path, char *text)
{
	struct op *op = builder_add(b, OP_FILE, n->name, n->loc);

	op->file.path = path;
	op->file.text = text;
}

GArray *builder_ports(const struct builder *b, const struct node *n)
{
	GArray *ports = g_array_new(FALSE, TRUE, sizeof(struct port));

	ptr_array_foreach(const struct iface, f, n->interfaces) {
		struct port p = {.ifname = f->name,
				 .addresses =
					 (const struct prefix *)(const void *)f->addresses->data,
				 .n_addresses = f->addresses->len,
				 .peer = f->peer,
				 .up = f->up,
				 .impair = iface_impairment(f),
				 .loc = f->loc};

		g_array_append_val(ports, p);
	}
	ptr_array_foreach(const struct tunnel, t, b->m->tunnels) {
		for (guint e = 0; e < 2; e++) {
			struct port p = {.ifname = t->ends[e].iface,
					 .addresses = &t->ends[e].address,
					 .n_addresses = 1,
					 .up = t->up,
					 .impair = tunnel_impairment(t, e),
					 .loc = t->loc,
					 .tunnel = t};

			if (t->ends[e].node == n)
				g_array_append_val(ports, p);
		}
	}
	return ports;
}

bool node_has_ipv6(const struct builder *b, const struct node *n)
{
	g_autoptr(GArray) ports = builder_ports(b, n);

	array_foreach(const struct port, p, ports)
		for (guint a = 0; a < p->n_addresses; a++)
			if (p->addresses[a].addr.family == AF_INET6)
				return true;
	return false;
}

/* All network operations, in the order that plan.h gives. */
static void build_network(struct builder *b)
{
	const GPtrArray *nodes = b->m->nodes;

	build_namespaces(b);
	build_links(b);
	for (guint i = 0; i < nodes->len; i++) {
		build_addresses(b, nodes->pdata[i]);
		build_routes(b, nodes->pdata[i], false);
		build_nft(b, nodes->pdata[i]);
	}
	for (guint i = 0; i < b->m->tunnels->len; i++)
		build_tunnel(b, b->m->tunnels->pdata[i]);
	for (guint i = 0; i < nodes->len; i++)
		build_routes(b, nodes->pdata[i], true);
	for (guint i = 0; i < nodes->len; i++)
		build_impairments(b, nodes->pdata[i]);
	for (guint i = 0; i < nodes->len; i++)
		build_sysctls(b, nodes->pdata[i]);
}

/* Files, then processes.  Servers come before those who ask them: DNS, reverse proxies
 * (daemons come before agents), Front End, Edges, clients. */
static void build_processes(struct builder *b)
{
	static const enum service_kind order[] = {SERVICE_REVERSE_PROXY, SERVICE_FRONTEND,
						  SERVICE_EDGE};
	const GPtrArray *nodes = b->m->nodes;

	for (guint i = 0; i < nodes->len; i++) {
		build_dns_files(b, nodes->pdata[i]);
		build_coturn_files(b, nodes->pdata[i]);
		build_nginx_file(b, nodes->pdata[i]);
	}
	for (guint i = 0; i < nodes->len; i++)
		build_dns_process(b, nodes->pdata[i]);
	for (gsize k = 0; k < G_N_ELEMENTS(order); k++)
		for (guint i = 0; i < nodes->len; i++)
			build_service_process(b, nodes->pdata[i], order[k]);
	for (guint i = 0; i < nodes->len; i++)
		build_client_process(b, nodes->pdata[i]);
}

plan *plan_build(const model *m)
{
	struct builder b = {.m = m, .p = g_new0(plan, 1), .next_ifindex = PLAN_FIRST_IFINDEX};

	b.p->ops = g_ptr_array_new_with_free_func(object_free);
	build_network(&b);
	build_processes(&b);
	return b.p;
}

void plan_free(plan *p)
{
	if (!p)
		return;
	g_ptr_array_unref(p->ops);
	g_free(p);
}
