/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/facts.h"

static const struct object_shape iface_shape =
	OBJECT_SHAPE(fact_iface, NULL, OWNS_TEXT(fact_iface, name), OWNS_TEXT(fact_iface, note),
		     OWNS_ARRAY(fact_iface, addresses, fact_address));
static const struct object_shape route_shape =
	OBJECT_SHAPE(fact_route, NULL, OWNS_TEXT(fact_route, dev));
static const struct object_shape facts_shape =
	OBJECT_SHAPE(facts, NULL, OWNS_TEXT(facts, node), OWNS_LIST(facts, ifaces, object_free),
		     OWNS_LIST(facts, routes, object_free), OWNS_ARRAY(facts, nats, fact_nat),
		     OWNS_ARRAY(facts, relays, fact_relay), OWNS_LIST(facts, notes, g_free));

struct facts *facts_new(const char *node, struct loc loc)
{
	struct facts *f = object_new(&facts_shape);

	f->node = g_strdup(node);
	f->loc = loc;
	return f;
}

struct fact_iface *facts_iface(struct facts *f, const char *name, struct loc loc, diags *d)
{
	struct fact_iface *i;

	for (guint k = 0; k < f->ifaces->len; k++) {
		i = f->ifaces->pdata[k];
		if (g_str_equal(i->name, name))
			return i;
	}
	if (f->ifaces->len >= FACTS_MAX) {
		diags_add(d, DIAG_ERROR, loc, NULL, "node '%s' has more than %d interfaces",
			  f->node, FACTS_MAX);
		return NULL;
	}
	i = object_new(&iface_shape);
	i->name = g_strdup(name);
	i->up = true;
	i->loc = loc;
	g_ptr_array_add(f->ifaces, i);
	return i;
}

struct fact_iface *facts_owner(const struct facts *f, const struct addr *a)
{
	ptr_array_foreach(struct fact_iface, i, f->ifaces) {
		for (guint n = 0; n < i->addresses->len; n++) {
			if (addr_equal(&g_array_index(i->addresses, struct fact_address, n)
						.address.addr,
				       a))
				return i;
		}
	}
	return NULL;
}

void facts_address(struct fact_iface *i, const struct prefix *address, bool guessed, struct loc loc,
		   diags *d)
{
	struct fact_address entry = {.address = *address, .guessed = guessed, .loc = loc};

	for (guint n = 0; n < i->addresses->len; n++) {
		if (addr_equal(&g_array_index(i->addresses, struct fact_address, n).address.addr,
			       &address->addr))
			return;
	}
	if (i->addresses->len >= FACTS_MAX)
		diags_add(d, DIAG_ERROR, loc, NULL, "interface '%s' has more than %d addresses",
			  i->name, FACTS_MAX);
	else
		g_array_append_val(i->addresses, entry);
}

/* Keeps the better of two routes to one destination. */
static void keep_better_route(struct fact_route *have, const struct fact_route *other, diags *d)
{
	char to[PREFIX_TEXT_MAX];
	bool better = other->metric < have->metric;

	if (addr_equal(&have->via, &other->via) &&
	    (!have->dev || !other->dev || g_str_equal(have->dev, other->dev)))
		return;
	diags_add(d, DIAG_WARNING, better ? have->loc : other->loc,
		  "a node has one route per destination: the best is kept",
		  "another route to %s with metric %u is left out", prefix_print(&have->to, to),
		  better ? have->metric : other->metric);
	if (better) {
		g_free(have->dev);
		*have = *other;
		have->dev = g_strdup(other->dev);
	}
}

void facts_route(struct facts *f, const struct fact_route *route, diags *d)
{
	ptr_array_foreach(struct fact_route, have, f->routes) {
		if (prefix_equal(&have->to, &route->to)) {
			keep_better_route(have, route, d);
			return;
		}
	}
	if (f->routes->len >= FACTS_MAX) {
		diags_add(d, DIAG_ERROR, route->loc, NULL, "node '%s' has more than %d routes",
			  f->node, FACTS_MAX);
		return;
	}
	struct fact_route *r = object_new(&route_shape);

	*r = *route;
	r->dev = g_strdup(route->dev);
	g_ptr_array_add(f->routes, r);
}
