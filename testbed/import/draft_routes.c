/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/draft.h"

#define IPV6_METRIC 1024 /* of an IPv6 route that says none */

/* Theory of operation.
 *
 * Of several routes to one destination those with different metrics are kept, and of one metric the
 * first, as far as they can be written: their gateway is on a subnet of the node, the other end of
 * its line, or reached by another route on link.  Gateways
 * on no subnet (flag onlink, a host address, a point-to-point line) get such a route.  So that no
 * gateway is left without the route on link that reaches it, those that lost theirs are taken out
 * at the end.  Every route that is not written is told with the reason. */

bool draft_is_own_subnet(const struct draft_node *node, const struct prefix *to)
{
	ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
		for (guint n = 0; n < i->addresses->len; n++) {
			if (prefix_equal(&g_array_index(i->addresses, struct prefix, n), to))
				return true;
		}
		if (to->len == addr_bits(&to->addr) && addr_equal(&i->peer, &to->addr))
			return true;
	}
	return false;
}

static const struct draft_iface *iface_by_source_name(const struct draft_node *node,
						      const char *source_name)
{
	for (guint k = 0; source_name && k < node->ifaces->len; k++) {
		const struct draft_iface *i = node->ifaces->pdata[k];

		if (g_str_equal(i->source_name, source_name))
			return i;
	}
	return NULL;
}

/* Tells that the route is left out, and why. */
static void G_GNUC_PRINTF(4, 5) leave_out(struct draft *t, const struct fact_route *r,
					  const char *hint, const char *format, ...)
{
	g_autofree char *why = NULL;
	char to[PREFIX_TEXT_MAX];
	va_list list;

	va_start(list, format);
	why = g_strdup_vprintf(format, list);
	va_end(list);
	diags_add(t->found, DIAG_WARNING, r->loc, hint, "the route to %s is left out: %s",
		  prefix_print(&r->to, to), why);
}

/* --- gateways --------------------------------------------------------------------------------- */

/* The node that has the gateway's address forwards.  Warns when there is none. */
static void note_gateway(struct draft *t, const struct draft_node *node,
			 const struct draft_network *n, const struct draft_route *r)
{
	struct draft_node *owner = NULL;
	char via[ADDR_TEXT_MAX];

	draft_owner(t, n, &r->via, &owner);
	if (owner && owner != node)
		owner->forwarding = true;
	else if (!owner && !t->complete)
		diags_add(t->found, DIAG_WARNING, r->loc,
			  "import that router's routes, too, or write a node for it",
			  "no node has the gateway's address %s", addr_print(&r->via, via));
}

/* The first address of that family in the interface's network. */
static const struct addr *address_of(const struct draft_iface *i, int family)
{
	for (guint n = 0; n < i->addresses->len; n++) {
		const struct addr *a = &g_array_index(i->addresses, struct prefix, n).addr;

		if (a->family == family)
			return a;
	}
	return NULL;
}

static bool has_link_local(const struct draft_iface *i, const struct addr *a)
{
	const GArray *all = i->source ? i->source->link_locals : NULL;

	for (guint n = 0; all && n < all->len; n++) {
		if (addr_equal(&g_array_index(all, struct addr, n), a))
			return true;
	}
	return false;
}

/* fe80::1 names a router on one wire only: takes another address of who has it there.  false: no
 * imported node does. */
static bool resolve_link_local(const struct draft *t, const struct draft_node *node,
			       const struct fact_route *r, struct addr *ret)
{
	ptr_array_foreach(const struct draft_iface, own, node->ifaces) {
		if (r->dev && !g_str_equal(own->source_name, r->dev))
			continue;
		ptr_array_foreach(const struct draft_node, other, t->nodes) {
			for (guint n = 0; other != node && n < other->ifaces->len; n++) {
				const struct draft_iface *i = other->ifaces->pdata[n];
				const struct addr *a = address_of(i, r->to.addr.family);

				if (!a || i->network != own->network || !has_link_local(i, &r->via))
					continue;
				*ret = *a;
				return true;
			}
		}
	}
	return false;
}

/* The other end of a point-to-point line.  Unset: it is none, or not known. */
static struct addr peer_of(const struct draft_node *node, const char *dev, int family)
{
	const struct fact_iface *i = facts_find(node->facts, dev);

	for (guint n = 0; i && n < i->addresses->len; n++) {
		const struct fact_address *a = &g_array_index(i->addresses, struct fact_address, n);

		if (a->peer.family == family)
			return a->peer;
	}
	return (struct addr){0};
}

static bool has_subnet(const struct draft_node *node, const char *dev, int family)
{
	for (guint k = 0; dev && k < node->ifaces->len; k++) {
		const struct draft_iface *i = node->ifaces->pdata[k];

		array_foreach(const struct prefix, p, i->addresses) {
			if (p->addr.family == family && p->len < addr_bits(&p->addr) &&
			    g_str_equal(i->source_name, dev))
				return true;
		}
	}
	return false;
}

