/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/fix_route_lab.h"
#include "testbed/walk/gateway.h"

#define METRIC_STEP 10 /* that Windows and NetworkManager leave between routes, about */

/* --- a missing route -------------------------------------------------------------------------- */

static char *netmask(uint8_t len)
{
	guint32 bits = len == 0 ? 0 : G_MAXUINT32 << (32 - len);

	return g_strdup_printf("%u.%u.%u.%u", bits >> 24, bits >> 16 & 255, bits >> 8 & 255,
			       bits & 255);
}

/* Whether another route of the node has the same destination and table. */
static bool is_one_of_several(const struct node *n, const struct route *r)
{
	ptr_array_foreach(const struct route, other, n->routes)
		if (other != r && other->table == r->table && prefix_equal(&other->to, &r->to))
			return true;
	return false;
}

/* ", metric: 20" for a route with a metric, in the words of the program; the caller frees. */
static char *metric_part(const char *word, const struct route *r)
{
	return r->metric > 0 ? g_strdup_printf("%s%u", word, r->metric) : g_strdup("");
}

/* As for Windows, by three of its programs. */
static void add_windows_commands(fix *x, const struct route *r, const char *via)
{
	char network[ADDR_TEXT_MAX], prefix[PREFIX_TEXT_MAX]; /* it has no word "default" */
	g_autofree char *mask = netmask(r->to.len);
	g_autofree char *metric = metric_part(" metric ", r), *netsh = metric_part(" metric=", r),
			*powershell = metric_part(" -RouteMetric ", r);

	addr_print(&r->to.addr, network);
	prefix_print(&r->to, prefix);
	fix_add_command(x, FIX_ON_WINDOWS,
			g_strdup_printf("route add -p %s mask %s %s%s", network, mask, via,
					metric));
	fix_add_command(
		x, FIX_ON_WINDOWS,
		g_strdup_printf("netsh interface ipv4 add route %s \"%s\" %s%s store=persistent",
				prefix, r->dev, via, netsh));
	fix_add_command(x, FIX_ON_WINDOWS,
			g_strdup_printf("New-NetRoute -DestinationPrefix \"%s\" -InterfaceAlias "
					"\"%s\" -NextHop %s%s",
					prefix, r->dev, via, powershell));
}

/* The change alone: that `r`, one of the node's, is removed. */
static void append_removal(fix *x, const struct node *n, const struct route *r)
{
	g_autoptr(GString) change = g_string_new(NULL);
	g_autofree char *word = fix_route_word(&r->to, true);

	g_string_printf(change, "remove-route: {node: %s, to: %s", n->name, word);
	if (is_one_of_several(n, r))
		g_string_append_printf(change, ", metric: %u", r->metric);
	if (r->table != ROUTE_TABLE_MAIN)
		g_string_append_printf(change, ", table: %u", r->table);
	fix_add_change(x, "%s}", change->str);
}

/* Appends to the fix that `r`, one of the node's, is removed. */
static void remove_route(fix *x, const struct node *n, const struct route *r)
{
	append_removal(x, n, r);
	fix_remove_in_lab(x, n, r);
}

/* The change, and what an administrator of Windows types: that the node gets route `r`, a
 * persistent one. */
static void append_addition(fix *x, const struct node *n, const struct route *r)
{
	g_autoptr(GString) change = g_string_new(NULL);
	g_autofree char *word = fix_route_word(&r->to, true);
	char via[ADDR_TEXT_MAX];

	g_string_printf(change, "add-route: {node: %s, to: %s", n->name, word);
	if (addr_is_set(&r->via))
		g_string_append_printf(change, ", via: %s", addr_print(&r->via, via));
	if (r->dev)
		g_string_append_printf(change, ", dev: %s", r->dev);
	if (r->onlink)
		g_string_append(change, ", onlink: true");
	if (r->metric > 0)
		g_string_append_printf(change, ", metric: %u", r->metric);
	if (r->table != ROUTE_TABLE_MAIN)
		g_string_append_printf(change, ", table: %u", r->table);
	fix_add_change(x, "%s, persistent: true}", change->str);
	if (n->host_model == HOST_STRONG && r->to.addr.family == AF_INET && r->dev &&
	    addr_is_set(&r->via))
		add_windows_commands(x, r, via);
}

/* Appends to the fix that the node gets route `r`. */
static void add_route(fix *x, const struct node *n, const struct route *r)
{
	g_autofree char *words = fix_route_words(r);
	g_autofree char *add = g_strdup_printf("ip route add %s", words);
	g_autofree char *del = g_strdup_printf("ip route del %s", words);
	const struct iface *by = node_route_iface(n, r);

	fix_in_tables(x, n, by ? by->name : NULL, add, del);
	append_addition(x, n, r);
}

