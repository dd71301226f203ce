/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/walk/gateway.h"

bool gateway_covers(const struct prefix *wide, const struct prefix *p)
{
	return wide->len <= p->len && prefix_contains(wide, &p->addr);
}

bool gateway_translates(const struct node *router, const struct addr *a)
{
	ptr_array_foreach(const struct nat_rule, r, router->nat)
		if (r->kind != NAT_MASQUERADE && addr_equal(&r->outside, a))
			return true;
	return false;
}

/* Whether the router reaches `to` by its own networks, its NAT or its routes.  Routes back to the
 * node that asks do not count, and a default route, which every router has, only for the default
 * route. */
static bool knows(const struct node *router, const struct node *asks, const struct prefix *to)
{
	ptr_array_foreach(const struct iface, iface, router->interfaces)
		if (gateway_covers(&iface->network->subnet, to) ||
		    gateway_covers(&iface->network->subnet6, to))
			return true;
	if (to->len == addr_bits(&to->addr) && gateway_translates(router, &to->addr))
		return true;
	ptr_array_foreach(const struct route, r, router->routes)
		if (r->type == ROUTE_UNICAST && r->to.addr.family == to->addr.family &&
		    prefix_is_default(&r->to) == prefix_is_default(to) &&
		    gateway_covers(&r->to, to) && !node_has_address(asks, &r->via))
			return true;
	return false;
}

/* Whether the router sends to everywhere by the node that asks. */
static bool leads_back(const struct node *router, const struct node *asks, int family)
{
	ptr_array_foreach(const struct route, r, router->routes)
		if (r->to.addr.family == family && prefix_is_default(&r->to) &&
		    node_has_address(asks, &r->via))
			return true;
	return false;
}

/* A router on that interface's network that knows the way; with `any` whether it knows it or not,
 * but none that would send the packet back. */
static bool gateway_on_iface(const model *m, const struct node *n, const struct iface *iface,
			     const struct prefix *to, bool any, struct gateway *ret)
{
	ptr_array_foreach(const struct node, router, m->nodes) {
		for (guint k = 0; router != n && router->forwarding && k < router->interfaces->len;
		     k++) {
			const struct iface *there = router->interfaces->pdata[k];

			const struct prefix *via = iface_prefix(there, to->addr.family);

			if (there->network != iface->network || !via ||
			    !(any ? !leads_back(router, n, to->addr.family) : knows(router, n, to)))
				continue;
			*ret = (struct gateway){via->addr, iface->name};
			return true;
		}
	}
	return false;
}

/* The other end of a tunnel that carries the prefix. */
static bool gateway_in_tunnel(const model *m, const struct node *n, const char *iface,
			      const struct prefix *to, struct gateway *ret)
{
	ptr_array_foreach(const struct tunnel, t, m->tunnels) {
		for (guint k = 0; k < 2; k++) {
			const struct tunnel_end *here = &t->ends[k], *there = &t->ends[1 - k];

			if (here->node != n || (iface && !g_str_equal(iface, here->iface)))
				continue;
			for (guint p = 0; p < there->prefixes->len; p++) {
				if (!gateway_covers(
					    &g_array_index(there->prefixes, struct prefix, p), to))
					continue;
				*ret = (struct gateway){there->address.addr, here->iface};
				return true;
			}
		}
	}
	return false;
}

static bool gateway_on_ifaces(const model *m, const struct node *n, const char *iface,
			      const struct prefix *to, bool any, struct gateway *ret)
{
	ptr_array_foreach(const struct iface, by, n->interfaces)
		if ((!iface || g_str_equal(iface, by->name)) &&
		    gateway_on_iface(m, n, by, to, any, ret))
			return true;
	return false;
}

bool gateway_find(const model *m, const struct node *n, const char *iface, const struct prefix *to,
		  struct gateway *ret)
{
	if (gateway_in_tunnel(m, n, iface, to, ret) ||
	    gateway_on_ifaces(m, n, iface, to, false, ret))
		return true;
	/* the next router of a company's outermost one is the Internet's, which has no default
	 * route
	 */
	return prefix_is_default(to) && gateway_on_ifaces(m, n, iface, to, true, ret);
}
