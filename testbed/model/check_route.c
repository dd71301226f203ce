/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/internal.h"

/* A subnet that a node reaches without a gateway, and through what. */
struct connected {
	struct prefix subnet; /* with the host bits of the node's address */
	const char *link;
	bool is_peer; /* the other end of a line, and not the node's address */
};

/* All subnets of the node's interfaces and tunnel interfaces: an array of struct connected, for the
 * caller to free. */
static GArray *connected_subnets(const model *m, const struct node *node)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct connected));

	ptr_array_foreach(const struct iface, iface, node->interfaces) {
		for (guint j = 0; j < iface->addresses->len; j++) {
			struct connected one = {.subnet = g_array_index(iface->addresses,
									struct prefix, j),
						.link = iface->name};

			g_array_append_val(all, one);
		}
		if (addr_is_set(&iface->peer)) {
			struct connected peer = {.subnet = {iface->peer, addr_bits(&iface->peer)},
						 .link = iface->name,
						 .is_peer = true};

			g_array_append_val(all, peer);
		}
	}
	ptr_array_foreach(const struct tunnel, t, m->tunnels) {
		for (guint end = 0; end < G_N_ELEMENTS(t->ends); end++) {
			struct connected one = {.subnet = t->ends[end].address,
						.link = t->ends[end].iface};

			if (t->ends[end].node == node && one.link)
				g_array_append_val(all, one);
		}
	}
	return all;
}

/* An interface without address is reported already; the node's gateways are not checked then. */
static bool has_all_addresses(const struct node *node)
{
	ptr_array_foreach(const struct iface, iface, node->interfaces)
		if (iface->addresses->len == 0)
			return false;
	return node->interfaces->len > 0;
}

static void check_gateway_is_host(const struct check *c, struct loc loc,
				  const struct prefix *subnet, const struct addr *via)
{
	const struct prefix there = {.addr = *via, .len = subnet->len};
	char text[ADDR_TEXT_MAX];

	if (is_host_address(&there))
		return;
	check_error(c, loc, NULL,
		    "gateway %s is the network or broadcast address of its subnet, no host",
		    addr_print(via, text));
}

/* The interface of a route on link that reaches the gateway, as a host's on a line of its own has
 * one (a /32 address).  NULL: none. */
static const char *on_link_dev(const struct node *node, const struct addr *via)
{
	ptr_array_foreach(const struct route, r, node->routes)
		if (r->dev && !addr_is_set(&r->via) && prefix_contains(&r->to, via))
			return r->dev;
	return NULL;
}

/* The gateway must be a host, not the node itself, on a connected subnet or on link by another
 * route, and that by the route's `dev` if it names one. */
static void check_gateway(const struct check *c, const struct node *node, const struct route *route,
			  const GArray *connected)
{
	struct loc loc = places_get(c->places, &route->via, route->loc);
	char via[ADDR_TEXT_MAX];
	const char *link = NULL;
	bool reached = false;

	addr_print(&route->via, via);
	if (addr_is_link_local6(&route->via) && !route->dev) {
		check_error(c, loc, "add 'dev'",
			    "gateway %s is a link-local address, which says nothing of the "
			    "interface",
			    via);
		return;
	}
	array_foreach(const struct connected, one, connected) {
		if (addr_equal(&one->subnet.addr, &route->via) && !one->is_peer &&
		    (!addr_is_link_local6(&route->via) || g_str_equal(one->link, route->dev))) {
			check_error(c, loc, NULL, "gateway %s is node '%s' itself", via,
				    node->name);
			return;
		}
		if (prefix_contains(&one->subnet, &route->via)) {
			check_gateway_is_host(c, loc, &one->subnet, &route->via);
			if (!reached || g_strcmp0(one->link, route->dev) == 0)
				link = one->link;
			reached = true;
		}
	}
	if (route->onlink || addr_is_link_local6(&route->via))
		return;
	if (!reached)
		link = on_link_dev(node, &route->via);
	if (!reached && !link)
		check_error(c, loc, NULL,
			    "gateway %s is on no subnet that node '%s' is connected to", via,
			    node->name);
	else if (link && route->dev && node_has_link(c->m, node, route->dev) &&
		 g_strcmp0(link, route->dev) != 0)
		check_error(c, loc, NULL, "gateway %s is reached through '%s', not '%s'", via, link,
			    route->dev);
}

static void check_device(const struct check *c, const struct node *node, const struct route *route)
{
	struct loc loc = places_get(c->places, &route->dev, route->loc);

	if (!node_has_link(c->m, node, route->dev))
		named_error(c->d, loc, "interface", route->dev, node->interfaces);
}

/* The kernel keeps one route for each destination and metric, and makes those to connected subnets
 * itself, in the main table. */
