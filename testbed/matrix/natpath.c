/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/natpath.h"

#define HOPS_MAX 32

/* The interface's prefix that contains the address; NULL: none. */
static const struct prefix *prefix_holding(const struct iface *f, const struct addr *a)
{
	array_foreach(const struct prefix, p, f->addresses)
		if (prefix_contains(p, a))
			return p;
	return NULL;
}

/* The interface that the route leaves by: its own word, or the one in whose subnet the gateway lies
 * or whose line ends there.  NULL: none, or a tunnel's. */
static const struct iface *iface_of(const struct node *n, const struct route *r)
{
	if (r->dev)
		return node_iface(n, r->dev);
	ptr_array_foreach(const struct iface, f, n->interfaces)
		if (prefix_holding(f, &r->via) ||
		    (addr_is_set(&r->via) && addr_equal(&f->peer, &r->via)))
			return f;
	return NULL;
}

/* The interface in whose subnet the address lies; NULL: none. */
static const struct iface *iface_towards(const struct node *n, const struct addr *a)
{
	ptr_array_foreach(const struct iface, f, n->interfaces)
		if (prefix_holding(f, a))
			return f;
	return NULL;
}

/* The route that the node takes to `to` (NULL: the IPv4 default route): of those whose interface is
 * up the one of the longest prefix, then of the least metric; NULL: none. */
static const struct route *route_towards(const struct node *n, const struct addr *to)
{
	const struct route *best = NULL;

	ptr_array_foreach(const struct route, r, n->routes) {
		const struct iface *f = iface_of(n, r);
		bool fits = to ? prefix_contains(&r->to, to) :
				 prefix_is_default(&r->to) && r->to.addr.family == AF_INET;

		if (fits && r->table == ROUTE_TABLE_MAIN && (!f || f->up) &&
		    (!best || r->to.len > best->to.len ||
		     (r->to.len == best->to.len && r->metric < best->metric)))
			best = r;
	}
	return best;
}

/* The node with that address on the named network (other networks may use it, too); NULL: none. */
static const struct node *owner_of(const model *m, const char *network, const struct addr *a)
{
	ptr_array_foreach(const struct node, n, m->nodes) {
		ptr_array_foreach(const struct iface, f, n->interfaces)
			if (g_strcmp0(f->network_name, network) == 0 && iface_has_address(f, a))
				return n;
	}
	return NULL;
}

/* Whether the rule translates packets from that address; a rule without sources translates all. */
static bool matches_source(const struct nat_rule *r, const struct addr *source)
{
	for (guint i = 0; i < r->src->len; i++)
		if (prefix_contains(&g_array_index(r->src, struct prefix, i), source))
			return true;
	return r->src->len == 0;
}

/* The first rule that translates packets from `source` which leave by `out`, 1:1 rules first; NULL:
 * none. */
static const struct nat_rule *rule_for(const struct node *n, const struct iface *out,
				       const struct addr *source)
{
	static const enum nat_kind kinds[] = {NAT_STATIC, NAT_MASQUERADE};

	for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
		ptr_array_foreach(const struct nat_rule, r, n->nat) {
			if (r->kind != kinds[k] || g_strcmp0(r->out_iface, out->name) != 0)
				continue;
			if (r->kind == NAT_STATIC ? addr_equal(&r->inside, source) :
						    matches_source(r, source))
				return r;
		}
	}
	return NULL;
}

/* The source address that packets have after the rule; not set: `out` has no IPv4 address. */
static struct addr outside_of(const struct nat_rule *r, const struct iface *out)
{
	const struct prefix *p = iface_prefix(out, AF_INET);

	return p && r->kind == NAT_MASQUERADE ? p->addr : r->outside;
}

/* The behaviour that a rule asks for; a 1:1 NAT has the least strict one. */
static struct nat_manner manner_of_rule(const struct nat_rule *r)
{
	if (r->kind == NAT_STATIC)
		return (struct nat_manner){NAT_ENDPOINT_INDEPENDENT, NAT_ENDPOINT_INDEPENDENT,
					   r->hairpin, true, 0};
	return (struct nat_manner){r->mapping, r->filtering, r->hairpin, r->preserve_port,
				   r->udp_timeout_ms};
}

/* The behaviour of several NATs in a row (`hops` as in struct natpath): the strictest mapping and
 * filtering, and the shortest timeout; a port is kept if all keep it; hairpinning works if the last
 * one does it and all others let in packets from any address. */
static struct nat_manner nat_manner_of(const GArray *hops)
{
	struct nat_manner all = {NAT_ENDPOINT_INDEPENDENT, NAT_ENDPOINT_INDEPENDENT, false, true,
				 0};
	bool let_in = true;

