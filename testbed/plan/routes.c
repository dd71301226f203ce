/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes, and the two host models.
 *
 * Weak (Linux): every route is in the main table, whatever source address a packet has, unless the
 * node's policy rules send packets to other tables first.
 * Strong (Windows Server since 2008): a packet from an interface's address may leave only through
 * that interface.  Each interface gets a table of its own with what is reachable through it, a rule
 * that sends packets from the interface's addresses to that table, and a rule that ends the search
 * after it: sending elsewhere fails with ENETUNREACH and does not leave by another interface.  The
 * main table stays complete for sockets that are not bound to an address.
 */
#include "testbed/plan/build.h"

#define FIRST_PREF 100u /* only weak hosts have policy rules, so that both may begin here */

/* The port of that name, borrowed; NULL: none. */
static const struct port *find_port(const GArray *ports, const char *ifname)
{
	array_foreach(const struct port, p, ports)
		if (g_str_equal(p->ifname, ifname))
			return p;
	return NULL;
}

/* Whether the address lies in a subnet of the port, or is the other end of its line. */
static bool port_reaches(const struct port *p, const struct addr *a)
{
	for (guint i = 0; i < p->n_addresses; i++)
		if (prefix_contains(&p->addresses[i], a))
			return true;
	return addr_is_set(a) && addr_equal(&p->peer, a);
}

/* The port that a declared route leaves by; NULL: no port's subnet has its gateway. */
static const struct port *route_port(const GArray *ports, const struct route *r)
{
	if (r->dev)
		return find_port(ports, r->dev);
	array_foreach(const struct port, p, ports)
		if (port_reaches(p, &r->via))
			return p;
	return NULL;
}

/* Appends a route to `to` through port `p`, on-link unless the caller adds a gateway. */
static struct op *add_route(struct builder *b, const struct node *n, struct loc loc,
			    const struct prefix *to, const struct port *p, unsigned table)
{
	struct op *op = builder_add(b, OP_ROUTE, n->name, loc);

	op->route.to = *to;
	op->route.dev = g_strdup(p->ifname);
	op->route.table = table;
	return op;
}

/* Adds those routes of the topology that leave by port `p`, to `table` (0: each to its own). */
static void add_declared_routes(struct builder *b, const struct node *n, const GArray *ports,
				const struct port *p, unsigned table)
{
	ptr_array_foreach(const struct route, r, n->routes) {
		struct op *op;

		if (route_port(ports, r) != p)
			continue;
		op = add_route(b, n, r->loc, &r->to, p, table == 0 ? r->table : table);
		op->route.via = r->via;
		op->route.onlink = r->onlink;
		op->route.metric = r->metric;
	}
}

/* Adds the routes that throw packets away, to `table` (0: each to its own): they belong to no
 * port. */
static void add_refusing_routes(struct builder *b, const struct node *n, unsigned table)
{
	ptr_array_foreach(const struct route, r, n->routes) {
		struct op *op =
			r->type == ROUTE_UNICAST ? NULL : builder_add(b, OP_ROUTE, n->name, r->loc);

		if (op)
			op->route = (struct op_route){.to = r->to,
						      .metric = r->metric,
						      .table = table == 0 ? r->table : table,
						      .type = r->type};
	}
}

/* Whether the port has the prefix of address number `index` also at a lower index. */
static bool has_same_prefix_before(const struct port *p, guint index)
{
	for (guint i = 0; i < index; i++)
		if (prefix_equal(&p->addresses[i], &p->addresses[index]))
			return true;
	return false;
}

/* Adds the port's own subnets and its peer.  The kernel does that only in the main table, and in
 * every one for link-local addresses. */
static void add_connected_routes(struct builder *b, const struct node *n, const struct port *p,
				 unsigned table)
{
	for (guint i = 0; i < p->n_addresses; i++) {
		struct prefix subnet = prefix_network(&p->addresses[i]);

		if (!has_same_prefix_before(p, i) && !addr_is_link_local6(&subnet.addr))
			add_route(b, n, n->loc, &subnet, p, table)->route.src =
				p->addresses[i].addr;
	}
	if (addr_is_set(&p->peer))
		add_route(b, n, n->loc, &(struct prefix){p->peer, addr_bits(&p->peer)}, p, table);
}

/* Adds the rule that looks up packets from `from` in `table`; table 0: they are refused. */
static struct op_rule *add_rule(struct builder *b, const struct node *n, struct loc loc,
				const struct prefix *from, unsigned pref, unsigned table)
{
	struct op *op = builder_add(b, OP_RULE, n->name, loc);

	op->rule.pref = pref;
	op->rule.from = *from;
	op->rule.table = table;
	op->rule.unreachable = table == 0;
	return &op->rule;
}

/* Adds such a rule for each address of the port. */
static void add_port_rules(struct builder *b, const struct node *n, const struct port *p,
			   unsigned pref, unsigned table)
{
	for (guint i = 0; i < p->n_addresses; i++) {
		const struct addr *a = &p->addresses[i].addr;

		if (!addr_is_link_local6(a))
			add_rule(b, n, n->loc, &(struct prefix){*a, addr_bits(a)}, pref, table);
	}
}

static void add_policy_rules(struct builder *b, const struct node *n)
{
	unsigned pref = FIRST_PREF;

	ptr_array_foreach(const struct policy_rule, r, n->policy_rules)
		add_rule(b, n, r->loc, &r->from, pref++, r->table)->in = g_strdup(r->in_iface);
}

/* Adds the table and the rules of one port of a strong host.  A port that is down has an empty
 * table. */
static void add_strong_port(struct builder *b, const struct node *n, const GArray *ports,
			    guint index)
{
	const struct port *p = &g_array_index(ports, struct port, index);
	unsigned table = ROUTE_TABLE_STRONG + index;

	if (p->up) {
		add_connected_routes(b, n, p, table);
		add_declared_routes(b, n, ports, p, table);
		add_refusing_routes(b, n, table);
	}
	add_port_rules(b, n, p, FIRST_PREF + 2 * index, table);
	add_port_rules(b, n, p, FIRST_PREF + 2 * index + 1, 0);
}

void build_routes(struct builder *b, const struct node *n, bool tunnels)
{
	g_autoptr(GArray) ports = builder_ports(b, n);

	if (!tunnels) {
		add_refusing_routes(b, n, 0);
		add_policy_rules(b, n);
	}
	array_foreach(const struct port, p, ports)
		if ((p->tunnel != NULL) == tunnels && p->up)
			add_declared_routes(b, n, ports, p, 0);
	for (guint i = 0; i < ports->len && n->host_model == HOST_STRONG; i++)
		if ((g_array_index(ports, struct port, i).tunnel != NULL) == tunnels)
			add_strong_port(b, n, ports, i);
}