/* The table in which the routes of the model are that the finding is about: those of a strong
 * host's interfaces are in its main table. */
static unsigned table_of(const struct node *n, const struct finding *f)
{
	ptr_array_foreach(const struct policy_rule, r, n->policy_rules)
		if (r->table == f->table)
			return f->table;
	return ROUTE_TABLE_MAIN;
}

/* The one of the node's routes to that prefix that is preferred; NULL: it has none. */
static const struct route *route_to(const struct node *n, const struct prefix *to, unsigned table)
{
	const struct route *best = NULL;

	ptr_array_foreach(const struct route, r, n->routes)
		if (r->table == table && prefix_equal(&r->to, to) &&
		    (!best || route_metric(r) < route_metric(best)))
			best = r;
	return best;
}

/* Whether the gateway is in a subnet of its interface, the line's other end, or link-local. */
static bool is_neighbour(const struct node *n, const struct gateway *g)
{
	const struct iface *f = node_iface(n, g->iface);

	if (!f || addr_is_link_local6(&g->address) || addr_equal(&f->peer, &g->address))
		return true;
	array_foreach(const struct prefix, p, f->addresses)
		if (prefix_contains(p, &g->address))
			return true;
	return false;
}

/* A route by that gateway, in place of `old` (NULL: there is none in the main table). */
static fix *fix_by_gateway(const struct node *n, const struct prefix *p, const struct gateway *g,
			   const struct route *old)
{
	const struct route wanted = {.to = prefix_network(p),
				     .via = g->address,
				     .dev = (char *)(guintptr)g->iface,
				     .onlink = !is_neighbour(n, g),
				     .metric = old ? old->metric : 0,
				     .table = old ? old->table : ROUTE_TABLE_MAIN};
	const struct iface *before = old ? node_route_iface(n, old) : NULL;
	fix *x = fix_new();

	if (!old) {
		add_route(x, n, &wanted);
	} else if (n->host_model != HOST_STRONG || !before || g_str_equal(before->name, g->iface)) {
		append_removal(x, n, old);
		fix_replace_in_lab(x, n, old, &wanted);
		append_addition(x, n, &wanted);
	} else {
		remove_route(x, n, old);
		add_route(x, n, &wanted);
	}
	return x;
}

/* The node's route of that table that carries packets to `dst`: the most specific one, of these the
 * one with the lowest metric; with `via` only those by that gateway. */
static const struct route *route_for(const struct node *n, unsigned table, const struct addr *dst,
				     const struct addr *via)
{
	const struct route *best = NULL;

	ptr_array_foreach(const struct route, r, n->routes)
		if (r->table == table && prefix_contains(&r->to, dst) &&
		    (!via || addr_equal(&r->via, via)) &&
		    (!best || r->to.len > best->to.len ||
		     (r->to.len == best->to.len && route_metric(r) < route_metric(best))))
			best = r;
	return best;
}

/* Adds a route to each other outside address of this router's 1:1 NAT that the node has no
 * route to: where one was forgotten, so were the others. */
static void add_translated(fix *x, const struct node *n, const struct node *router,
			   const struct prefix *p, const struct gateway *g)
{
	ptr_array_foreach(const struct nat_rule, r, router->nat) {
		struct prefix to = {.addr = r->outside, .len = p->len};
		g_autoptr(fix) more = NULL;

		if (r->kind != NAT_STATIC || prefix_equal(&to, p) ||
		    route_for(n, ROUTE_TABLE_MAIN, &to.addr, NULL))
			continue;
		more = fix_by_gateway(n, &to, g, NULL);
		fix_add_changes(x, more);
		g_ptr_array_extend_and_steal(x->commands, g_steal_pointer(&more->commands));
	}
}

/* What is on the Internet needs the default route where no neighbour knows more. */
static fix *fix_default_route(const model *m, const struct node *n, const struct finding *f)
{
	const struct prefix everything = {.addr.family = f->prefix.addr.family};
	struct gateway g;

	if (addr_is_private(&f->prefix.addr) || !f->iface ||
	    !gateway_find(m, n, f->iface, &everything, &g))
		return NULL;
	return fix_by_gateway(n, &everything, &g, route_to(n, &everything, table_of(n, f)));
}

fix *fix_route(const model *m, const struct node *n, const struct finding *f)
{
	struct gateway g;
	fix *x;

	if (f->prefix.addr.family == 0)
		return NULL;
	if (!gateway_find(m, n, f->iface, &f->prefix, &g))
		return fix_default_route(m, n, f);
	x = fix_by_gateway(n, &f->prefix, &g, route_to(n, &f->prefix, table_of(n, f)));
	for (guint i = 0; f->prefix.len == addr_bits(&f->prefix.addr) && i < m->nodes->len; i++) {
		const struct node *router = m->nodes->pdata[i];

		if (gateway_translates(router, &f->prefix.addr))
			add_translated(x, n, router, &f->prefix, &g);
	}
	return x;
}

