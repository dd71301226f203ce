/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/complete.h"

/* Theory of operation.
 *
 * What was imported are pieces of a network.  Calls need the pieces to be connected, and servers
 * and clients in them (complete_services.c).
 *
 * 1. One node, `internet`, gets the address of every gateway that no node has.  It cannot be in two
 * networks that overlap; there a router with NAT stands between.
 * 2. From it on, networks are visited through the nodes that forward.  A network that nobody leads
 * to gets an address of `internet`.
 * 3. What no imported route says is added: a default route for each node without one, and routes
 * from `internet` to the networks behind imported routers.  Routes that were imported are not
 * changed, also where they are wrong: that is what calls shall show.
 *
 * With a deployment it is known who is inside, so `internet` drops private addresses as providers
 * do, and unknown gateways with private addresses are those of another node, `company`. */

static struct reach *reach_of(const struct completion *c, const struct draft_network *n)
{
	struct reach *r = g_hash_table_lookup(c->reached, n);

	if (!r) {
		r = g_new0(struct reach, 1);
		g_hash_table_insert(c->reached, (gpointer)(guintptr)n, r);
	}
	return r;
}

const struct reach *complete_reach(const struct completion *c, const struct draft_network *n)
{
	return reach_of(c, n);
}

static const struct addr *first_ipv4(const struct draft_iface *i)
{
	for (guint n = 0; n < i->addresses->len; n++) {
		const struct addr *a = &g_array_index(i->addresses, struct prefix, n).addr;

		if (a->family == AF_INET)
			return a;
	}
	return NULL;
}

static bool fits(const struct draft_node *node, const struct draft_network *n)
{
	for (guint k = 0; k < node->ifaces->len; k++) {
		const struct draft_network *own =
			((struct draft_iface *)node->ifaces->pdata[k])->network;

		if (own != n && prefix_overlaps(&own->subnet, &n->subnet))
			return false;
	}
	return n->subnet.addr.family == AF_INET;
}

struct draft_iface *complete_join(struct completion *c, struct draft_node *node, const char *name,
				  const struct draft_network *n, const struct addr *want)
{
	struct draft_iface *i = draft_iface_on(node, n);
	struct prefix p = {.len = n->subnet.len};

	if (i && !want)
		return i;
	if (!fits(node, n) || (!want && !draft_free_address(c->t, n, &n->subnet, false, &p.addr)))
		return NULL;
	if (want)
		p.addr = *want;
	if (!prefix_contains(&n->subnet, &p.addr))
		p.len = addr_bits(&p.addr);
	if (!i) {
		i = draft_iface_new(node, name, n);
		i->note = NULL;
	}
	g_array_append_val(i->addresses, p);
	return i;
}

static void add_route(struct draft_node *node, const struct draft_route *route)
{
	array_foreach(const struct draft_route, r, node->routes)
		if (prefix_equal(&r->to, &route->to))
			return;
	if (!draft_is_own_subnet(node, &route->to))
		g_array_append_vals(node->routes, route, 1);
}

void complete_route(struct draft_node *node, const struct prefix *to, const struct addr *via,
		    const char *dev)
{
	struct draft_route r = {
		.to = *to, .dev = dev, .persistent = true, .note = "added by --complete"};

	if (via && !draft_connected(node, via, NULL)) { /* a host address: on link */
		r.to = (struct prefix){*via, addr_bits(via)};
		add_route(node, &r);
		r.to = *to;
	}
	if (via)
		r.via = *via;
	add_route(node, &r);
}

/* Whether an imported route other than the default one leads to the network. */
static bool knows_way(const struct draft_node *node, const struct prefix *to)
{
	array_foreach(const struct draft_route, r, node->routes) {
		if (!prefix_is_default(&r->to) && r->to.len <= to->len &&
		    prefix_contains(&r->to, &to->addr))
			return true;
	}
	return false;
}

/* --- gateways --------------------------------------------------------------------------------- */

static const struct draft_network *network_of(const struct draft_node *node, const char *dev)
{
	for (guint k = 0; dev && k < node->ifaces->len; k++) {
		const struct draft_iface *i = node->ifaces->pdata[k];

		if (g_str_equal(i->name, dev))
			return i->network;
	}
	return NULL;
}

/* A network that overlaps with others of `internet` gets a router with NAT. */
static void add_nat_router(struct completion *c, const struct draft_network *n,
			   const struct addr *address)
{
	struct draft_node *router = complete_node(c, "router", "a router with NAT");
	struct draft_iface *out = complete_join(c, router, "wan", c->outside, NULL);
	const struct addr *up = first_ipv4(draft_iface_on(c->core, c->outside));

	router->forwarding = true;
	if (!out || !complete_join(c, router, "lan", n, address))
		return;
	router->nat_out = out->name;
	complete_route(router, &(struct prefix){.addr = {.family = AF_INET}}, up, out->name);
}