static GArray *routes_of(const struct draft_node *node, unsigned table)
{
	return table > 0 ? node->policy_routes : node->routes;
}

/* The interface of a written route on link to the gateway, of that table or the main one.  NULL:
 * none. */
static const char *on_link_dev(const struct draft_node *node, const struct addr *via,
			       unsigned table)
{
	array_foreach(const struct draft_route, r, routes_of(node, table)) {
		if (r->table == table && !addr_is_set(&r->via) && r->dev &&
		    prefix_contains(&r->to, via))
			return r->dev;
	}
	return table > 0 ? on_link_dev(node, via, 0) : NULL;
}

/* --- choosing --------------------------------------------------------------------------------- */

/* Keeps the better of two routes to one destination; the other one is told. */
static void keep_better(struct draft *t, struct draft_route *have, const struct draft_route *other)
{
	bool better = have->dead != other->dead ? have->dead : other->metric < have->metric;
	const struct draft_route *loser = better ? have : other;
	char to[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX];

	if (addr_equal(&have->via, &other->via) && g_strcmp0(have->dev, other->dev) == 0 &&
	    g_strcmp0(have->type, other->type) == 0)
		return;
	diags_add(t->found, DIAG_WARNING, loser->loc,
		  "a node has one route per destination and metric: the best is kept",
		  "another route to %s%s%s with metric %u is left out",
		  prefix_print(&loser->to, to), addr_is_set(&loser->via) ? " via " : "",
		  addr_is_set(&loser->via) ? addr_print(&loser->via, via) : "", loser->metric);
	if (better)
		*have = *other;
}

/* Whether a node can have both: they are told apart by their metrics, and lead somewhere else. */
static bool may_stand_beside(const struct draft_route *a, const struct draft_route *b)
{
	unsigned usual = a->to.addr.family == AF_INET6 ? IPV6_METRIC : 0;

	return !a->dead && !b->dead &&
	       (a->metric > 0 ? a->metric : usual) != (b->metric > 0 ? b->metric : usual) &&
	       !(addr_equal(&a->via, &b->via) && g_strcmp0(a->dev, b->dev) == 0 &&
		 g_strcmp0(a->type, b->type) == 0);
}

static void put_route(struct draft *t, struct draft_node *node, const struct draft_route *r)
{
	array_foreach(struct draft_route, have, routes_of(node, r->table)) {
		if (have->table != r->table || !prefix_equal(&have->to, &r->to) ||
		    may_stand_beside(have, r))
			continue;
		keep_better(t, have, r);
		return;
	}
	g_array_append_val(routes_of(node, r->table), *r);
}

/* A gateway on no subnet: by the route on link that reaches it, which is added where the interface
 * can have no other.  false: there is none. */
static bool reach_on_link(struct draft *t, struct draft_node *node, const struct fact_route *r,
			  struct draft_route *out)
{
	const struct draft_iface *i = iface_by_source_name(node, r->dev);
	struct draft_route host = {.to = {out->via, addr_bits(&out->via)},
				   .table = out->table,
				   .persistent = out->persistent,
				   .note = "the gateway is on link, in no subnet of the node",
				   .loc = r->loc};

	out->dev = on_link_dev(node, &out->via, out->table);
	if (out->dev)
		return true;
	if (!i || !(r->onlink || !has_subnet(node, r->dev, out->via.family)))
		return false;
	out->dev = host.dev = i->name;
	put_route(t, node, &host);
	return true;
}

/* Why the node cannot have this gateway; the caller frees.  NULL: it can. */
static char *refuse_gateway(const struct draft_node *node, const struct fact_route *r,
			    const struct draft_route *out, const struct draft_iface *i)
{
	struct prefix there = {out->via, 0};
	char via[ADDR_TEXT_MAX];

	addr_print(&out->via, via);
	if (out->via.family != out->to.addr.family)
		return g_strdup_printf("its gateway %s is of another address family", via);
	if (draft_node_has(node, &out->via))
		return g_strdup_printf("its gateway %s is an address of the node itself", via);
	for (guint n = 0; i && n < i->addresses->len; n++) {
		const struct prefix *p = &g_array_index(i->addresses, struct prefix, n);

		there.len = p->len;
		if (prefix_contains(p, &out->via) && !draft_is_host(&there))
			return g_strdup_printf("its gateway %s is the network or broadcast address "
					       "of its subnet",
					       via);
	}
	if (i && iface_by_source_name(node, r->dev) && !g_str_equal(i->source_name, r->dev))
		return g_strdup_printf("its gateway %s is on '%s', not on '%s'", via,
				       i->source_name, r->dev);
	return NULL;
}

/* Finds the interface of a route with a gateway.  false: it can't be written, and that is told. */
static bool set_gateway(struct draft *t, struct draft_node *node, const struct fact_route *r,
			struct draft_route *out)
{
	const struct draft_iface *i;
	g_autofree char *why = NULL;
	char via[ADDR_TEXT_MAX];