/* The same route again, as a persistent one. */
fix *fix_persistence(const model *m G_GNUC_UNUSED, const struct node *n, const struct finding *f)
{
	const struct route *r = f->subject.kind == SUBJECT_ROUTE ? f->subject.route.declared : NULL;
	fix *x;

	if (!r)
		return NULL;
	x = fix_new();
	if (g_ptr_array_find(n->routes, r, NULL))
		append_removal(x, n, r); /* a kernel knows nothing of that */
	add_route(x, n, r);
	return x;
}

/* The interface that has the address that the node sends from; NULL: none. */
static const struct iface *sending_iface(const struct node *n, const struct finding *f)
{
	ptr_array_foreach(const struct iface, iface, n->interfaces)
		if (iface_has_address(iface, &f->flow.src))
			return iface;
	return NULL;
}

/* Another gateway than the route's.  A strong host sends by the interface that it sends from; else
 * the route's own interface is more likely right than another one. */
static bool find_other_gateway(const model *m, const struct node *n, const struct finding *f,
			       const struct route *r, struct gateway *ret)
{
	const struct iface *const ifaces[] = {
		n->host_model == HOST_STRONG ? sending_iface(n, f) : NULL,
		node_route_iface(n, r),
	};

	for (guint i = 0; i < G_N_ELEMENTS(ifaces); i++)
		if (ifaces[i] && gateway_find(m, n, ifaces[i]->name, &r->to, ret) &&
		    !addr_equal(&ret->address, &r->via))
			return true;
	return gateway_find(m, n, NULL, &r->to, ret) && !addr_equal(&ret->address, &r->via);
}

/* Whether the packets go by another interface than the route's once it is gone from a table of its
 * own: where a table has no route the main one decides. */
static bool main_table_decides(const struct node *n, const struct finding *f, const struct route *r,
			       const char *iface)
{
	const struct iface *own = node_route_iface(n, r);

	return r->table != ROUTE_TABLE_MAIN && !(own && g_str_equal(own->name, iface)) &&
	       route_for(n, ROUTE_TABLE_MAIN, &f->flow.dst, NULL);
}

/* Replaces a wrong route by one with the right gateway, or removes it where none is known. */
static fix *fix_wrong_route(const model *m, const struct node *n, const struct finding *f,
			    const struct route *r)
{
	struct gateway g;
	fix *x;

	if (find_other_gateway(m, n, f, r, &g) && !main_table_decides(n, f, r, g.iface))
		return fix_by_gateway(n, &r->to, &g, r);
	x = fix_new();
	remove_route(x, n, r);
	return x;
}

fix *fix_dead_gateway(const model *m, const struct node *n, const struct finding *f)
{
	const struct route *r =
		f->subject.kind == SUBJECT_ADDRESS ?
			route_for(n, table_of(n, f), &f->flow.dst, &f->subject.address) :
			NULL;

	return r ? fix_wrong_route(m, n, f, r) : NULL;
}

fix *fix_loop(const model *m, const struct node *n, const struct finding *f)
{
	const struct route *r = route_for(n, table_of(n, f), &f->flow.dst, NULL);
	struct gateway g;

	if (r && gateway_find(m, n, f->iface, &f->prefix, &g))
		return fix_by_gateway(n, &r->to, &g, r);
	return r ? fix_wrong_route(m, n, f, r) : NULL;
}

/* The route that carries the packets once `r` is gone; NULL: none does. */
static const struct route *route_behind(const struct node *n, const struct route *r)
{
	const struct route *best = NULL;

	ptr_array_foreach(const struct route, other, n->routes)
		if (other != r && other->type == ROUTE_UNICAST && other->table == r->table &&
		    gateway_covers(&other->to, &r->to) && (!best || other->to.len > best->to.len))
			best = other;
	return best;
}

/* Removes the route, and adds one by the right gateway where no other leads there. */
fix *fix_null_route(const model *m, const struct node *n, const struct finding *f)
{
	const struct route *r = route_for(n, table_of(n, f), &f->flow.dst, NULL), *rest;
	char network[ADDR_TEXT_MAX];
	struct gateway g;
	fix *x;

	if (!r || r->type == ROUTE_UNICAST)
		return NULL;
	rest = route_behind(n, r);
	/* where a table has no route the next one decides */
	if (!rest && r->table != ROUTE_TABLE_MAIN)
		rest = route_for(n, ROUTE_TABLE_MAIN, &f->flow.dst, NULL);
	if (!(rest && !prefix_is_default(&rest->to)) && gateway_find(m, n, f->iface, &r->to, &g) &&
	    !(rest && addr_equal(&g.address, &rest->via)))
		return fix_by_gateway(n, &r->to, &g, r);
	x = fix_new();
	remove_route(x, n, r);
	if (n->host_model == HOST_STRONG)
		fix_add_command(x, FIX_ON_WINDOWS,
				g_strdup_printf("route delete %s",
						addr_print(&r->to.addr, network)));
	return x;
}

