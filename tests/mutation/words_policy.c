/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of what decides between several ways: metrics, policy rules and their tables; and of NAT
 * rules. */
#include "tests/mutation/draw.h"

#define METRIC_BETTER 5
#define METRIC_WORSE 500
#define OWN_TABLE 77 /* that no network has */
#define UNKNOWN_ADDRESS "10.254.77.9"

/* --- metrics ---------------------------------------------------------------------------------- */

/* The route stays, and another one that goes astray is preferred. */
bool draw_metric(struct draw *d)
{
	const struct node *n = some_node(d);
	const struct route *r = one_of(d, n->routes);
	char to[PREFIX_TEXT_MAX], was[ADDR_TEXT_MAX], by[ADDR_TEXT_MAX];
	struct addr via;

	if (!r || !addr_is_set(&r->via) || r->table != ROUTE_TABLE_MAIN ||
	    !some_gateway(d, n, r->to.addr.family, &via))
		return false;
	g_string_printf(d->change,
			"remove-route: {node: %s, to: \"%s\", metric: %u}\n"
			"- add-route: {node: %s, to: \"%s\", via: \"%s\", metric: %u}\n"
			"- add-route: {node: %s, to: \"%s\", via: \"%s\", metric: %u}",
			n->name, prefix_print(&r->to, to), r->metric, n->name, to,
			addr_print(&r->via, was), METRIC_WORSE, n->name, to, addr_print(&via, by),
			METRIC_BETTER);
	truth_node(d, n->name);
	truth_route(d, &r->to);
	truth_address(d, &via);
	return true;
}

/* --- policy rules ----------------------------------------------------------------------------- */

/* Where a rule looks at the source: a network, a node, or any. */
static void some_source(struct draw *d, char text[static PREFIX_TEXT_MAX])
{
	const struct network *net = one_of(d, d->m->networks);
	struct addr a = node_address(some_node(d));
	guint which = lot(d, 3);

	if (which == 0 && net->subnet.addr.family)
		prefix_print(&net->subnet, text);
	else if (which == 1)
		addr_print(&a, text);
	else
		g_strlcpy(text, "default", PREFIX_TEXT_MAX);
}

/* A rule whose table has a single route, and that goes astray. */
bool draw_add_policy_rule(struct draw *d)
{
	const struct node *n = some_node(d);
	const struct network *net = one_of(d, d->m->networks);
	const struct prefix to = lot(d, 2) == 0 && net->subnet.addr.family ?
					 net->subnet :
					 (struct prefix){.addr.family = AF_INET};
	char from[PREFIX_TEXT_MAX], to_text[PREFIX_TEXT_MAX], via_text[ADDR_TEXT_MAX];
	struct addr via;

	some_source(d, from);
	g_string_printf(d->change,
			"add-policy-rule: {node: %s, from: \"%s\", table: %u}\n"
			"- add-route: {node: %s, to: \"%s\", table: %u, ",
			n->name, from, OWN_TABLE, n->name, prefix_print(&to, to_text), OWN_TABLE);
	if (lot(d, 3) == 0) {
		g_string_append_printf(d->change, "type: %s}", some_refusal(d));
	} else {
		if (!some_gateway(d, n, AF_INET, &via))
			return false;
		g_string_append_printf(d->change, "via: \"%s\"}", addr_print(&via, via_text));
		truth_object(d, via_text);
	}
	truth_node(d, n->name);
	truth_route(d, &to);
	return true;
}

/* A rule goes with its table's routes, or looks at another source: the main table decides. */
bool draw_remove_policy_rule(struct draw *d)
{
	const struct node *n = one_of(d, d->m->nodes);
	const struct policy_rule *r = one_of(d, n->policy_rules);
	g_autofree char *in =
		r && r->in_iface ? g_strdup_printf(", in: %s", r->in_iface) : g_strdup("");
	bool other_source = lot(d, 2) == 0;
	char text[PREFIX_TEXT_MAX];

	if (!r)
		return false;
	g_string_printf(d->change, "remove-policy-rule: {node: %s, from: \"%s\"%s, table: %u}",
			n->name, prefix_print(&r->from, text), in, r->table);
	truth_node(d, n->name);
	ptr_array_foreach(const struct route, route, n->routes) {
		if (route->table != r->table)
			continue;
		truth_route(d, &route->to);
		if (!other_source)
			g_string_append_printf(
				d->change, "\n- remove-route: {node: %s, to: \"%s\", table: %u}",
				n->name, prefix_print(&route->to, text), r->table);
	}
	if (other_source) {
		some_source(d, text);
		g_string_append_printf(d->change,
				       "\n- add-policy-rule: {node: %s, from: \"%s\"%s, table: %u}",
				       n->name, text, in, r->table);
	}
	return true;
}

/* --- NAT -------------------------------------------------------------------------------------- */

/* Another address inside, another port there, other ports outside. */
static void append_forward_key(struct draw *d)
{
	static const char *const keys[] = {"to_port: 8443", "ports: [4443]",
					   "ports: [3478, 50000-50999]"};
	struct addr a = node_address(one_of(d, d->m->nodes));
	char buf[ADDR_TEXT_MAX];

	if (lot(d, 2) == 0)
		g_string_append_printf(d->change, "inside: %s", addr_print(&a, buf));
	else
		g_string_append(d->change, ONE_TEXT(d, keys));
}