	for (guint i = 0; i < hops->len; i++) {
		struct nat_manner one = manner_of_rule(g_array_index(hops, struct nat_hop, i).rule);

		all.mapping = MAX(all.mapping, one.mapping);
		all.filtering = MAX(all.filtering, one.filtering);
		all.preserve_port = all.preserve_port && one.preserve_port;
		all.hairpin = one.hairpin && let_in;
		let_in = let_in && one.filtering == NAT_ENDPOINT_INDEPENDENT;
		if (one.udp_timeout_ms > 0 &&
		    (all.udp_timeout_ms == 0 || one.udp_timeout_ms < all.udp_timeout_ms))
			all.udp_timeout_ms = one.udp_timeout_ms;
	}
	return all;
}

static const struct object_shape natpath_shape = OBJECT_SHAPE(
	natpath, NULL, OWNS(natpath, hops, g_array_unref), OWNS(natpath, steps, g_array_unref));

/* A router on the network besides `but`, and its address there; NULL: none. */
static const struct node *router_on(const model *m, const char *network, const struct node *but,
				    struct addr *ret)
{
	ptr_array_foreach(const struct node, n, m->nodes) {
		ptr_array_foreach(const struct iface, f, n->interfaces) {
			const struct prefix *p = iface_prefix(f, AF_INET);

			if (n == but || !n->forwarding || !p ||
			    g_strcmp0(f->network_name, network) != 0)
				continue;
			*ret = p->addr;
			return n;
		}
	}
	return NULL;
}

/* Where a packet to `to` (NULL: anywhere) goes from `at`. */
struct nat_leap {
	const struct iface *out;
	const struct node *next; /* NULL: the route leads to no node */
	struct addr via;
	bool by_default, last; /* `last`: the destination's own network is next */
};

/* False: it goes nowhere from there. */
static bool leap_from(const model *m, const struct node *at, const struct addr *to,
		      struct nat_leap *ret)
{
	const struct route *r = route_towards(at, to);

	*ret = (struct nat_leap){.out = to ? iface_towards(at, to) : NULL};
	if (ret->out) {
		ret->last = true;
		ret->next = router_on(m, ret->out->network_name, at, &ret->via);
		return ret->next != NULL;
	}
	if (!r || !addr_is_set(&r->via))
		return false;
	ret->out = iface_of(at, r);
	ret->next = ret->out ? owner_of(m, ret->out->network_name, &r->via) : NULL;
	ret->via = r->via;
	ret->by_default = prefix_is_default(&r->to);
	return true;
}

/* Notes a leap and the NAT rule that its packets meet. */
static void note_leap(struct natpath *p, const struct node *at, const struct nat_leap *leap,
		      struct addr *source, guint *steps)
{
	struct nat_hop hop = {at, rule_for(at, leap->out, source)};
	struct nat_step step = {at, leap->via, false};

	if (!leap->by_default)
		g_array_append_val(p->steps, step);
	if (!hop.rule)
		return;
	g_array_append_val(p->hops, hop);
	p->beyond = leap->next;
	*source = p->outside = outside_of(hop.rule, leap->out);
	*steps = p->steps->len;
}

/* The path along the routes to `to`, NULL: along the default routes.  NULL as natpath_new. */
static struct natpath *path_towards(const model *m, const struct node *n, const struct addr *to,
				    char **ret_why)
{
	struct natpath *p = object_new(&natpath_shape);
	const struct node *at = n;
	struct addr source = node_address(n);
	struct nat_leap leap = {.last = false};
	guint steps = 0;

	p->node = n;
	p->hops = g_array_new(FALSE, FALSE, sizeof(struct nat_hop));
	p->steps = g_array_new(FALSE, FALSE, sizeof(struct nat_step));
	for (guint hops = 0; !leap.last && leap_from(m, at, to, &leap); hops++) {
		if (!leap.next || hops == HOPS_MAX) {
			*ret_why = leap.next ? g_strdup_printf("its default routes lead in a "
							       "circle at %s",
							       at->name) :
					       g_strdup_printf("the default route of %s leads to "
							       "no node",
							       at->name);
			object_free(p);
			return NULL;
		}
		note_leap(p, at, &leap, &source, &steps);
		at = leap.next;
	}
	g_array_set_size(p->steps, steps);
	array_foreach(struct nat_step, step, p->steps)
		step->lacks_outside = !iface_towards(step->node, &p->outside) &&
				      !route_towards(step->node, &p->outside);
	if (p->hops->len == 0)
		g_clear_pointer(&p, object_free);
	else
		p->asked = nat_manner_of(p->hops);
	return p;
}

struct natpath *natpath_new(const model *m, const struct node *n, char **ret_why)
{
	struct natpath *p = NULL;

	*ret_why = NULL;
	if (route_towards(n, NULL))
		return path_towards(m, n, NULL, ret_why);
	for (guint i = 0; i < n->routes->len && !p; i++) {
		const struct route *r = n->routes->pdata[i];
		g_autofree char *why = NULL;

		if (r->to.addr.family == AF_INET && addr_is_set(&r->via))
			p = path_towards(m, n, &r->to.addr, &why);
	}
	return p;
}