/* Host addresses outside of the network's subnet are on link, too. */
static void add_host_routes(const struct completion *c, const struct draft_iface *own)
{
	ptr_array_foreach(const struct draft_node, node, c->t->nodes) {
		const struct draft_iface *i = draft_iface_on(node, own->network);

		for (guint n = 0; node != c->core && i && n < i->addresses->len; n++) {
			const struct prefix *p = &g_array_index(i->addresses, struct prefix, n);

			if (p->addr.family == AF_INET && p->len == 32 &&
			    !draft_connected(c->core, &p->addr, NULL))
				complete_route(c->core, p, NULL, own->name);
		}
	}
}

/* Made when it is first needed.  Its way to `internet` is a network of its own, so that what leaves
 * it with private addresses is dropped there. */
static struct draft_node *company_node(struct completion *c)
{
	const struct draft_network *uplink;
	const struct draft_iface *out, *core;

	if (c->company)
		return c->company;
	c->company = complete_node(
		c, "company", "what lies between the company's networks where no export tells");
	c->company->forwarding = true;
	uplink = complete_network(c, true);
	core = uplink ? complete_join(c, c->core, "uplink", uplink, NULL) : NULL;
	out = core ? complete_join(c, c->company, "wan", uplink, NULL) : NULL;
	if (out)
		complete_route(c->company, &(struct prefix){.addr = {.family = AF_INET}},
			       first_ipv4(core), out->name);
	return c->company;
}

static void attach(struct completion *c, const struct draft_network *n, const struct addr *address)
{
	bool is_inner = c->t->deployment && addr_is_private(&n->subnet.addr);
	struct draft_iface *i =
		complete_join(c, is_inner ? company_node(c) : c->core, "net", n, address);

	if (i && is_inner)
		return;
	if (i)
		add_host_routes(c, i);
	else if (n->subnet.addr.family == AF_INET)
		add_nat_router(c, n, address);
}

static void take_gateways_of(struct completion *c, const struct draft_node *node,
			     const GArray *routes)
{
	array_foreach(const struct draft_route, r, routes) {
		const struct draft_network *n = network_of(node, r->dev);

		if (n && r->via.family == AF_INET && !draft_owner(c->t, n, &r->via, NULL))
			attach(c, n, &r->via);
	}
}

static void take_gateways(struct completion *c, guint nodes)
{
	for (guint k = 0; k < nodes; k++) {
		const struct draft_node *node = c->t->nodes->pdata[k];

		take_gateways_of(c, node, node->routes);
		take_gateways_of(c, node, node->policy_routes);
	}
}

/* --- ways ------------------------------------------------------------------------------------- */

void complete_ways(struct completion *c, const struct prefix *to, const struct draft_node *router)
{
	const struct draft_network *at =
		to->addr.family == AF_INET ? g_hash_table_lookup(c->came_by, router) : NULL;

	while (at) {
		struct draft_node *before = reach_of(c, at)->upstream;
		const struct draft_iface *there = draft_iface_on(router, at);
		const struct draft_iface *own = before ? draft_iface_on(before, at) : NULL;
		const struct addr *via = there ? first_ipv4(there) : NULL;

		if (!own || !via)
			return;
		if (!knows_way(before, to))
			complete_route(before, to, via, own->name);
		router = before;
		at = g_hash_table_lookup(c->came_by, router);
	}
}

static void visit_router(struct completion *c, struct draft_node *router,
			 const struct draft_network *from, GQueue *queue)
{
	const struct reach *here = reach_of(c, from);
	const struct draft_iface *in = draft_iface_on(router, from);

	if (router != c->core)
		g_hash_table_insert(c->came_by, router, (gpointer)(guintptr)from);
	if (!draft_default_route(router) && addr_is_set(&here->gateway) && in && first_ipv4(in) &&
	    !draft_node_has(router, &here->gateway))
		complete_route(router, &(struct prefix){.addr = {.family = AF_INET}},
			       &here->gateway, in->name);
	ptr_array_foreach(const struct draft_iface, i, router->ifaces) {
		struct reach *r = reach_of(c, i->network);
		const struct addr *own = first_ipv4(i);

		if (r->seen || !own)
			continue;
		*r = (struct reach){.seen = true,
				    .behind_nat = here->behind_nat || router->nat_out,
				    .upstream = router,
				    .gateway = *own};
		g_queue_push_tail(queue, (gpointer)(guintptr)i->network);
		if (!r->behind_nat && router != c->core)
			complete_ways(c, &i->network->subnet, router);
	}
}