static void check_destination(const struct check *c, const struct node *node, guint index,
			      const GArray *connected)
{
	const struct route *route = g_ptr_array_index(node->routes, index);
	struct loc loc = places_get(c->places, &route->to, route->loc);
	char to[PREFIX_TEXT_MAX];

	prefix_print(&route->to, to);
	array_foreach(const struct connected, one, connected) {
		if (prefix_equal(&one->subnet, &route->to) && route->table == ROUTE_TABLE_MAIN) {
			check_error(c, loc, NULL,
				    "node '%s' is connected to %s by '%s' and needs no route",
				    node->name, to, one->link);
			return;
		}
	}
	for (guint i = 0; i < index; i++) {
		const struct route *before = g_ptr_array_index(node->routes, i);

		if (route_excludes(before, route)) {
			check_error(c, loc, "several need different values of 'metric'",
				    "node '%s' has a route to %s already", node->name, to);
			return;
		}
	}
}

/* Tables that the kernel has names for (/etc/iproute2/rt_tables); main is the default. */
static bool is_reserved_table(unsigned table)
{
	return table == 0 || (table > 252 && table < 256);
}

/* A strong host has a table and rules for each of its interfaces (plan/routes.c). */
static void check_table(const struct check *c, const struct node *node, struct loc loc,
			unsigned table)
{
	if (is_reserved_table(table))
		check_error(c, loc, "any other number will do",
			    "table %u is one of the kernel's own", table);
	else if (node->host_model == HOST_STRONG)
		check_error(c, loc,
			    "it chooses by the interface that has the source address: give the "
			    "route 'dev'",
			    "node '%s' is a strong host, which has no tables besides its "
			    "interfaces' own",
			    node->name);
}

static bool has_table(const struct node *node, unsigned table)
{
	ptr_array_foreach(const struct policy_rule, r, node->policy_rules)
		if (r->table == table)
			return true;
	return false;
}

static void check_route_table(const struct check *c, const struct node *node,
			      const struct route *route)
{
	struct loc loc = places_get(c->places, &route->table, route->loc);

	if (route->table == ROUTE_TABLE_MAIN)
		return;
	check_table(c, node, loc, route->table);
	if (!is_reserved_table(route->table) && !has_table(node, route->table))
		check_error(c, loc, "add it to 'policy_rules'",
			    "no policy rule of node '%s' leads to table %u", node->name,
			    route->table);
}

static void check_policy_rules(const struct check *c, const struct node *node)
{
	for (guint i = 0; i < node->policy_rules->len; i++) {
		const struct policy_rule *rule = node->policy_rules->pdata[i];

		if (places_has(c->places, &rule->table))
			check_table(c, node, places_get(c->places, &rule->table, rule->loc),
				    rule->table);
		if (rule->in_iface && !node_has_link(c->m, node, rule->in_iface))
			named_error(c->d, places_get(c->places, &rule->in_iface, rule->loc),
				    "interface", rule->in_iface, node->interfaces);
		for (guint k = 0; k < i; k++)
			if (policy_rule_equal(node->policy_rules->pdata[k], rule))
				check_error(c, rule->loc, NULL,
					    "node '%s' has this policy rule already", node->name);
	}
}

static void check_route(const struct check *c, const struct node *node, guint index,
			const GArray *connected)
{
	const struct route *route = g_ptr_array_index(node->routes, index);

	if (!addr_is_set(&route->to.addr))
		return;
	check_destination(c, node, index, connected);
	check_route_table(c, node, route);
	if (route->onlink && !(route->dev && addr_is_set(&route->via)))
		check_error(c, places_get(c->places, &route->onlink, route->loc),
			    "add 'via' and 'dev'",
			    "'onlink' says that the gateway is a neighbour on an interface");
	if (route->type != ROUTE_UNICAST) {
		if (route->dev || addr_is_set(&route->via))
			check_error(c, places_get(c->places, &route->type, route->loc),
				    "leave out 'via' and 'dev'",
				    "a route of type %s sends packets nowhere",
				    route_type_name(route->type));
		return;
	}
	if (route->dev)
		check_device(c, node, route);
	if (!addr_is_set(&route->via)) {
		if (!places_has(c->places, &route->dev) && !places_has(c->places, &route->via))
			check_error(c, route->loc,
				    "add 'via' or 'dev', or a 'type' that sends nowhere",
				    "the route says neither gateway nor interface");
		return;
	}
	if (route->via.family != route->to.addr.family)
		check_error(c, places_get(c->places, &route->via, route->loc), NULL,
			    "gateway and destination are of different address families");
	else if (has_all_addresses(node))
		check_gateway(c, node, route, connected);
}

void check_routes(const struct check *c)
{
	ptr_array_foreach(const struct node, node, c->m->nodes) {
		g_autoptr(GArray) connected = connected_subnets(c->m, node);

		check_policy_rules(c, node);
		for (guint j = 0; j < node->routes->len; j++)
			check_route(c, node, j, connected);
	}
}
