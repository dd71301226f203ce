/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 1:1 NAT in front of Edges whose outer addresses are seen as others outside.  No export tells
 * of it, so it is put on the Edge's gateway, which is added unless an imported node has its
 * address.
 */
#include "testbed/import/complete.h"

#include <string.h>

/* Where the Edge's default route leads by its outer interface.  Unset: nowhere. */
static struct addr outer_gateway(const struct edge_role *r)
{
	const struct draft_route *route = draft_default_route(r->node);

	return route && g_strcmp0(route->dev, r->out->name) == 0 ? route->via : (struct addr){0};
}

static struct draft_node *add_firewall(struct completion *c, const struct edge_role *r,
				       const struct addr *gateway)
{
	struct draft_node *fw = complete_node(c, "firewall", "the Edge's firewall, with 1:1 NAT");
	const struct draft_iface *core = draft_iface_on(c->core, c->outside);
	struct draft_iface *out = complete_join(c, fw, "wan", c->outside, NULL);

	fw->forwarding = true;
	if (!complete_join(c, fw, "dmz", r->out->network, addr_is_set(gateway) ? gateway : NULL) ||
	    !out)
		return NULL;
	complete_route(fw, &(struct prefix){.addr = {.family = AF_INET}},
		       &g_array_index(core->addresses, struct prefix, 0).addr, out->name);
	return fw;
}

/* What stands in front of another Edge of the same outer network: an Edge without export names no
 * gateway, and a pool has one firewall.  NULL: none yet. */
static struct draft_node *nat_beside(const struct draft *t, const struct edge_role *r)
{
	array_foreach(const struct edge_role, other, t->edges)
		if (other->nat && other->out->network == r->out->network)
			return other->nat;
	return NULL;
}

/* The node with the Edge's outer gateway.  NULL with a warning: it can't have a NAT. */
static struct draft_node *nat_node(struct completion *c, const struct edge_role *r)
{
	struct addr gateway = outer_gateway(r);
	struct draft_node *owner = addr_is_set(&gateway) ? NULL : nat_beside(c->t, r);

	if (owner)
		return owner;

	if (addr_is_set(&gateway))
		draft_owner(c->t, r->out->network, &gateway, &owner);
	if (!owner)
		return add_firewall(c, r, &gateway);
	return owner->nat_out || !draft_default_route(owner) || !draft_default_route(owner)->dev ?
		       NULL :
		       owner;
}

/* The outside address of one inside address; a NAT has each once, and nobody else has it. */
static void add_rule(struct completion *c, struct draft_node *nat, const struct addr *inside,
		     const struct addr *outside)
{
	const char *dev = draft_default_route(nat)->dev;
	char in[ADDR_TEXT_MAX], out[ADDR_TEXT_MAX];
	g_autofree char *rule = NULL;
	bool first = true;

	if (outside->family != AF_INET || draft_owner(c->t, NULL, outside, NULL))
		return;
	rule = g_strdup_printf("static: {inside: %s, outside: %s}", addr_print(inside, in),
			       addr_print(outside, out));
	for (guint i = 0; i < nat->more->len; i++) {
		if (strstr(nat->more->pdata[i], out))
			return;
		first = first && !g_str_has_prefix(nat->more->pdata[i], "nat:");
	}
	if (first)
		draft_line(nat, "nat:  # guess: no export tells of it");
	draft_line(nat, "  - {name: nat-%u, %s, out: %s, hairpin: true}", nat->more->len, rule,
		   dev);
}

static bool is_seen_outside(const struct draft *t, const struct addr *a)
{
	array_foreach(const struct edge_role, r, t->edges)
		if (addr_equal(&r->access_outside, a) || addr_equal(&r->av_outside, a))
			return true;
	return draft_owner(t, NULL, a, NULL);
}

/* Topology Builder asks for the public address of the A/V Edge only: where that one is behind NAT,
 * so is the Access Edge, and clients find it by an address that no export tells. */
static void guess_access_outside(const struct completion *c, struct edge_role *r)
{
	struct addr a = c->outside->subnet.addr;
	char text[ADDR_TEXT_MAX];

	if (addr_is_set(&r->access_outside) || !addr_is_private(&r->access))
		return;
	if (addr_equal(&r->access, &r->av)) { /* one address for both */
		r->access_outside = r->av_outside;
		return;
	}
	a.bytes[3] = 254; /* the network has 24 bits */
	while (a.bytes[3] > 1 && is_seen_outside(c->t, &a))
		a.bytes[3]--;
	r->access_outside = a;
	diags_add(c->t->found, DIAG_WARNING, r->pool->loc,
		  "if it matters, write the right one in its 'access_public', the NAT, the public "
		  "DNS and the routes",
		  "no export tells the Access Edge's public address of '%s': %s is a guess",
		  r->node->name, addr_print(&a, text));
}

void complete_nat(struct completion *c)
{
	array_foreach(struct edge_role, r, c->t->edges) {
		if (addr_is_set(&r->av_outside))
			guess_access_outside(c, r);
		if (!addr_is_set(&r->access_outside) && !addr_is_set(&r->av_outside))
			continue;
		r->nat = nat_node(c, r);
		if (!r->nat) {
			diags_add(c->t->found, DIAG_WARNING, r->pool->loc,
				  "write 'nat' at the router in front of it",
				  "the outside addresses of '%s' lead nowhere", r->node->name);
			continue;
		}
		r->nat->forwarding = true;
		add_rule(c, r->nat, &r->access, &r->access_outside);
		add_rule(c, r->nat, &r->av, &r->av_outside);
	}
}

void complete_nat_routes(struct completion *c)
{
	array_foreach(const struct edge_role, r, c->t->edges) {
		const struct addr *outside[] = {&r->access_outside, &r->av_outside};
		struct addr gateway = outer_gateway(r);
		const struct reach *reach = complete_reach(c, r->out->network);
		struct draft_node *nat = NULL;

		if (!addr_is_set(&gateway) && addr_is_set(&reach->gateway)) {
			gateway = reach->gateway;
			complete_route(r->node, &(struct prefix){.addr = {.family = AF_INET}},
				       &gateway, r->out->name);
		}
		draft_owner(c->t, r->out->network, &gateway, &nat);
		for (guint i = 0; nat && i < G_N_ELEMENTS(outside); i++) {
			if (addr_is_set(outside[i]))
				complete_ways(c, &(struct prefix){*outside[i], 32}, nat);
		}
	}
}