/* A forward where there are some, every second time; else any rule of some node.  NULL: none. */
static const struct nat_rule *some_nat(struct draw *d, const struct node **ret_node)
{
	g_autoptr(GPtrArray) nodes = g_ptr_array_new();

	ptr_array_foreach(struct node, n, d->m->nodes)
		for (guint i = 0; i < n->nat->len; i++)
			if (((const struct nat_rule *)n->nat->pdata[i])->kind == NAT_FORWARD)
				g_ptr_array_add(nodes, n);
	*ret_node = lot(d, 2) == 0 ? one_of(d, nodes) : NULL;
	if (!*ret_node)
		*ret_node = some_node(d);
	return one_of(d, (*ret_node)->nat);
}

bool draw_set_nat(struct draw *d)
{
	static const char *const keys[] = {
		"preset: symmetric-corporate",
		"preset: hotel",
		"preset: full-cone",
		"preset: carrier-grade",
		"mapping: address-and-port-dependent",
		"filtering: address-dependent",
		"preserve_port: false",
		"udp_timeout: 1s",
	};
	const struct node *n;
	const struct nat_rule *r = some_nat(d, &n);

	if (!r)
		return false;
	g_string_printf(d->change, "set-nat: {node: %s, nat: %s, ", n->name, r->name);
	if (r->kind == NAT_MASQUERADE)
		g_string_append(d->change, ONE_TEXT(d, keys));
	else if (r->kind == NAT_STATIC)
		g_string_append(d->change, "hairpin: false");
	else
		append_forward_key(d);
	g_string_append_c(d->change, '}');
	truth_nat(d, n, r);
	return true;
}

bool draw_remove_nat(struct draw *d)
{
	const struct node *n;
	const struct nat_rule *r = some_nat(d, &n);

	if (!r)
		return false;
	g_string_printf(d->change, "remove-nat: {node: %s, nat: %s}", n->name, r->name);
	truth_nat(d, n, r);
	return true;
}

static bool is_on(const struct node *n, const struct network *network)
{
	ptr_array_foreach(const struct iface, f, n->interfaces)
		if (f->network == network)
			return true;
	return false;
}

/* An end, or an Edge where there is one. */
static const struct node *end_or_edge(struct draw *d)
{
	g_autoptr(GPtrArray) edges = g_ptr_array_new();

	ptr_array_foreach(struct node, n, d->m->nodes)
		if (node_service(n, SERVICE_EDGE))
			g_ptr_array_add(edges, n);
	return lot(d, 2) == 0 && edges->len > 0 ? one_of(d, edges) : d->ends[lot(d, 2)];
}

/* A router on that network; NULL: none. */
static const struct node *router_on(struct draw *d, const struct network *network)
{
	g_autoptr(GPtrArray) routers = g_ptr_array_new();

	ptr_array_foreach(struct node, n, d->m->nodes)
		if (n->forwarding && is_on(n, network))
			g_ptr_array_add(routers, n);
	return one_of(d, routers);
}

/* An interface or a tunnel by which the router sends what came from that network. */
static const char *way_out(struct draw *d, const struct node *router, const struct network *network)
{
	g_autoptr(GPtrArray) ways = g_ptr_array_new();

	ptr_array_foreach(const struct iface, f, router->interfaces)
		if (f->network != network)
			g_ptr_array_add(ways, f->name);
	ptr_array_foreach(const struct tunnel, t, d->m->tunnels)
		for (guint i = 0; i < G_N_ELEMENTS(t->ends); i++)
			if (t->ends[i].node == router)
				g_ptr_array_add(ways, t->ends[i].iface);
	return one_of(d, ways);
}

/* What an end or an Edge sends gets, at the next router, its address, or one that nobody knows:
 * where no NAT is needed, that is one too many. */
static bool draw_translation(struct draw *d)
{
	const struct node *from = end_or_edge(d);
	const struct iface *f = one_of(d, from->interfaces);
	const struct prefix *own = f ? iface_prefix(f, AF_INET) : NULL;
	const struct node *router = own ? router_on(d, f->network) : NULL;
	const char *out = router ? way_out(d, router, f->network) : NULL;
	char inside[ADDR_TEXT_MAX];

	if (!out)
		return false;
	g_string_printf(d->change, "add-nat: {node: %s, name: by-lot, ", router->name);
	if (lot(d, 3) == 0)
		g_string_append_printf(d->change, "masquerade: %s}", out);
	else
		g_string_append_printf(d->change, "static: {inside: %s, outside: %s}, out: %s}",
				       addr_print(&own->addr, inside), UNKNOWN_ADDRESS, out);
	truth_node(d, router->name);
	truth_object(d, "by-lot");
	return true;
}

/* Ports of the router's own address lead to some node. */
static bool draw_forward(struct draw *d)
{
	static const char *const forwards[] = {"udp, ports: [3478]", "udp, ports: [50000-59999]",
					       "udp, ports: [53]", "tcp, ports: [443]",
					       "tcp, ports: [5061]"};
	const struct node *n = some_node(d);
	const struct iface *f = one_of(d, n->interfaces);
	const struct prefix *own = f ? iface_prefix(f, AF_INET) : NULL;
	struct addr inside = node_address(one_of(d, d->m->nodes));
	char outside_text[ADDR_TEXT_MAX], inside_text[ADDR_TEXT_MAX];

	if (!own || !n->forwarding)
		return false;
	g_string_printf(d->change,
			"add-nat: {node: %s, name: by-lot, forward: {outside: %s, inside: %s, "
			"proto: %s}, out: %s}",
			n->name, addr_print(&own->addr, outside_text),
			addr_print(&inside, inside_text), ONE_TEXT(d, forwards), f->name);
	truth_node(d, n->name);
	truth_object(d, "by-lot");
	return true;
}

bool draw_add_nat(struct draw *d)
{
	return lot(d, 6) == 0 ? draw_forward(d) : draw_translation(d);
}
