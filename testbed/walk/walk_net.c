/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/walk/walk_net.h"

#include <string.h>

/* --- reading the state ------------------------------------------------------------------------ */

static void klink_free(gpointer data)
{
	struct klink *link = data;

	g_array_unref(link->addresses);
	g_free(link);
}

static void knode_free(gpointer data)
{
	struct knode *n = data;

	g_ptr_array_unref(n->links);
	g_array_unref(n->routes);
	g_array_unref(n->rules);
	g_free(n);
}

static unsigned json_unsigned(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (unsigned)value : 0;
}

static const char *json_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* The interface's network or tunnel in the model. */
static void tie_link(const model *m, const struct node *node, struct klink *link)
{
	const struct iface *f = node_iface(node, link->name);
	guint end = 0;

	if (f) {
		link->network = f->network;
		return;
	}
	link->tunnel = model_tunnel_at(m, node->name, link->name, &end);
	link->tunnel_end = (int)end;
}

static void read_links(const model *m, struct knode *n, const json_t *node)
{
	const json_t *filters = json_object_get(json_object_get(node, "sysctl"), "rp_filter");
	unsigned all = json_unsigned(filters, "all");
	json_t *item, *address;
	size_t i, k;

	json_array_foreach(json_object_get(node, "links"), i, item) {
		struct klink *link = g_new0(struct klink, 1);

		link->addresses = g_array_new(FALSE, FALSE, sizeof(struct prefix));
		g_ptr_array_add(n->links, link);
		link->name = json_text(item, "name");
		link->name = link->name ? link->name : "";
		link->up = json_is_true(json_object_get(item, "up"));
		link->carrier = json_is_true(json_object_get(item, "carrier"));
		link->mtu_bytes = json_unsigned(item, "mtu");
		link->rp_filter = MAX(all, json_unsigned(filters, link->name));
		json_array_foreach(json_object_get(item, "addresses"), k, address) {
			struct prefix p;

			if (json_string_value(address) &&
			    prefix_parse(json_string_value(address), &p))
				g_array_append_val(link->addresses, p);
		}
		tie_link(m, n->model, link);
	}
}

static void read_routes(struct knode *n, const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		const char *to = json_text(item, "to"), *via = json_text(item, "via");
		struct kroute r = {
			.dev = json_text(item, "dev"),
			.table = json_unsigned(item, "table"),
			.metric = json_unsigned(item, "metric"),
			.type = json_text(item, "type"),
		};

		if (!to || !prefix_parse(to, &r.to) || (via && !addr_parse(via, &r.via)))
			continue;
		r.type = r.type ? r.type : "unicast";
		if (r.dev || kroute_refuses(&r))
			g_array_append_val(n->routes, r);
	}
}

static gint compare_rules(gconstpointer a, gconstpointer b)
{
	const struct krule *x = a, *y = b;

	return (x->pref > y->pref) - (x->pref < y->pref);
}

static void read_rules(struct knode *n, const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		const char *from = json_text(item, "from");
		struct krule r = {
			.pref = json_unsigned(item, "pref"),
			.table = json_unsigned(item, "table"),
			.family = g_strcmp0(json_text(item, "family"), "inet6") == 0 ? AF_INET6 :
										       AF_INET,
			.has_from = from != NULL,
			.unreachable = g_strcmp0(json_text(item, "action"), "unreachable") == 0,
		};

		if (!from || prefix_parse(from, &r.from))
			g_array_append_val(n->rules, r);
	}
	g_array_sort(n->rules, compare_rules);
}

static void read_node(struct knet *net, const struct node *node, const json_t *state)
{
	struct knode *n = g_new0(struct knode, 1);

	n->model = node;
	n->links = g_ptr_array_new_with_free_func(klink_free);
	n->routes = g_array_new(FALSE, FALSE, sizeof(struct kroute));
	n->rules = g_array_new(FALSE, FALSE, sizeof(struct krule));
	n->forwards = json_unsigned(json_object_get(state, "sysctl"), "ip_forward") != 0;
	n->forwards6 = json_unsigned(json_object_get(state, "sysctl"), "ip6_forward") != 0;
	read_links(net->m, n, state);
	read_routes(n, json_object_get(state, "routes"));
	read_rules(n, json_object_get(state, "rules"));
	g_ptr_array_add(net->nodes, n);
}

struct knet *knet_new(const model *m, const json_t *state)
{
	struct knet *net = g_new0(struct knet, 1);
	const json_t *nodes = json_object_get(state, "nodes");

