/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/draft.h"

#include <string.h>

#define PUBLIC_LENGTH 24
#define PUBLIC_LENGTH6 64

const struct draft_route *draft_default_route(const struct draft_node *node)
{
	const struct draft_route *best = NULL;

	array_foreach(const struct draft_route, r, node->routes)
		if (prefix_is_default(&r->to) && r->to.addr.family == AF_INET &&
		    (!best || r->metric < best->metric))
			best = r;
	return best;
}

/* The NAT's inside address: the gateway of the node's default route, or an unused address. */
static bool inside_address(const struct draft *t, const struct draft_node *node,
			   const struct draft_iface *inside, struct addr *ret)
{
	const struct draft_route *r = draft_default_route(node);

	if (r && addr_is_set(&r->via) && !draft_owner(t, inside->network, &r->via, NULL) &&
	    prefix_contains(&inside->network->subnet, &r->via)) {
		*ret = r->via;
		return true;
	}
	return draft_free_address(t, inside->network, &inside->network->subnet, false, ret);
}

static struct draft_node *nat_node(struct draft *t, const struct fact_nat *nat)
{
	struct fact_address outside = {
		.address = {nat->outside, PUBLIC_LENGTH}, .guessed = true, .loc = nat->loc};
	struct draft_node *owner = NULL;
	struct draft_iface *i = draft_owner(t, NULL, &nat->outside, &owner);

	if (!i) {
		owner = draft_node_new(t, "nat");
		owner->inferred = true;
		i = draft_add_address(t, owner, "out", &outside);
		g_ptr_array_add(owner->notes, g_strdup("guess: an srflx candidate shows that there "
						       "is a NAT, but not how it works"));
	}
	if (!i) {
		g_ptr_array_remove(t->nodes, owner);
		return NULL;
	}
	owner->forwarding = true;
	owner->nat_out = i->name;
	return owner;
}

/* Whether the NAT node can join network `n`.  A node cannot be in two networks that overlap, as
 * with two homes behind one address. */
static bool nat_can_join(struct draft *t, const struct draft_node *router,
			 const struct draft_network *n, const struct fact_nat *nat)
{
	char outside[ADDR_TEXT_MAX], subnet[PREFIX_TEXT_MAX];

	ptr_array_foreach(const struct draft_iface, i, router->ifaces) {
		if (i->network->subnet.addr.family != n->subnet.addr.family ||
		    !prefix_overlaps(&i->network->subnet, &n->subnet))
			continue;
		return diags_add(
			t->found, DIAG_WARNING, nat->loc,
			"a carrier's NAT may be in between: write a NAT for each site",
			"the NAT %s has a network that overlaps with %s already: not connected "
			"to it",
			addr_print(&nat->outside, outside), prefix_print(&n->subnet, subnet));
	}
	return true;
}

static void add_nat(struct draft *t, struct draft_node *node, const struct fact_nat *nat)
{
	struct draft_iface *inside = draft_connected(node, &nat->inside, NULL), *lan;
	struct draft_route route = {.to = {.addr = {.family = AF_INET}},
				    .persistent = true,
				    .note = "guess: from the NAT"};
	struct draft_node *router;
	struct prefix a = {0};
	char text[ADDR_TEXT_MAX];

	if (!inside) {
		diags_add(t->found, DIAG_WARNING, nat->loc,
			  "add the node's 'ip -j addr' or 'route print'",
			  "'%s' has no interface for %s, which is behind a NAT", node->name,
			  addr_print(&nat->inside, text));
		return;
	}
	router = nat_node(t, nat);
	if (!router || router == node ||
	    !router->inferred) /* an imported router has its own routes */
		return;
	for (guint k = 0; k < router->ifaces->len; k++) {
		lan = router->ifaces->pdata[k];
		if (lan->network == inside->network)
			route.via = g_array_index(lan->addresses, struct prefix, 0).addr;
	}
	if (!addr_is_set(&route.via)) {
		if (!nat_can_join(t, router, inside->network, nat) ||
		    !inside_address(t, node, inside, &a.addr))
			return;
		a.len = inside->network->subnet.len;
		lan = draft_iface_new(router, "in", inside->network);
		lan->note = "guess: the address, unless it is a gateway of a route";
		g_array_append_val(lan->addresses, a);
		route.via = a.addr;
	}
	route.dev = inside->name;
	if (!draft_default_route(node))
		g_array_append_val(node->routes, route);
}

void draft_nats(struct draft *t, struct draft_node *node, const struct facts *f)
{
	for (guint k = 0; k < f->nats->len; k++)
		add_nat(t, node, &g_array_index(f->nats, struct fact_nat, k));
}

void draft_relays(struct draft *t, const struct facts *f)
{
	array_foreach(const struct fact_relay, r, f->relays) {
		struct fact_address a = {.address = {r->address, r->address.family == AF_INET ?
									 PUBLIC_LENGTH :
									 PUBLIC_LENGTH6},
					 .guessed = true,
					 .loc = r->loc};
		struct draft_node *node = NULL;

		if (draft_owner(t, NULL, &r->address, &node)) {
			node->is_relay = true;
			if (!node->inferred)
				g_ptr_array_add(node->notes,
						g_strdup("a relayed candidate has its address: it "
							 "is an Edge or another TURN server"));
			continue;
		}
		node = draft_node_new(t, "relay");
		node->inferred = node->is_relay = true;
		g_ptr_array_add(node->notes, g_strdup("guess: an Edge or another TURN server, as a "
						      "relayed candidate has this address"));
		draft_add_address(t, node, "ext", &a);
		if (node->ifaces->len == 0)
			g_ptr_array_remove(t->nodes, node);
	}
}
