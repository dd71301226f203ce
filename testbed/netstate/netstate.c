/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/netstate/netstate.h"
#include "common/base/object.h"

#include <string.h>

#define TEXTS_BYTES 512 /* of one block */

/* --- one node --------------------------------------------------------------------------------- */

/* The lists of a node state.  Those that may not be told are NULL in a new one. */
static const struct {
	gsize offset, item_bytes;
	bool optional;
} lists[] = {
	{offsetof(node_state, links), sizeof(struct kernel_link), false},
	{offsetof(node_state, routes), sizeof(struct kernel_route), false},
	{offsetof(node_state, rules), sizeof(struct kernel_rule), false},
	{offsetof(node_state, neighbours), sizeof(struct kernel_neighbour), false},
	{offsetof(node_state, counters), sizeof(struct kernel_counter), false},
	{offsetof(node_state, rule_counters), sizeof(struct rule_counter), false},
	{offsetof(node_state, listeners), sizeof(struct kernel_listener), true},
	{offsetof(node_state, sessions), sizeof(struct tracked), true},
	{offsetof(node_state, lookups), sizeof(struct kernel_lookup), true},
};

static GArray **list_at(node_state *n, gsize i)
{
	return G_STRUCT_MEMBER_P(n, lists[i].offset);
}

static void link_clear(gpointer data)
{
	g_clear_pointer(&((struct kernel_link *)data)->addresses, g_array_unref);
}

node_state *node_state_new(const char *name)
{
	node_state *n = g_new0(node_state, 1);

	n->refs = 1;
	n->texts = g_string_chunk_new(TEXTS_BYTES);
	n->name = node_state_text(n, name);
	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
		if (!lists[i].optional)
			*list_at(n, i) = g_array_new(FALSE, TRUE, (guint)lists[i].item_bytes);
	g_array_set_clear_func(n->links, link_clear);
	return n;
}

node_state *node_state_ref(node_state *n)
{
	n->refs++;
	return n;
}

void node_state_unref(node_state *n)
{
	if (!n || --n->refs > 0)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
		if (*list_at(n, i))
			g_array_unref(*list_at(n, i));
	g_string_chunk_free(n->texts);
	node_state_unref(n->shares);
	g_free(n);
}

node_state *node_state_share(const node_state *n)
{
	node_state *own = g_memdup2(n, sizeof *n);

	own->refs = 1;
	own->texts = g_string_chunk_new(TEXTS_BYTES);
	own->shares = node_state_ref((node_state *)(gpointer)(guintptr)n);
	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
		if (*list_at(own, i))
			g_array_ref(*list_at(own, i));
	return own;
}

const char *node_state_text(node_state *n, const char *text)
{
	return text ? g_string_chunk_insert_const(n->texts, text) : NULL;
}

struct kernel_link *node_state_add_link(node_state *n)
{
	struct kernel_link link = {.addresses = g_array_new(FALSE, FALSE, sizeof(struct prefix))};

	g_array_append_val(n->links, link);
	return &g_array_index(n->links, struct kernel_link, n->links->len - 1);
}

/* --- all of them ------------------------------------------------------------------------------ */

static void unref_node(gpointer n)
{
	node_state_unref(n);
}

netstate *netstate_new(void)
{
	netstate *s = g_new0(netstate, 1);

	s->refs = 1;
	s->nodes = g_ptr_array_new_with_free_func(unref_node);
	s->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	return s;
}

netstate *netstate_ref(const netstate *s)
{
	netstate *own = (netstate *)(gpointer)(guintptr)s;

	if (own)
		own->refs++;
	return own;
}

void netstate_unref(netstate *s)
{
	if (!s || --s->refs > 0)
		return;
	g_hash_table_unref(s->by_name);
	g_ptr_array_unref(s->nodes);
	g_free(s);
}

void netstate_add(netstate *s, node_state *n)
{
	node_state *before = g_hash_table_lookup(s->by_name, n->name);
	guint at;

	g_hash_table_replace(s->by_name, (gpointer)(guintptr)n->name, n);
	if (before && g_ptr_array_find(s->nodes, before, &at)) {
		s->nodes->pdata[at] = n;
		node_state_unref(before);
	} else {
		g_ptr_array_add(s->nodes, n);
	}
}