/* Begins at the networks of `internet`, or of `company`. */
static void begin_at(struct completion *c, struct draft_node *router, GQueue *queue)
{
	ptr_array_foreach(const struct draft_iface, i, router->ifaces) {
		struct reach *r = reach_of(c, i->network);

		if (!r->upstream && first_ipv4(i)) {
			*r = (struct reach){
				.seen = true, .upstream = router, .gateway = *first_ipv4(i)};
			complete_ways(c, &i->network->subnet, router);
		}
		g_queue_push_tail(queue, (gpointer)(guintptr)i->network);
	}
}

/* Visits all that is connected with them. */
static void visit_networks(struct completion *c)
{
	g_autoptr(GQueue) queue = g_queue_new();

	begin_at(c, c->core, queue);
	if (c->company && g_hash_table_contains(c->came_by, c->company))
		begin_at(c, c->company, queue);
	while (!g_queue_is_empty(queue)) {
		const struct draft_network *n = g_queue_pop_head(queue);

		ptr_array_foreach(struct draft_node, node, c->t->nodes) {
			if (node->forwarding && node != c->core && draft_iface_on(node, n) &&
			    !g_hash_table_contains(c->came_by, node))
				visit_router(c, node, n, queue);
		}
	}
}

/* Whether the network is on the outer side of a NAT, or public. */
static bool is_outer(const struct draft *t, const struct draft_network *n)
{
	bool outer = !addr_is_private(&n->subnet.addr);

	ptr_array_foreach(const struct draft_node, node, t->nodes) {
		const struct draft_iface *i = draft_iface_on(node, n);

		outer = outer || (i && g_strcmp0(i->name, node->nat_out) == 0);
	}
	return outer;
}

/* A network that nothing leads to gets an address of `internet`; outer ones first, since those
 * behind a NAT are reached by it. */
static void connect_all(struct completion *c)
{
	visit_networks(c);
	for (int outer = 1; outer >= 0; outer--) {
		for (guint k = 0; k < c->t->networks->len; k++) { /* attach may add one */
			const struct draft_network *n = c->t->networks->pdata[k];

			if (reach_of(c, n)->seen || n->subnet.addr.family != AF_INET ||
			    is_outer(c->t, n) != outer)
				continue;
			attach(c, n, NULL);
			visit_networks(c);
		}
	}
}

void complete_default(const struct completion *c, struct draft_node *node)
{
	for (guint k = 0; k < node->ifaces->len && !draft_default_route(node); k++) {
		const struct draft_iface *i = node->ifaces->pdata[k];
		const struct reach *r = complete_reach(c, i->network);

		if (addr_is_set(&r->gateway) && !draft_node_has(node, &r->gateway) && first_ipv4(i))
			complete_route(node, &(struct prefix){.addr = {.family = AF_INET}},
				       &r->gateway, i->name);
	}
}

struct draft_node *complete_node(struct completion *c, const char *name, const char *what)
{
	struct draft_node *node = draft_node_new(c->t, name);

	node->inferred = true;
	g_ptr_array_add(node->notes, g_strdup_printf("added by --complete: %s", what));
	return node;
}

/* A route that was added may lead to a network that the node was connected to later. */
static void drop_own_subnets(struct draft *t)
{
	ptr_array_foreach(struct draft_node, node, t->nodes) {
		for (guint n = node->routes->len; n-- > 0;) {
			const struct draft_route *r =
				&g_array_index(node->routes, struct draft_route, n);

			if (draft_is_own_subnet(node, &r->to))
				g_array_remove_index(node->routes, n);
		}
	}
}

void draft_complete(struct draft *t)
{
	struct completion c = {.t = t,
			       .reached = g_hash_table_new_full(NULL, NULL, NULL, g_free),
			       .came_by = g_hash_table_new(NULL, NULL)};
	guint nodes = t->nodes->len;

	c.core = complete_node(&c, "internet", "what lies between the networks");
	c.core->forwarding = true;
	c.outside = complete_network(&c, true);
	if (t->deployment)
		draft_line(c.core, "bogon_filter: true  # as providers have");
	if (c.outside && complete_join(&c, c.core, "hosting", c.outside, NULL)) {
		complete_nat(&c);
		take_gateways(&c, nodes);
		complete_servers(&c, nodes);
	}
	if (c.outside && diags_errors(t->found) == 0) {
		connect_all(&c);
		complete_nat_routes(&c);
		for (guint k = 0; k < t->nodes->len; k++)
			complete_default(&c, t->nodes->pdata[k]);
		complete_services(&c, nodes);
	}
	drop_own_subnets(t);
	g_hash_table_unref(c.reached);
	g_hash_table_unref(c.came_by);
	for (guint i = 0; i < G_N_ELEMENTS(c.names); i++)
		g_free(c.names[i]);
}
