/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/walk/knet_internal.h"

/* --- the state tied to the model -------------------------------------------------------------- */

static const struct object_shape knode_shape = OBJECT_SHAPE(
	knode, NULL, OWNS(knode, links, g_array_unref), OWNS(knode, rules, g_array_unref));

/* The interface's network or tunnel in the model. */
static void tie_link(const model *m, const struct node *node, struct klink *link)
{
	const struct iface *f = node_iface(node, link->state->name);
	guint end = 0;

	if (f) {
		link->network = f->network;
		return;
	}
	link->tunnel = model_tunnel_at(m, node->name, link->state->name, &end);
	link->tunnel_end = (int)end;
	if (!link->tunnel)
		return;
	/* where a host has no WireGuard a VXLAN takes its place, and carries Ethernet */
	link->tunnel_kind = link->tunnel->kind == TUNNEL_WIREGUARD && link->state->ethernet ?
				    TUNNEL_VXLAN :
				    link->tunnel->kind;
}

static gint compare_rules(gconstpointer a, gconstpointer b)
{
	const struct kernel_rule *x = a, *y = b;

	return (x->pref > y->pref) - (x->pref < y->pref);
}

static struct knode *knode_new(const model *m, const struct node *node, const node_state *state)
{
	struct knode *n = object_new(&knode_shape);

	n->model = node;
	n->state = state;
	n->links = g_array_new(FALSE, TRUE, sizeof(struct klink));
	for (guint i = 0; i < state->links->len; i++) {
		struct klink link = {.state = &g_array_index(state->links, struct kernel_link, i)};

		link.rp_filter = MAX(state->rp_filter_all, link.state->rp_filter);
		tie_link(m, node, &link);
		g_array_append_val(n->links, link);
	}
	n->rules = g_array_copy(state->rules);
	g_array_sort(n->rules, compare_rules);
	return n;
}

static const struct object_shape knet_shape =
	OBJECT_SHAPE(knet, NULL, OWNS_TABLE(knet, by_name), OWNS(knet, nodes, g_ptr_array_unref));

knet *knet_new(const model *m, const netstate *state)
{
	knet *net = object_new(&knet_shape);

	net->m = m;
	net->state = state;
	net->nodes = g_ptr_array_new_with_free_func(object_free);
	net->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	ptr_array_foreach(const struct node, node, m->nodes) {
		const node_state *of_node = netstate_node(state, node->name);

		if (!of_node)
			continue;
		g_ptr_array_add(net->nodes, knode_new(m, node, of_node));
		g_hash_table_insert(net->by_name, node->name,
				    net->nodes->pdata[net->nodes->len - 1]);
	}
	return net;
}

/* --- questions -------------------------------------------------------------------------------- */

const struct knode *knet_node(const struct knet *net, const char *name)
{
	return g_hash_table_lookup(net->by_name, name);
}

const struct klink *knode_link(const struct knode *n, const char *name)
{
	array_foreach(const struct klink, link, n->links)
		if (g_str_equal(link->state->name, name))
			return link;
	return NULL;
}

const struct klink *knode_owns(const struct knode *n, const struct addr *a)
{
	array_foreach(const struct klink, link, n->links)
		if (kernel_link_has(link->state, a))
			return link;
	return NULL;
}

static const struct kernel_route *table_lookup(const struct knode *n, unsigned table,
					       const struct addr *dst)
{
	const struct kernel_route *best = NULL;

	array_foreach(const struct kernel_route, r, n->state->routes) {
		if (r->table != table || !prefix_contains(&r->to, dst) ||
		    (!r->dev && !kernel_route_refuses(r)))
			continue;
		if (!best || r->to.len > best->to.len ||
		    (r->to.len == best->to.len && r->metric < best->metric))
			best = r;
	}
	return best;
}

/* Whether the rule is about packets from `src` that came in by `in`. */
static bool rule_applies(const struct kernel_rule *r, const char *in, const struct addr *src)
{
	if (r->in && !g_str_equal(r->in, in ? in : "lo"))
		return false;
	return !addr_is_set(&r->from.addr) || (addr_is_set(src) && prefix_contains(&r->from, src));
}

struct lookup knode_lookup(const struct knode *n, const char *in, const struct addr *src,
			   const struct addr *dst)
{
	struct lookup found = {NULL, NULL};

	for (guint i = 0; i < n->rules->len && !found.route; i++) {
		const struct kernel_rule *r = &g_array_index(n->rules, struct kernel_rule, i);

		if (r->family != dst->family || !rule_applies(r, in, src))
			continue;
		if (r->action == KERNEL_RULE_UNREACHABLE) {
			found.rule = r;
			return found;
		}
		found.route = table_lookup(n, r->table, dst);
	}
	return found;
}

char *kernel_route_text(const struct kernel_route *r)
{
	GString *text = g_string_new(NULL);
	char to[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX];

	if (kernel_route_refuses(r))
		g_string_append_printf(text, "%s ", kernel_route_type_name(r->type));
	g_string_append(text, prefix_is_default(&r->to) ? "default" : prefix_print(&r->to, to));
	if (addr_is_set(&r->via))
		g_string_append_printf(text, " via %s", addr_print(&r->via, via));
	if (r->dev)
		g_string_append_printf(text, " dev %s", r->dev);
	g_string_append_printf(text, " table %u", r->table);
	return g_string_free(text, FALSE);
}

struct addr klink_source(const struct klink *link, const struct addr *next_hop)
{
	struct addr first = {.family = 0};

	array_foreach(const struct prefix, p, link->state->addresses) {
		if (p->addr.family != next_hop->family)
			continue;
		if (addr_is_link_local6(&p->addr))
			continue;
		if (prefix_contains(p, next_hop))
			return p->addr;
		if (!addr_is_set(&first))
			first = p->addr;
	}
	return first;
}

/* A weak host answers ARP for all its addresses on every interface (arp_ignore 0), others
 * (node_answers_by_card) only for the interface's own.  Neighbour discovery is answered only for
 * these, too (RFC 4861). */
static const struct klink *answering_link(const struct knode *n, const struct klink *asking,
					  const struct addr *a, bool any_address)
{
	array_foreach(const struct klink, link, n->links) {
		if (link == asking || !link->network || link->network != asking->network)
			continue;
		if (kernel_link_has(link->state, a) ||
		    (any_address && !node_answers_by_card(n->model) && knode_owns(n, a)))
			return link;
	}
	return NULL;
}

const struct knode *knet_neighbour(const struct knet *net, const struct klink *link,
				   const struct addr *a, const struct klink **ret_link)
{
	for (int any_address = 0; any_address < (a->family == AF_INET ? 2 : 1); any_address++) {
		ptr_array_foreach(const struct knode, n, net->nodes) {
			*ret_link = answering_link(n, link, a, any_address != 0);
			if (*ret_link)
				return n;
		}
	}
	return NULL;
}
