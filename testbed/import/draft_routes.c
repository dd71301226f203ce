/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/draft.h"

static bool is_link_local_or_multicast(const struct prefix *p)
{
	if (p->addr.family == AF_INET)
		return p->addr.bytes[0] == 169 && p->addr.bytes[1] == 254 && p->len >= 16;
	return p->addr.bytes[0] == 0xff ||
	       (p->addr.bytes[0] == 0xfe && (p->addr.bytes[1] & 0xc0) == 0x80);
}

static bool is_own_subnet(const struct draft_node *node, const struct prefix *to)
{
	for (guint k = 0; k < node->ifaces->len; k++) {
		const struct draft_network *n =
			((const struct draft_iface *)node->ifaces->pdata[k])->network;

		if (prefix_equal(&n->subnet, to) ||
		    (addr_is_set(&n->subnet6.addr) && prefix_equal(&n->subnet6, to)))
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

/* The node that has the gateway's address forwards.  Warns when there is none. */
static void note_gateway(struct draft *t, const struct draft_node *node,
			 const struct draft_network *n, const struct fact_route *r)
{
	struct draft_node *owner = NULL;
	char via[ADDR_TEXT_MAX];

	draft_owner(t, n, &r->via, &owner);
	if (owner && owner != node)
		owner->forwarding = true;
	else if (!owner)
		diags_add(t->found, DIAG_WARNING, r->loc,
			  "import that router's routes, too, or write a node for it",
			  "no node has the gateway's address %s", addr_print(&r->via, via));
}

static void add_route(struct draft *t, struct draft_node *node, const struct fact_route *r)
{
	const struct draft_iface *i = addr_is_set(&r->via) ? draft_connected(node, &r->via) :
							     iface_by_source_name(node, r->dev);
	struct draft_route out = {
		.to = r->to, .via = r->via, .persistent = r->persistent, .note = r->note};
	char to[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX];

	if (is_link_local_or_multicast(&r->to) || is_own_subnet(node, &r->to))
		return;
	if (!i || r->to.addr.family == 0) {
		diags_add(t->found, DIAG_WARNING, r->loc,
			  "add the interface, or its address, and then the route",
			  "the route to %s is left out: '%s' is on no subnet of '%s'",
			  prefix_print(&r->to, to),
			  addr_is_set(&r->via) ? addr_print(&r->via, via) : r->dev, node->name);
		return;
	}
	out.dev = i->name;
	if (addr_is_set(&r->via))
		note_gateway(t, node, i->network, r);
	g_array_append_val(node->routes, out);
}

void draft_routes(struct draft *t, struct draft_node *node, const struct facts *f)
{
	for (guint k = 0; k < f->routes->len; k++)
		add_route(t, node, f->routes->pdata[k]);
}
