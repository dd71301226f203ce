/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/story_map.h"

#include "testbed/report/graph.h"
#include "testbed/report/story_map_parts.h"

#include <string.h>

#define NAME_SIZE 21
#define TEXT_SIZE 18
#define LINE_HEIGHT 23
#define POINTS_PER_INCH 72.0

static double width_of(const char *text, int size)
{
	return (double)g_utf8_strlen(text, -1) * size * 0.57;
}

/* --- boxes ------------------------------------------------------------------------------------ */

static void add_mark(GPtrArray *marks, const char *role, const char *mark)
{
	if (!g_str_equal(mark, role) &&
	    !g_ptr_array_find_with_equal_func(marks, mark, g_str_equal, NULL))
		g_ptr_array_add(marks, g_strdup(mark));
}

GPtrArray *map_marks_of(const struct node *n)
{
	GPtrArray *marks = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct graph_mark));
	const char *role = graph_role_looks[graph_role_of(n)].word;

	graph_marks_of(n, all);
	array_foreach(const struct graph_mark, m, all)
		if (!g_str_equal(m->color, GRAPH_NAT_COLOR))
			add_mark(marks, role, m->word);
	ptr_array_foreach(const struct nat_rule, r, n->nat) {
		g_autofree char *text = graph_nat_text(r);

		add_mark(marks, role, text);
	}
	return marks;
}

static struct map_box *box_add(struct map_layout *l, enum map_box_kind kind, const char *name,
			       const char *site)
{
	struct map_box b = {.kind = kind, .name = name, .site = site};

	g_array_append_val(l->boxes, b);
	return &g_array_index(l->boxes, struct map_box, l->boxes->len - 1);
}

static void add_node_box(struct map_layout *l, const struct node *n)
{
	struct map_box *b = box_add(l, MAP_NODE, n->name, n->site);
	g_autoptr(GPtrArray) marks = map_marks_of(n);

	b->w = MAX(120, width_of(n->name, NAME_SIZE) + 28);
	b->h = 34 + LINE_HEIGHT * (1 + (double)marks->len);
	ptr_array_foreach(const char, mark, marks)
		b->w = MAX(b->w, width_of(mark, TEXT_SIZE) + 20);
}

static void add_network_box(struct map_layout *l, const struct network *n, bool is_line)
{
	struct map_box *b = box_add(l, MAP_NETWORK, n->name, n->site);
	char subnet[PREFIX_TEXT_MAX];
	g_autofree char *text = g_strdup_printf("%s %s", n->name, graph_subnet(n, subnet));

	/* the page writes that of a line beside it, in two lines where there is more room */
	b->w = is_line ? width_of(text, TEXT_SIZE) / 2 + 12 : width_of(text, TEXT_SIZE) + 24;
	b->h = is_line ? 2 * LINE_HEIGHT : 32;
}

static void add_tunnel_box(struct map_layout *l, const struct tunnel *t)
{
	struct map_box *b = box_add(l, MAP_TUNNEL, t->name, NULL);

	b->w = MAX(width_of(t->name, TEXT_SIZE), width_of("wireguard-go", TEXT_SIZE)) + 24;
	b->h = 2 * LINE_HEIGHT;
}

struct map_box *map_box_of(const struct map_layout *l, enum map_box_kind kind, const char *name)
{
	array_foreach(struct map_box, b, l->boxes)
		if (b->kind == kind && g_str_equal(b->name, name))
			return b;
	return NULL;
}

/* --- sides ------------------------------------------------------------------------------------ */

/* The part of the network that the box is in, when what is in the middle is taken away. */
static guint part_of(const struct map_layout *l, guint i)
{
	while (l->parts[i] != i)
		i = l->parts[i];
	return i;
}

static guint index_of(const struct map_layout *l, const struct map_box *b)
{
	return (guint)(b - &g_array_index(l->boxes, struct map_box, 0));
}

static void join(struct map_layout *l, const struct map_box *a, const struct map_box *b)
{
	l->parts[part_of(l, index_of(l, a))] = part_of(l, index_of(l, b));
}

static void join_sites(struct map_layout *l)
{
	array_foreach(const struct map_box, a, l->boxes)
		array_foreach(const struct map_box, b, l->boxes)
			if (a->site && g_strcmp0(a->site, b->site) == 0 && !a->middle && !b->middle)
				join(l, a, b);
}

/* The heaviest part goes to the left, then each to the side that has less. */
static void choose_sides(struct map_layout *l)
{
	g_autofree double *weights = g_new0(double, l->boxes->len);
	double left = 0, right = 0;

	array_foreach(const struct map_box, b, l->boxes)
		if (b->kind == MAP_NODE && !b->middle)
			weights[part_of(l, index_of(l, b))] += b->h;
	for (;;) {
		guint heaviest = 0;
		bool to_left = left <= right;

		for (guint i = 1; i < l->boxes->len; i++)
			heaviest = weights[i] > weights[heaviest] ? i : heaviest;
		if (!(weights[heaviest] > 0))
			return;
		array_foreach(struct map_box, b, l->boxes)
			if (part_of(l, index_of(l, b)) == heaviest && !b->middle)
				b->left = to_left;
		*(to_left ? &left : &right) += weights[heaviest];
		weights[heaviest] = 0;
	}
}