static unsigned free_table(const struct node *n)
{
	unsigned table = 100;

	ptr_array_foreach(const struct policy_rule, r, n->policy_rules)
		table = MAX(table, r->table + 1);
	return table;
}

/* What the node reaches without the Internet stays so in the new table. */
static void copy_inner_routes(fix *x, const struct node *n, unsigned table, int family)
{
	ptr_array_foreach(const struct iface, f, n->interfaces) {
		const struct prefix *p = iface_prefix(f, family);

		if (p && addr_is_private(&p->addr))
			add_route(x, n,
				  &(struct route){
					  .to = prefix_network(p), .dev = f->name, .table = table});
	}
	ptr_array_foreach(const struct route, r, n->routes) {
		struct route copy = *r;

		copy.table = table;
		if (r->table == ROUTE_TABLE_MAIN && r->type == ROUTE_UNICAST &&
		    r->to.addr.family == family && !prefix_is_default(&r->to))
			add_route(x, n, &copy);
	}
}

/* A table of their own for packets from where the answer comes from. */
static fix *fix_by_policy(const struct node *n, const struct finding *f, const struct prefix *to)
{
	const unsigned table = free_table(n);
	char from[PREFIX_TEXT_MAX];
	fix *x;

	prefix_print(&f->turning.from, from);
	x = fix_of("add-policy-rule: {node: %s, from: %s, in: %s, table: %u}", n->name, from,
		   f->turning.in, table);
	fix_add_in_lab(x, n,
		       g_strdup_printf("ip rule add from %s iif %s lookup %u", from, f->turning.in,
				       table),
		       g_strdup_printf("ip rule del from %s iif %s lookup %u", from, f->turning.in,
				       table));
	add_route(
		x, n,
		&(struct route){
			.to = *to, .via = f->turning.via, .dev = f->turning.iface, .table = table});
	copy_inner_routes(x, n, table, to->addr.family);
	return x;
}

/* Sends the answer back the way its question came: a route to the network that asked, or in
 * place of the whole route when that leads to the Internet.  Where packets of others are meant to
 * leave by it, as a NAT there shows, the answers get a table of their own. */
fix *fix_turning(const model *m, const struct node *n G_GNUC_UNUSED, const struct finding *f)
{
	const struct node *at = f->turning.node ? model_node(m, f->turning.node) : NULL;
	const struct route *r = at ? route_for(at, table_of(at, f), &f->flow.dst, NULL) : NULL;
	const struct gateway g = {f->turning.via, f->turning.iface};
	struct prefix to = f->prefix;

	if (!at || !f->turning.iface || !addr_is_set(&g.address) || to.addr.family == 0)
		return NULL;
	if (r && (r->to.len >= to.len || !addr_is_private(&f->flow.dst)))
		to = r->to;
	if (r && f->turning.in && at->host_model == HOST_WEAK && prefix_is_default(&to) &&
	    r->table == ROUTE_TABLE_MAIN && node_masquerade(at, f->turning.out))
		return fix_by_policy(at, f, &to);
	return fix_by_gateway(at, &to, &g, route_to(at, &to, table_of(at, f)));
}

fix *fix_return(const model *m, const struct node *n, const struct finding *f)
{
	return f->turning.node ? fix_turning(m, n, f) : fix_route(m, n, f);
}

/* The route that is preferred gets the highest metric of those to its destination. */
fix *fix_metric(const model *m G_GNUC_UNUSED, const struct node *n, const struct finding *f)
{
	const struct route *preferred =
		f->subject.kind == SUBJECT_ROUTE ? f->subject.route.declared : NULL;
	struct route wanted;
	fix *x;

	if (!preferred)
		return NULL;
	wanted = *preferred;
	ptr_array_foreach(const struct route, r, n->routes)
		if (r->table == preferred->table && prefix_equal(&r->to, &preferred->to))
			wanted.metric = MAX(wanted.metric, route_metric(r) + METRIC_STEP);
	x = fix_new();
	remove_route(x, n, preferred);
	add_route(x, n, &wanted);
	return x;
}

/* A router that is set not to forward, or a route to a host. */
fix *fix_forwarding(const model *m, const struct node *n, const struct finding *f)
{
	const struct route *r = route_for(n, ROUTE_TABLE_MAIN, &f->flow.dst, NULL);

	if (f->subject.kind != SUBJECT_ROUTE)
		return fix_sysctl(NULL, n, "net.ipv4.ip_forward", "1", "0");
	return r ? fix_wrong_route(m, n, f, r) : NULL;
}
