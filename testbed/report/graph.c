/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/graph.h"

#include <string.h>

#define SERVER_COLOR "#1d4ed8"
#define DISTANCE_UNKNOWN G_MAXUINT

const struct graph_role_look graph_role_looks[ROLE_COUNT] = {
	[ROLE_INTERNET] = {"Internet", "#e0f2fe", "#0369a1"},
	[ROLE_ROUTER] = {"router", "#f3f4f6", "#4b5563"},
	[ROLE_SERVER] = {"server", "#dbeafe", "#1d4ed8"},
	[ROLE_EDGE] = {"Edge", "#ffedd5", "#c2410c"},
	[ROLE_CLIENT] = {"client", "#dcfce7", "#15803d"},
	[ROLE_HOST] = {"other host", "#ffffff", "#6b7280"},
};

static const struct {
	enum service_kind kind;
	const char *word, *color;
} service_marks[] = {
	{SERVICE_FRONTEND, "Front End", SERVER_COLOR},
	{SERVICE_EDGE, "Edge", "#c2410c"},
	{SERVICE_REVERSE_PROXY, "reverse proxy", SERVER_COLOR},
	{SERVICE_DNS, "DNS", SERVER_COLOR},
};

enum graph_role graph_role_of(const struct node *n)
{
	if (n->bogon_filter)
		return ROLE_INTERNET;
	if (n->endpoint)
		return ROLE_CLIENT;
	if (node_service(n, SERVICE_EDGE))
		return ROLE_EDGE;
	if (n->services->len > 0)
		return ROLE_SERVER;
	return n->forwarding ? ROLE_ROUTER : ROLE_HOST;
}

bool graph_filters(const struct node *n)
{
	for (guint chain = 0; chain < FW_CHAIN_COUNT; chain++)
		if (n->firewall.policy[chain] != FW_ACCEPT)
			return true;
	for (guint i = 0; i < n->firewall.rules->len; i++)
		if (((const struct fw_rule *)n->firewall.rules->pdata[i])->action != FW_ACCEPT)
			return true;
	return false;
}

char *graph_nat_text(const struct nat_rule *r)
{
	static const char *const kinds[] = {
		[NAT_MASQUERADE] = "NAT", [NAT_FORWARD] = "port forward", [NAT_STATIC] = "1:1 NAT"};

	return r->kind == NAT_MASQUERADE && r->preset != NAT_CUSTOM ?
		       g_strdup_printf("NAT: %s", nat_preset_name(r->preset)) :
		       g_strdup(kinds[r->kind]);
}

static const struct object_shape graph_mark_shape =
	OBJECT_SHAPE(graph_mark, NULL, OWNS_TEXT(graph_mark, text));

/* Adds a mark with that text (taken over), unless it is there or says what the role says. */
static void add_mark(GPtrArray *marks, const struct node *n, char *text, const char *color)
{
	bool known = g_str_equal(text, graph_role_looks[graph_role_of(n)].word);
	struct graph_mark *mark = object_new(&graph_mark_shape);

	mark->text = text;
	mark->color = color;
	ptr_array_foreach(const struct graph_mark, m, marks)
		known = known || g_str_equal(m->text, text);
	if (known)
		object_free(mark);
	else
		g_ptr_array_add(marks, mark);
}

GPtrArray *graph_marks_of(const struct node *n)
{
	GPtrArray *marks = g_ptr_array_new_with_free_func(object_free);

	for (guint i = 0; i < G_N_ELEMENTS(service_marks); i++)
		if (node_service(n, service_marks[i].kind))
			add_mark(marks, n, g_strdup(service_marks[i].word), service_marks[i].color);
	if (graph_filters(n))
		add_mark(marks, n, g_strdup("firewall"), GRAPH_FIREWALL_COLOR);
	ptr_array_foreach(const struct nat_rule, r, n->nat)
		add_mark(marks, n, graph_nat_text(r), GRAPH_NAT_COLOR);
	return marks;
}

/* --- distances -------------------------------------------------------------------------------- */

static const struct object_shape graph_network_shape =
	OBJECT_SHAPE(graph_network, NULL, OWNS(graph_network, ports, g_array_unref));

static gint compare_ports(gconstpointer a, gconstpointer b)
{
	const struct graph_port *x = a, *y = b;

	return x->distance < y->distance ? -1 : x->distance > y->distance;
}

/* Whether the layout starts at this node: the Internet or, without one, the node with most
 * interfaces. */
static bool is_root(const GPtrArray *nodes, const struct node *n)
{
	const struct node *widest = NULL;
	bool internet = false;

	ptr_array_foreach(const struct node, other, nodes) {
		internet = internet || other->bogon_filter;
		if (!widest || other->interfaces->len > widest->interfaces->len)
			widest = other;
	}
	return internet ? n->bogon_filter : n == widest;
}