	addr_print(&r->via, via);
	if (facts_is_link_local(&out->via) && !resolve_link_local(t, node, r, &out->via)) {
		i = addr_is_link_local6(&out->via) && out->to.addr.family == AF_INET6 ?
			    iface_by_source_name(node, r->dev) :
			    NULL;
		out->dev = i ? i->name : NULL;
		if (i)
			return true;
		leave_out(t, r, "import that router's 'ip -j addr', too",
			  "its gateway %s is a link-local address, which no imported node on "
			  "that wire has",
			  via);
		return false;
	}
	i = draft_connected(node, &out->via, r->dev);
	why = refuse_gateway(node, r, out, i);
	if (why) {
		leave_out(t, r, NULL, "%s", why);
		return false;
	}
	if (i)
		out->dev = i->name;
	if (i || reach_on_link(t, node, r, out))
		return true;
	leave_out(t, r, "add the interface, or its address, and then the route",
		  "'%s' is on no subnet of '%s'", via, node->name);
	return false;
}

/* A route on link, or to the other end of the point-to-point line.  false as above. */
static bool set_device(struct draft *t, struct draft_node *node, const struct fact_route *r,
		       struct draft_route *out)
{
	const struct draft_iface *i = iface_by_source_name(node, r->dev);
	struct addr peer = i ? peer_of(node, r->dev, r->to.addr.family) : (struct addr){0};
	struct prefix end = {peer, addr_bits(&peer)};
	g_autofree char *why = NULL;

	if (!i) {
		leave_out(t, r, "add the interface, or its address, and then the route",
			  "'%s' is on no subnet of '%s'", r->dev ? r->dev : "its interface",
			  node->name);
		return false;
	}
	out->dev = i->name;
	if (!addr_is_set(&peer) || prefix_equal(&end, &r->to) || draft_node_has(node, &peer))
		return true;
	out->via = peer;
	out->note = "guess: by the other end of the point-to-point line";
	why = refuse_gateway(node, r, out, draft_connected(node, &peer, r->dev));
	if (why) {
		leave_out(t, r, NULL, "%s", why);
		return false;
	}
	if (draft_connected(node, &peer, NULL) || on_link_dev(node, &peer, out->table))
		return true;
	return reach_on_link(t, node, r, out);
}

static void add_route(struct draft *t, struct draft_node *node, const struct fact_route *r)
{
	struct draft_route out = {.to = r->to,
				  .via = r->via,
				  .type = r->type,
				  .dead = r->dead,
				  .metric = r->metric,
				  .table = r->table ? facts_table(node->facts, r->table) : 0,
				  .persistent = r->persistent,
				  .note = r->note,
				  .loc = r->loc};

	if (!r->table && draft_is_own_subnet(node, &r->to)) {
		if (addr_is_set(&r->via) || r->type)
			leave_out(t, r, NULL, "'%s' is connected to it", node->name);
		return;
	}
	if (!r->type &&
	    !(addr_is_set(&r->via) ? set_gateway(t, node, r, &out) : set_device(t, node, r, &out)))
		return;
	put_route(t, node, &out);
}

/* Whether the route's gateway can be reached; else it is taken out. */
static bool is_reached(struct draft *t, const struct draft_node *node, const struct draft_route *r)
{
	char to[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX];

	if (!addr_is_set(&r->via) || addr_is_link_local6(&r->via) ||
	    draft_connected(node, &r->via, NULL) || on_link_dev(node, &r->via, r->table))
		return true;
	return diags_add(t->found, DIAG_WARNING, r->loc, NULL,
			 "the route to %s is left out: its gateway %s is on no subnet of '%s'",
			 prefix_print(&r->to, to), addr_print(&r->via, via), node->name);
}

/* Takes out the routes whose gateway can't be reached; the owners of the others' forward. */
static void follow_gateways(struct draft *t, struct draft_node *node, GArray *routes)
{
	for (guint k = 0; k < routes->len;) {
		if (is_reached(t, node, &g_array_index(routes, struct draft_route, k)))
			k++;
		else
			g_array_remove_index(routes, k);
	}
	array_foreach(const struct draft_route, r, routes) {
		ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
			if (addr_is_set(&r->via) && g_strcmp0(r->dev, i->name) == 0)
				note_gateway(t, node, i->network, r);
		}
	}
}

void draft_routes(struct draft *t, struct draft_node *node)
{
	const GPtrArray *routes = node->facts->routes;

	/* Routes on link first: gateways may need them. */
	for (int on_link = 1; on_link >= 0; on_link--) {
		ptr_array_foreach(const struct fact_route, r, routes) {
			if (on_link == (!addr_is_set(&r->via) && !r->type))
				add_route(t, node, r);
		}
	}
	follow_gateways(t, node, node->routes);
	follow_gateways(t, node, node->policy_routes);
}
