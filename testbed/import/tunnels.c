/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels between two imported nodes.
 *
 * Theory of operation: an export shows an end of a VPN as an interface whose outer packets, peers
 * and keys it does not tell.  Where the other end is imported, too, the two have addresses in one
 * subnet that nobody else has; then the tunnel is written.  Among the facts its ends are interfaces
 * like others, and in the draft it is a network of two, so routes and `--complete` treat it as the
 * line that it is.  Only when it is written it becomes a tunnel: its outer addresses are those by
 * which its nodes' default routes lead, and behind each end is what that node leads to, and what
 * the other one sends there.  A tunnel whose other end is unknown stays left out. */
#include "testbed/import/draft.h"

#include <string.h>

/* --- facts ------------------------------------------------------------------------------------ */

/* Its only address; NULL: it has none or several, and a tunnel's end has one. */
static const struct prefix *end_address(const struct fact_iface *i)
{
	const struct fact_address *a;

	if (i->addresses->len != 1)
		return NULL;
	a = &g_array_index(i->addresses, struct fact_address, 0);
	return a->address.addr.family == AF_INET && a->address.len < 32 && !a->guessed &&
			       !a->unknown && draft_is_host(&a->address) ?
		       &a->address :
		       NULL;
}

/* Whether outer packets have a way: a default route by another interface, and none by this one. */
static bool has_outer_way(const struct facts *f, const struct fact_iface *end)
{
	bool has = false;

	ptr_array_foreach(const struct fact_route, r, f->routes) {
		const struct fact_iface *i = facts_find(f, r->dev);

		if (!i || r->table || r->type)
			continue;
		if (i == end && (r->to.len <= 1 || r->to.addr.family != AF_INET))
			return false;
		has = has || (i != end && !i->left_out && r->to.len == 0 &&
			      r->to.addr.family == AF_INET && i->addresses->len > 0);
	}
	return has;
}

/* How many interfaces of all nodes are in the subnet.  The last of them that is a tunnel's end on
 * another node than `f` is put into *ret. */
static guint count_in(const GPtrArray *all, const struct facts *f, const struct prefix *subnet,
		      struct fact_iface **ret)
{
	guint count = 0;

	ptr_array_foreach(const struct facts, other, all) {
		ptr_array_foreach(struct fact_iface, i, other->ifaces) {
			bool in = false;

			array_foreach(const struct fact_address, a, i->addresses)
				in = in || prefix_overlaps(&a->address, subnet);
			count += in;
			if (in && other != f && i->left_out && i->tunnel && end_address(i) &&
			    has_outer_way(other, i))
				*ret = i;
		}
	}
	return count;
}

static void join_end(const GPtrArray *all, const struct facts *f, struct fact_iface *i)
{
	const struct prefix *own = end_address(i), *far;
	struct fact_iface *other = NULL;

	if (!i->left_out || !i->tunnel || !own || !has_outer_way(f, i) ||
	    count_in(all, f, own, &other) != 2 || !other)
		return;
	far = end_address(other);
	if (!prefix_equal(own, far) || addr_equal(&own->addr, &far->addr))
		return;
	i->left_out = other->left_out = NULL;
	i->joined = other->joined = true;
}

void facts_join_tunnels(const GPtrArray *all)
{
	ptr_array_foreach(const struct facts, f, all)
		ptr_array_foreach(struct fact_iface, i, f->ifaces)
			join_end(all, f, i);
}

/* --- draft ------------------------------------------------------------------------------------ */

/* The address from which outer packets go.  NULL: none. */
static const struct addr *underlay_of(const struct draft_node *node)
{
	const struct draft_route *r = draft_default_route(node);

	ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
		if (!r || g_strcmp0(r->dev, i->name) != 0 || (i->source && i->source->joined))
			continue;
		array_foreach(const struct prefix, p, i->addresses)
			if (p->addr.family == AF_INET)
				return &p->addr;
	}
	return NULL;
}

bool draft_tunnel(const struct draft *t, const struct draft_network *n, struct draft_tunnel *ret)
{
	guint count = 0;

	ptr_array_foreach(const struct draft_node, node, t->nodes) {
		ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
			const struct addr *underlay = i->network == n ? underlay_of(node) : NULL;

			if (i->network != n)
				continue;
			if (count == 2 || !i->source || !i->source->joined ||
			    i->addresses->len != 1 || !underlay)
				return false;
			ret->ends[count++] = (struct draft_tunnel_end){node, i, underlay};
		}
	}
	return count == 2 && ret->ends[0].node != ret->ends[1].node;
}

bool draft_is_tunnel_end(const struct draft *t, const struct draft_iface *i)
{
	return draft_tunnel(t, i->network, &(struct draft_tunnel){0});
}

static void add_prefix(GArray *all, const struct prefix *p)
{
	struct prefix subnet = prefix_network(p);

	array_foreach(const struct prefix, has, all)
		if (prefix_equal(has, &subnet))
			return;
	if (subnet.addr.family == AF_INET && subnet.len > 0)
		g_array_append_val(all, subnet);
}

/* Destinations of the node's routes by this interface, or by every other one. */
static void add_routes(GArray *all, const struct draft_node *node, const char *dev, bool other)
{
	array_foreach(const struct draft_route, r, node->routes)
		if (!r->type && (g_strcmp0(r->dev, dev) != 0) == other)
			add_prefix(all, &r->to);
}

GArray *draft_tunnel_prefixes(const struct draft_tunnel *tunnel, guint end)
{
	const struct draft_tunnel_end *own = &tunnel->ends[end], *far = &tunnel->ends[!end];
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct prefix));
	struct prefix host = {g_array_index(own->iface->addresses, struct prefix, 0).addr, 32};

	add_prefix(all, &host);
	ptr_array_foreach(const struct draft_iface, i, own->node->ifaces) {
		if (i != own->iface && addr_is_private(&i->network->subnet.addr))
			add_prefix(all, &i->network->subnet);
	}
	add_routes(all, own->node, own->iface->name, true);
	add_routes(all, far->node, far->iface->name, false);
	return all;
}