	net->m = m;
	net->nodes = g_ptr_array_new_with_free_func(knode_free);
	for (guint i = 0; i < m->nodes->len; i++) {
		const struct node *node = m->nodes->pdata[i];
		const json_t *of_node = json_object_get(nodes, node->name);

		if (of_node)
			read_node(net, node, of_node);
	}
	return net;
}

void knet_free(struct knet *net)
{
	g_ptr_array_unref(net->nodes);
	g_free(net);
}

/* --- questions -------------------------------------------------------------------------------- */

const struct knode *knet_node(const struct knet *net, const char *name)
{
	for (guint i = 0; i < net->nodes->len; i++) {
		const struct knode *n = net->nodes->pdata[i];

		if (g_str_equal(n->model->name, name))
			return n;
	}
	return NULL;
}

const struct klink *knode_link(const struct knode *n, const char *name)
{
	for (guint i = 0; i < n->links->len; i++) {
		const struct klink *link = n->links->pdata[i];

		if (g_str_equal(link->name, name))
			return link;
	}
	return NULL;
}

static bool klink_has(const struct klink *link, const struct addr *a)
{
	for (guint i = 0; i < link->addresses->len; i++)
		if (addr_equal(&g_array_index(link->addresses, struct prefix, i).addr, a))
			return true;
	return false;
}

const struct klink *knode_owns(const struct knode *n, const struct addr *a)
{
	for (guint i = 0; i < n->links->len; i++)
		if (klink_has(n->links->pdata[i], a))
			return n->links->pdata[i];
	return NULL;
}

bool kroute_refuses(const struct kroute *r)
{
	return !g_str_equal(r->type, "unicast");
}

static const struct kroute *table_lookup(const struct knode *n, unsigned table,
					 const struct addr *dst)
{
	const struct kroute *best = NULL;

	for (guint i = 0; i < n->routes->len; i++) {
		const struct kroute *r = &g_array_index(n->routes, struct kroute, i);

		if (r->table != table || !prefix_contains(&r->to, dst))
			continue;
		if (!best || r->to.len > best->to.len ||
		    (r->to.len == best->to.len && r->metric < best->metric))
			best = r;
	}
	return best;
}

struct lookup knode_lookup(const struct knode *n, const struct addr *src, const struct addr *dst)
{
	struct lookup found = {NULL, NULL};

	for (guint i = 0; i < n->rules->len && !found.route; i++) {
		const struct krule *r = &g_array_index(n->rules, struct krule, i);

		if (r->family != dst->family ||
		    (r->has_from && !(addr_is_set(src) && prefix_contains(&r->from, src))))
			continue;
		if (r->unreachable) {
			found.rule = r;
			return found;
		}
		found.route = table_lookup(n, r->table, dst);
	}
	return found;
}

char *kroute_text(const struct kroute *r)
{
	GString *text = g_string_new(NULL);
	char to[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX];

	if (kroute_refuses(r))
		g_string_append_printf(text, "%s ", r->type);
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

	for (guint i = 0; i < link->addresses->len; i++) {
		const struct prefix *p = &g_array_index(link->addresses, struct prefix, i);

		if (p->addr.family != next_hop->family)
			continue;
		if (prefix_contains(p, next_hop))
			return p->addr;
		if (!addr_is_set(&first))
			first = p->addr;
	}
	return first;
}

/* A weak host answers ARP for all its addresses on every interface (arp_ignore 0), a strong one for
 * the interface's own; so does everybody with neighbour discovery (RFC 4861). */
static const struct klink *answering_link(const struct knode *n, const struct klink *asking,
					  const struct addr *a, bool any_address)
{
	for (guint i = 0; i < n->links->len; i++) {
		const struct klink *link = n->links->pdata[i];

		if (link == asking || !link->network || link->network != asking->network)
			continue;
		if (klink_has(link, a) ||
		    (any_address && n->model->host_model == HOST_WEAK && knode_owns(n, a)))
			return link;
	}
	return NULL;
}

const struct knode *knet_neighbour(const struct knet *net, const struct klink *link,
				   const struct addr *a, const struct klink **ret_link)
{
	for (int any_address = 0; any_address < (a->family == AF_INET ? 2 : 1); any_address++) {
		for (guint i = 0; i < net->nodes->len; i++) {
			const struct knode *n = net->nodes->pdata[i];

			*ret_link = answering_link(n, link, a, any_address != 0);
			if (*ret_link)
				return n;
		}
	}
	return NULL;
}
