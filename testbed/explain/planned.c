/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/planned.h"

#include <string.h>

#define DEFAULT_TABLE 253

static void put_rule(node_state *n, const struct op_rule *r)
{
	const struct kernel_rule rule = {
		.pref = r->pref,
		.table = r->table,
		.from = r->from.len > 0 ? r->from : (struct prefix){.len = 0},
		.in = node_state_text(n, r->in),
		.action = r->unreachable ? KERNEL_RULE_UNREACHABLE : KERNEL_RULE_LOOKUP,
		.family = r->from.addr.family == AF_INET6 ? AF_INET6 : AF_INET,
	};

	g_array_append_val(n->rules, rule);
}

node_state *planned_node(netstate *s, const char *name)
{
	static const struct kernel_rule given[] = {
		{.pref = 32766, .table = ROUTE_TABLE_MAIN, .family = AF_INET},
		{.pref = 32767, .table = DEFAULT_TABLE, .family = AF_INET},
		{.pref = 32766, .table = ROUTE_TABLE_MAIN, .family = AF_INET6},
	};
	node_state *n = g_hash_table_lookup(s->by_name, name);

	if (n)
		return n;
	n = node_state_new(name);
	g_array_append_vals(n->rules, given, G_N_ELEMENTS(given));
	netstate_add(s, n);
	return n;
}

static struct kernel_link *link_of(node_state *n, const char *name)
{
	struct kernel_link *link;

	array_foreach(struct kernel_link, known, n->links)
		if (g_str_equal(known->name, name))
			return known;
	link = node_state_add_link(n);
	link->name = node_state_text(n, name);
	link->carrier = true;
	return link;
}

static void put_route(node_state *n, const struct op_route *op)
{
	struct kernel_route r = {.to = op->to,
				 .via = op->via,
				 .dev = node_state_text(n, op->dev),
				 .table = op->table,
				 .metric = op->metric > 0 || op->to.addr.family == AF_INET ?
						   op->metric :
						   ROUTE_METRIC_IPV6};

	kernel_route_type_named(route_type_name(op->type), &r.type);
	g_array_append_val(n->routes, r);
}

static void put_sysctl(node_state *n, const char *key, const char *value)
{
	static const char filter[] = ".rp_filter", conf[] = "net.ipv4.conf.";
	unsigned number = (unsigned)g_ascii_strtoull(value, NULL, 10);

	if (g_str_equal(key, "net.ipv4.ip_forward")) {
		n->ipv4_forward = number != 0;
	} else if (g_str_equal(key, "net.ipv4.ip_default_ttl")) {
		const struct kernel_counter c = {node_state_text(n, "IpDefaultTTL"), number};

		g_array_append_val(n->counters, c);
	} else if (g_str_equal(key, "net.ipv6.conf.all.forwarding")) {
		n->ipv6_forward = number != 0;
	} else if (g_str_has_prefix(key, conf) && g_str_has_suffix(key, filter)) {
		g_autofree char *name =
			g_strndup(key + strlen(conf), strlen(key) - strlen(conf) - strlen(filter));

		if (g_str_equal(name, "all"))
			n->rp_filter_all = number;
		else if (!g_str_equal(name, "default") && !g_str_equal(name, "lo"))
			link_of(n, name)->rp_filter = number;
	}
}

static void put_address(node_state *n, const struct op *op)
{
	struct kernel_link *link = link_of(n, op->addr.ifname);
	const struct addr *peer = &op->addr.peer;

	g_array_append_val(link->addresses, op->addr.address);
	if (addr_is_set(peer) && link->up)
		put_route(n, &(struct op_route){.to = {*peer, addr_bits(peer)},
						.dev = op->addr.ifname,
						.table = ROUTE_TABLE_MAIN});
}

static void put_op(netstate *s, const struct op *op)
{
	node_state *n = planned_node(s, op->node);

	if (op->kind == OP_VETH) {
		for (int e = 0; e < 2; e++) {
			struct kernel_link *link =
				link_of(planned_node(s, op->veth[e].node), op->veth[e].ifname);
			unsigned mtu_bytes = op->veth[e].mtu_bytes;

			link->up = op->veth[e].up;
			link->mtu_bytes = mtu_bytes > 0 ? mtu_bytes : 1500;
		}
	} else if (op->kind == OP_LINK_UP && !g_str_equal(op->link_up.ifname, "lo")) {
		link_of(n, op->link_up.ifname)->up = true;
	} else if (op->kind == OP_ADDR) {
		put_address(n, op);
	} else if (op->kind == OP_ROUTE) {
		put_route(n, &op->route);
	} else if (op->kind == OP_RULE) {
		put_rule(n, &op->rule);
	} else if (op->kind == OP_SYSCTL) {
		put_sysctl(n, op->sysctl.key, op->sysctl.value);
	}
}

/* The kernel's own routes to the subnets of links that are up. */
static void put_connected(node_state *n)
{
	for (guint i = 0; i < n->links->len; i++) {
		const struct kernel_link *link = &g_array_index(n->links, struct kernel_link, i);

		for (guint k = 0; k < link->addresses->len; k++) {
			const struct prefix p =
				prefix_network(&g_array_index(link->addresses, struct prefix, k));

			if (link->up && p.len < addr_bits(&p.addr))
				put_route(n, &(struct op_route){.to = p,
								.dev = (char *)(guintptr)link->name,
								.table = ROUTE_TABLE_MAIN});
		}
	}
}

netstate *planned_state(const model *m)
{
	g_autoptr(plan) p = plan_build(m);
	netstate *s = netstate_new();

	for (guint i = 0; i < p->ops->len; i++)
		put_op(s, p->ops->pdata[i]);
	for (guint i = 0; i < s->nodes->len; i++)
		put_connected(s->nodes->pdata[i]);
	return s;
}