/* --- the graph -------------------------------------------------------------------------------- */

static void append_boxes(const struct map_layout *l, const char *site, GString *out)
{
	array_foreach(const struct map_box, b, l->boxes)
		if (g_strcmp0(b->site, site) == 0)
			g_string_append_printf(out, "\"%c:%s\" [width=%.3f, height=%.3f];\n",
					       "nwt"[b->kind], b -> name, b -> w / POINTS_PER_INCH,
					       b -> h / POINTS_PER_INCH);
}

/* What is nearer to the middle stands first on the right side, and last on the left one. */
static void append_line(const struct map_box *near, const struct map_box *far, bool left,
			GString *out)
{
	const struct map_box *a = left ? far : near, *b = left ? near : far;

	g_string_append_printf(out, "\"%c:%s\" -- \"%c:%s\";\n", "nwt"[a->kind], a -> name,
			       "nwt"[b->kind], b -> name);
}

static void append_tunnel(const struct map_layout *l, const struct tunnel *t, GString *out)
{
	const struct map_box *a = map_box_of(l, MAP_NODE, t->ends[0].node_name),
			     *b = map_box_of(l, MAP_NODE, t->ends[1].node_name);
	bool swap = !a->left && b->left;

	/* between the sides where it joins them, else beside its first end */
	g_string_append_printf(out, "\"n:%s\" -- \"t:%s\";\n\"t:%s\" -- \"n:%s\"%s;\n",
			       swap ? b->name : a->name, t->name, t->name, swap ? a->name : b->name,
			       a->left != b->left ? "" : " [constraint=false]");
}

static void set_middle(struct map_layout *l)
{
	ptr_array_foreach(const struct graph_network, w, l->drawing->networks)
		array_foreach(const struct graph_port, p, w->ports)
			map_box_of(l, MAP_NODE, p->node->name)->middle = p->distance == 0;
}

struct map_layout *map_layout_new(const model *m)
{
	struct map_layout *l = g_new0(struct map_layout, 1);

	l->m = m;
	l->drawing = graph_drawing_new(m);
	l->boxes = g_array_new(FALSE, TRUE, sizeof(struct map_box));
	for (guint i = 0; i < m->nodes->len; i++)
		add_node_box(l, m->nodes->pdata[i]);
	ptr_array_foreach(const struct graph_network, w, l->drawing->networks)
		add_network_box(l, w->network, w->is_line);
	for (guint i = 0; i < m->tunnels->len; i++)
		add_tunnel_box(l, m->tunnels->pdata[i]);
	l->parts = g_new(guint, l->boxes->len);
	for (guint i = 0; i < l->boxes->len; i++)
		l->parts[i] = i;
	set_middle(l);
	ptr_array_foreach(const struct graph_network, w, l->drawing->networks)
		array_foreach(const struct graph_port, p, w->ports)
			if (p->distance > 0)
				join(l, map_box_of(l, MAP_NODE, p->node->name),
				     map_box_of(l, MAP_NETWORK, w->network->name));
	join_sites(l);
	choose_sides(l);
	return l;
}

void map_layout_free(struct map_layout *l)
{
	object_free(l->drawing);
	g_array_unref(l->boxes);
	g_free(l->parts);
	g_free(l);
}

void story_map_dot(const model *m, GString *out)
{
	struct map_layout *l = map_layout_new(m);

	g_string_append(out, "graph map {\ngraph [rankdir=LR, nodesep=0.4, ranksep=0.5, "
			     "splines=polyline, newrank=true];\nnode [shape=box, fixedsize=true, "
			     "label=\"\"];\n");
	append_boxes(l, NULL, out);
	ptr_array_foreach(const struct site, s, m->sites) {
		g_string_append_printf(out,
				       "subgraph \"cluster_%s\" {\nmargin=18;\nlabel=\" \"; "
				       "fontsize=22;\n",
				       s->name);
		append_boxes(l, s->name, out);
		g_string_append(out, "}\n");
	}
	ptr_array_foreach(const struct graph_network, w, l->drawing->networks) {
		const struct map_box *network = map_box_of(l, MAP_NETWORK, w->network->name);

		array_foreach(const struct graph_port, p, w->ports) {
			const struct map_box *node = map_box_of(l, MAP_NODE, p->node->name);
			bool nearer = p->distance <= w->distance;

			append_line(nearer ? node : network, nearer ? network : node, network->left,
				    out);
		}
	}
	for (guint i = 0; i < m->tunnels->len; i++)
		append_tunnel(l, m->tunnels->pdata[i], out);
	g_string_append(out, "}\n");
	map_layout_free(l);
}