/* The node's distance from the root in networks; DISTANCE_UNKNOWN: not reached yet. */
static guint distance_of(GHashTable *distances, const struct node *n)
{
	gpointer found;

	return g_hash_table_lookup_extended(distances, n, NULL, &found) ? GPOINTER_TO_UINT(found) :
									  DISTANCE_UNKNOWN;
}

/* Sets the distance of networks at nodes of distance `round`, and of the nodes behind them (round +
 * 1).  Returns false when no network was new. */
static bool mark_distance(const graph_drawing *g, GHashTable *distances, guint round)
{
	bool reached = false;

	ptr_array_foreach(struct graph_network, w, g->networks) {
		bool touched = false;

		for (guint k = 0; k < w->ports->len; k++)
			touched = touched ||
				  distance_of(distances,
					      g_array_index(w->ports, struct graph_port, k).node) ==
					  round;
		if (!touched || w->distance != DISTANCE_UNKNOWN)
			continue;
		w->distance = round;
		reached = true;
		for (guint k = 0; k < w->ports->len; k++) {
			const struct node *n = g_array_index(w->ports, struct graph_port, k).node;

			if (distance_of(distances, n) == DISTANCE_UNKNOWN)
				g_hash_table_insert(distances, (gpointer)(guintptr)n,
						    GUINT_TO_POINTER(round + 1));
		}
	}
	return reached;
}

/* Sets the distances of all networks and ports, and sorts ports by them. */
static void measure_distances(graph_drawing *g)
{
	g_autoptr(GHashTable) distances = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < g->nodes->len; i++)
		if (is_root(g->nodes, g->nodes->pdata[i]))
			g_hash_table_insert(distances, g->nodes->pdata[i], GUINT_TO_POINTER(0));
	for (guint round = 0; mark_distance(g, distances, round);)
		round++;
	ptr_array_foreach(struct graph_network, w, g->networks) {
		array_foreach(struct graph_port, p, w->ports)
			p->distance = distance_of(distances, p->node);
		g_array_sort(w->ports, compare_ports);
	}
}

static const struct object_shape graph_drawing_shape =
	OBJECT_SHAPE(graph_drawing, NULL, OWNS(graph_drawing, nodes, g_ptr_array_unref),
		     OWNS(graph_drawing, networks, g_ptr_array_unref));

/* Whether a packet's way leads to the node. */
static bool is_on_way(const graph_request *r, const struct node *n)
{
	array_foreach(const struct graph_pass, p, r->passes)
		if (g_str_equal(p->node, n->name))
			return true;
	return false;
}

bool graph_draws(const graph_drawing *g, const struct node *n)
{
	return g_ptr_array_find(g->nodes, n, NULL);
}

graph_drawing *graph_drawing_new(const model *m, const graph_request *r)
{
	graph_drawing *g = object_new(&graph_drawing_shape);
	g_autoptr(GHashTable) by_network = g_hash_table_new(NULL, NULL);

	g->m = m;
	g->request = r;
	g->nodes = g_ptr_array_new();
	ptr_array_foreach(struct node, n, m->nodes)
		if (!r || !r->way_only || is_on_way(r, n))
			g_ptr_array_add(g->nodes, n);
	g->networks = g_ptr_array_new_with_free_func(object_free);
	for (guint i = 0; i < m->networks->len; i++) {
		struct graph_network *w = object_new(&graph_network_shape);

		w->network = m->networks->pdata[i];
		w->distance = DISTANCE_UNKNOWN;
		w->ports = g_array_new(FALSE, FALSE, sizeof(struct graph_port));
		g_hash_table_insert(by_network, (gpointer)(guintptr)w->network, w);
		g_ptr_array_add(g->networks, w);
	}
	ptr_array_foreach(const struct node, n, g->nodes) {
		ptr_array_foreach(const struct iface, iface, n->interfaces) {
			struct graph_port port = {.node = n, .iface = iface};
			struct graph_network *w = g_hash_table_lookup(by_network, iface->network);

			g_array_append_val(w->ports, port);
		}
	}
	for (guint i = g->networks->len; i-- > 0;) {
		struct graph_network *w = g->networks->pdata[i];

		w->is_line = w->ports->len == 2;
		if (r && r->way_only && w->ports->len < 2)
			g_ptr_array_remove_index(g->networks, i);
	}
	measure_distances(g);
	return g;
}

void graph_print(const model *m, enum graph_format format, const graph_request *r, GString *out)
{
	g_autoptr(graph_drawing) g = NULL;

	if (r->by_site && !r->way_only) {
		graph_sites(m, format, r, out);
		return;
	}
	g = graph_drawing_new(m, r);
	if (format == GRAPH_DOT)
		graph_dot(g, out);
	else
		graph_mermaid(g, out);
}

const char *graph_subnet(const struct network *n, char buf[static PREFIX_TEXT_MAX])
{
	if (addr_is_set(&n->subnet.addr))
		return prefix_print(&n->subnet, buf);
	return addr_is_set(&n->subnet6.addr) ? prefix_print(&n->subnet6, buf) : "no subnet";
}