netstate *netstate_with(const netstate *s, node_state *n)
{
	netstate *own = netstate_new();

	own->counts_evidence = s->counts_evidence;
	own->evidence_packets = s->evidence_packets;
	own->evidence_lost = s->evidence_lost;
	for (guint i = 0; i < s->nodes->len; i++)
		netstate_add(own, node_state_ref(s->nodes->pdata[i]));
	netstate_add(own, n);
	return own;
}

netstate *netstate_without_routes(const netstate *s, const char *node,
				  bool (*gone)(const struct kernel_route *r, gconstpointer data),
				  gconstpointer data)
{
	const node_state *before = netstate_node(s, node);
	node_state *after = before ? node_state_share(before) : NULL;

	if (!after)
		return netstate_ref(s);
	g_array_unref(after->routes);
	after->routes = g_array_new(FALSE, TRUE, sizeof(struct kernel_route));
	array_foreach(const struct kernel_route, r, before->routes)
		if (!gone(r, data))
			g_array_append_vals(after->routes, r, 1);
	/* the kernel was asked when it had them */
	g_clear_pointer(&after->lookups, g_array_unref);
	return netstate_with(s, after);
}

/* --- questions about routes ------------------------------------------------------------------- */

static const struct object_shape route_question_shape = OBJECT_SHAPE(
	route_question, NULL, OWNS_TEXT(route_question, node), OWNS_TEXT(route_question, in));

GPtrArray *route_questions_new(void)
{
	return g_ptr_array_new_with_free_func(object_free);
}

void route_questions_add(GPtrArray *questions, const char *node, const struct addr *from,
			 const struct addr *to, const char *in)
{
	struct route_question *q = object_new(&route_question_shape);

	q->node = g_strdup(node);
	q->from = *from;
	q->to = *to;
	q->in = g_strdup(in);
	g_ptr_array_add(questions, q);
}

/* --- asking ----------------------------------------------------------------------------------- */

const node_state *netstate_node(const netstate *s, const char *name)
{
	return s && name ? g_hash_table_lookup(s->by_name, name) : NULL;
}

const struct kernel_link *node_state_link(const node_state *n, const char *name)
{
	array_foreach(const struct kernel_link, link, n ? n->links : NULL)
		if (g_strcmp0(link->name, name) == 0)
			return link;
	return NULL;
}

const struct kernel_link *node_state_link_at(const node_state *n, unsigned ifindex)
{
	for (guint i = 0; n && ifindex != 0 && i < n->links->len; i++) {
		const struct kernel_link *link = &g_array_index(n->links, struct kernel_link, i);

		if (link->ifindex == ifindex)
			return link;
	}
	return NULL;
}

bool kernel_link_has(const struct kernel_link *link, const struct addr *a)
{
	for (guint i = 0; i < link->addresses->len; i++)
		if (addr_equal(&g_array_index(link->addresses, struct prefix, i).addr, a))
			return true;
	return false;
}

const struct kernel_link *node_state_owner(const node_state *n, const struct addr *a)
{
	array_foreach(const struct kernel_link, link, n ? n->links : NULL)
		if (kernel_link_has(link, a))
			return link;
	return NULL;
}

gint64 node_state_counter(const node_state *n, const char *name)
{
	array_foreach(const struct kernel_counter, c, n ? n->counters : NULL)
		if (g_str_equal(c->name, name))
			return c->value;
	return 0;
}

bool node_state_tells_ipv6(const node_state *n)
{
	for (guint i = 0; i < n->links->len; i++) {
		const GArray *addresses = g_array_index(n->links, struct kernel_link, i).addresses;

		for (guint k = 0; k < addresses->len; k++)
			if (g_array_index(addresses, struct prefix, k).addr.family == AF_INET6)
				return true;
	}
	return false;
}

bool kernel_route_refuses(const struct kernel_route *r)
{
	return r->type != KERNEL_ROUTE_UNICAST;
}
