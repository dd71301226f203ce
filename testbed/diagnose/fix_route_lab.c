/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/fix_route_lab.h"

/* "default", or the prefix; in a file a text that begins with a colon needs quotes. */
char *fix_route_word(const struct prefix *p, bool in_file)
{
	char to[PREFIX_TEXT_MAX];

	prefix_print(p, to);
	if (prefix_is_default(p) && p->addr.family == AF_INET)
		return g_strdup("default");
	return g_strdup_printf(in_file && to[0] == ':' ? "\"%s\"" : "%s", to);
}

/* "blackhole 10.0.0.0/8", "default via 10.0.0.1 dev lan metric 10 table 7"; the caller frees. */
char *fix_route_words(const struct route *r)
{
	GString *text = g_string_new(NULL);
	g_autofree char *to = fix_route_word(&r->to, false);
	char via[ADDR_TEXT_MAX];

	if (r->type != ROUTE_UNICAST)
		g_string_append_printf(text, "%s ", route_type_name(r->type));
	g_string_append(text, to);
	if (addr_is_set(&r->via))
		g_string_append_printf(text, " via %s", addr_print(&r->via, via));
	if (r->dev)
		g_string_append_printf(text, " dev %s", r->dev);
	if (r->onlink)
		g_string_append(text, " onlink");
	if (r->metric > 0)
		g_string_append_printf(text, " metric %u", r->metric);
	if (r->table != ROUTE_TABLE_MAIN)
		g_string_append_printf(text, " table %u", r->table);
	return g_string_free(text, FALSE);
}

/* A strong host looks up what leaves from an interface's address in a table of the interface. */
void fix_in_tables(fix *x, const struct node *n, const char *dev, const char *add, const char *del)
{
	unsigned table = dev ? node_route_table(n, dev) : 0;

	fix_add_in_lab(x, n, g_strdup(add), g_strdup(del));
	if (table > 0)
		fix_add_in_lab(x, n, g_strdup_printf("%s table %u", add, table),
			       del ? g_strdup_printf("%s table %u", del, table) : NULL);
}

/* A declared route that was lost with its interface. */
static void put_back(fix *x, const struct node *n, const struct route *r, const char *dev)
{
	g_autofree char *words = fix_route_words(r);
	g_autofree char *add = g_strdup_printf("ip route replace %s", words);

	fix_in_tables(x, n, dev, add, NULL);
}

/* The kernel has the connected routes of an interface that comes up in its main table, and no
 * other. */
void fix_routes_of_link(fix *x, const struct node *n, const struct iface *f)
{
	unsigned table = node_route_table(n, f->name);

	for (guint i = 0; table > 0 && i < f->addresses->len; i++) {
		const struct prefix *p = &g_array_index(f->addresses, struct prefix, i);
		struct prefix network = prefix_network(p);
		char to[PREFIX_TEXT_MAX], src[ADDR_TEXT_MAX];

		fix_add_in_lab(x, n,
			       g_strdup_printf("ip route replace %s dev %s src %s table %u",
					       prefix_print(&network, to), f->name,
					       addr_print(&p->addr, src), table),
			       NULL);
	}
	ptr_array_foreach(const struct route, r, n->routes)
		if (node_route_iface(n, r) == f)
			put_back(x, n, r, f->name);
}

void fix_routes_of_tunnel(fix *x, const struct tunnel_end *end)
{
	ptr_array_foreach(const struct route, r, end->node->routes)
		if (r->dev ? g_str_equal(r->dev, end->iface) :
			     prefix_contains(&end->address, &r->via))
			put_back(x, end->node, r, end->iface);
}

/* Takes a declared route away, in every table that has it.  What the lab has made is `proto
 * static`, and only such a route does it take away itself. */
void fix_remove_in_lab(fix *x, const struct node *n, const struct route *r)
{
	const struct iface *dev = r->type == ROUTE_UNICAST ? node_route_iface(n, r) : NULL;
	g_autofree char *what = fix_route_words(r);
	g_autofree char *add = g_strdup_printf("ip route add %s proto static", what);
	g_autofree char *del = g_strdup_printf("ip route del %s", what);

	fix_in_tables(x, n, dev ? dev->name : NULL, del, add);
	for (guint i = 0;
	     r->type != ROUTE_UNICAST && n->host_model == HOST_STRONG && i < n->interfaces->len;
	     i++) {
		unsigned table = ROUTE_TABLE_STRONG + i;

		fix_add_in_lab(x, n, g_strdup_printf("%s table %u", del, table),
			       g_strdup_printf("%s table %u", add, table));
	}
}

/* Whether the kernel takes the two for one route, of which `wanted` may say more. */
static bool is_same_in_kernel(const struct route *old, const struct route *wanted)
{
	return old->type == wanted->type && prefix_equal(&old->to, &wanted->to) &&
	       addr_equal(&old->via, &wanted->via) && old->table == wanted->table &&
	       old->metric == wanted->metric &&
	       (!old->dev || g_strcmp0(old->dev, wanted->dev) == 0);
}

/* A route in place of `old`, which the kernel may have lost already. */
void fix_replace_in_lab(fix *x, const struct node *n, const struct route *old,
			const struct route *wanted)
{
	g_autofree char *before = fix_route_words(old), *words = fix_route_words(wanted);
	g_autofree char *add = g_strdup_printf("ip route replace %s", words);
	g_autofree char *undo = is_same_in_kernel(old, wanted) ?
					g_strdup_printf("ip route del %s", words) :
					g_strdup_printf("ip route replace %s proto static", before);

	fix_in_tables(x, n, wanted->dev, add, undo);
}
