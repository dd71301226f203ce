/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sites: a network that is too large to be read node by node.
 *
 * A node without a site is a box, and so is a site, with what it has.  Sites that have the same,
 * and lead to the same, are one box that says how many they are; so are the networks and tunnels
 * between two boxes. */
#include "testbed/report/graph.h"

#include <string.h>

/* A node without a site, a site, or several sites that are alike. */
struct box {
	const struct node *node; /* NULL: sites */
	GPtrArray *sites;	 /* struct site */
	char *text;		 /* what each of them has */
	char *key;		 /* sites of the same are alike */
	guint id;
};

/* Networks or tunnels that join the same boxes. */
struct bundle {
	char *key;
	GPtrArray *boxes; /* struct box, by their ids */
	const char *first, *last;
	char *detail; /* of the only one: its subnet */
	guint count;
	bool tunnel;
};

struct overview {
	const model *m;
	GPtrArray *boxes;   /* struct box */
	GHashTable *box_of; /* struct node -> struct box */
	GPtrArray *bundles; /* struct bundle */
};

static const struct object_shape box_shape = OBJECT_SHAPE(
	box, NULL, OWNS(box, sites, g_ptr_array_unref), OWNS_TEXT(box, text), OWNS_TEXT(box, key));
static const struct object_shape bundle_shape =
	OBJECT_SHAPE(bundle, NULL, OWNS_TEXT(bundle, key), OWNS_TEXT(bundle, detail),
		     OWNS(bundle, boxes, g_ptr_array_unref));

/* --- boxes ------------------------------------------------------------------------------------ */

/* "router: firewall, NAT": what a node is. */
static GString *node_text(const struct node *n)
{
	g_autoptr(GPtrArray) marks = graph_marks_of(n);
	GString *text = g_string_new(graph_role_looks[graph_role_of(n)].word);

	for (guint i = 0; i < marks->len; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? ", " : ": ",
				       ((const struct graph_mark *)marks->pdata[i])->text);
	return text;
}

/* "1 x router: NAT", "5 x client", one a line: what the nodes of a site are; the caller frees. */
static char *site_text(const model *m, const char *site)
{
	g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) order = g_ptr_array_new();
	GString *text = g_string_new(NULL);

	ptr_array_foreach(const struct node, n, m->nodes) {
		char *what = NULL;
		guint count;

		if (g_strcmp0(n->site, site) != 0)
			continue;
		what = g_string_free(node_text(n), FALSE);
		count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, what));
		if (count == 0)
			g_ptr_array_add(order, what);
		g_hash_table_insert(counts, what, GUINT_TO_POINTER(count + 1));
	}
	for (guint i = 0; i < order->len; i++)
		g_string_append_printf(
			text, "%s%u x %s", i > 0 ? "\n" : "",
			GPOINTER_TO_UINT(g_hash_table_lookup(counts, order->pdata[i])),
			(const char *)order->pdata[i]);
	return g_string_free(text, FALSE);
}

/* The places that a network leads to: sites, and nodes without a site (char *, borrowed). */
static GPtrArray *places_of(const struct graph_network *w)
{
	GPtrArray *places = g_ptr_array_new();

	array_foreach(const struct graph_port, p, w->ports) {
		const char *place = p->node->site ? p->node->site : p->node->name;

		if (!g_ptr_array_find_with_equal_func(places, place, g_str_equal, NULL))
			g_ptr_array_add(places, (gpointer)(guintptr)place);
	}
	return places;
}

/* What a site has, and where it leads: equal for sites that are alike.  The caller frees. */
static char *site_key(const graph_drawing *g, const char *site, const char *text)
{
	GString *key = g_string_new(text);

	ptr_array_foreach(const struct graph_network, w, g->networks) {
		g_autoptr(GPtrArray) places = places_of(w);

		if (places->len < 2 ||
		    !g_ptr_array_find_with_equal_func(places, site, g_str_equal, NULL))
			continue;
		ptr_array_foreach(const char, place, places)
			if (!g_str_equal(place, site))
				g_string_append_printf(key, "|%s", place);
	}
	ptr_array_foreach(const struct tunnel, t, g->m->tunnels)
		for (guint e = 0; e < G_N_ELEMENTS(t->ends); e++)
			if (g_strcmp0(t->ends[e].node->site, site) == 0)
				g_string_append_printf(key, "|~%s", t->ends[1 - e].node_name);
	return g_string_free(key, FALSE);
}

static struct box *add_box(struct overview *o)
{
	struct box *b = object_new(&box_shape);

	b->sites = g_ptr_array_new();
	b->id = o->boxes->len;
	g_ptr_array_add(o->boxes, b);
	return b;
}

/* The box of sites with that key; NULL: none yet. */
static struct box *find_box(const struct overview *o, const char *key)
{
	ptr_array_foreach(struct box, b, o->boxes)
		if (g_strcmp0(b->key, key) == 0)
			return b;
	return NULL;
}

static void add_boxes(struct overview *o, const graph_drawing *g)
{
	g_autoptr(GHashTable) of_site = g_hash_table_new(g_str_hash, g_str_equal);

	ptr_array_foreach(struct site, site, g->m->sites) {
		g_autofree char *text = site_text(g->m, site->name),
				*key = site_key(g, site->name, text);
		struct box *b = find_box(o, key);

		if (!b) {
			b = add_box(o);
			b->text = g_steal_pointer(&text);
			b->key = g_steal_pointer(&key);
		}
		g_ptr_array_add(b->sites, site);
		g_hash_table_insert(of_site, site->name, b);
	}
	ptr_array_foreach(const struct node, n, g->m->nodes) {
		struct box *b = n->site ? g_hash_table_lookup(of_site, n->site) : add_box(o);

		if (!n->site)
			b->node = n;
		g_hash_table_insert(o->box_of, (gpointer)(guintptr)n, b);
	}
}

/* --- what joins them -------------------------------------------------------------------------- */

static gint compare_boxes(gconstpointer x, gconstpointer y)
{
	const struct box *a = *(const struct box *const *)x, *b = *(const struct box *const *)y;

	return a->id < b->id ? -1 : a->id > b->id;
}

/* Adds what joins these boxes (taken over) to the bundle of the same; nothing inside of one box. */
static void add_joint(struct overview *o, GPtrArray *boxes, const char *name, bool tunnel,
		      const char *detail)
{
	g_autoptr(GString) key = g_string_new(tunnel ? "~" : "=");
	struct bundle *b = NULL;

	g_ptr_array_sort(boxes, compare_boxes);
	ptr_array_foreach(const struct box, box, boxes)
		g_string_append_printf(key, " %u", box->id);
	ptr_array_foreach(struct bundle, other, o->bundles)
		b = g_str_equal(other->key, key->str) ? other : b;
	if (boxes->len < 2 || b) {
		g_ptr_array_unref(boxes);
	} else {
		b = object_new(&bundle_shape);
		b->key = g_strdup(key->str);
		b->boxes = boxes;
		b->first = name;
		b->tunnel = tunnel;
		b->detail = g_strdup(detail);
		g_ptr_array_add(o->bundles, b);
	}
	if (!b)
		return;
	b->last = name;
	b->count++;
}

static void add_to(GPtrArray *boxes, const struct overview *o, const struct node *n)
{
	gpointer box = g_hash_table_lookup(o->box_of, n);

	if (!g_ptr_array_find(boxes, box, NULL))
		g_ptr_array_add(boxes, box);
}

static void add_bundles(struct overview *o, const graph_drawing *g)
{
	char text[PREFIX_TEXT_MAX];

	ptr_array_foreach(const struct graph_network, w, g->networks) {
		GPtrArray *boxes = g_ptr_array_new();

		array_foreach(const struct graph_port, p, w->ports)
			add_to(boxes, o, p->node);
		add_joint(o, boxes, w->network->name, false, graph_subnet(w->network, text));
	}
	ptr_array_foreach(const struct tunnel, t, g->m->tunnels) {
		GPtrArray *boxes = g_ptr_array_new();

		add_to(boxes, o, t->ends[0].node);
		add_to(boxes, o, t->ends[1].node);
		add_joint(o, boxes, t->name, true, tunnel_kind_name(t->kind));
	}
}

/* --- drawing ---------------------------------------------------------------------------------- */

/* "site-001 ... site-200", the title of a single one; the caller frees. */
static char *box_name(const struct box *b)
{
	const struct site *first = b->node ? NULL : b->sites->pdata[0],
			  *last = b->node ? NULL : b->sites->pdata[b->sites->len - 1];

	if (b->node)
		return g_strdup(b->node->name);
	if (first == last)
		return g_strdup(first->title ? first->title : first->name);
	return g_strdup_printf("%s ... %s", first->name, last->name);
}

/* What a box has, one thing a line; the caller frees. */
static char *box_text(const struct box *b)
{
	if (b->node)
		return g_string_free(node_text(b->node), FALSE);
	return b->sites->len == 1 ?
		       g_strdup(b->text) :
		       g_strdup_printf("%u sites, in each:\n%s", b->sites->len, b->text);
}

/* "uplink-001 ... uplink-200" and how many, or the subnet of a single one, with `line_break`
 * between; the caller frees. */
static char *bundle_label(const struct bundle *b, const char *line_break)
{
	return b->count == 1 ? g_strconcat(b->first, line_break, b->detail, NULL) :
			       g_strdup_printf("%s ... %s%s%u %s", b->first, b->last, line_break,
					       b->count, b->tunnel ? "tunnels" : "networks");
}

/* Which of its boxes stands left: that of the Internet, or the first. */
static guint left_box(const struct bundle *b)
{
	for (guint i = 0; i < b->boxes->len; i++) {
		const struct box *box = b->boxes->pdata[i];

		if (box->node && graph_role_of(box->node) == ROLE_INTERNET)
			return i;
	}
	return 0;
}

/* What the scenario changes, in a box of its own: its nodes are not drawn. */
static void put_changes(const graph_request *r, enum graph_format format, GString *out)
{
	bool dot = format == GRAPH_DOT, any = false;

	ptr_array_foreach(const struct graph_note, note, r->notes) {
		if (note->kind != NOTE_CHANGED || g_str_equal(note->text, GRAPH_CHANGED))
			continue;
		if (!any)
			g_string_append(out, dot ? "  \"=changes\" [label=<<TABLE BORDER=\"0\" "
						   "CELLBORDER=\"0\">" :
						   "  changes[\"");
		else if (!dot)
			g_string_append(out, "<br/>");
		if (dot)
			graph_dot_note(out, note);
		else
			graph_mermaid_text(out, note->text);
		any = true;
	}
	if (any)
		g_string_append(out, dot ? "</TABLE>>];\n" : "\"]\n");
}

static void put_dot(const struct overview *o, GString *out)
{
	ptr_array_foreach(const struct box, b, o->boxes) {
		const struct graph_role_look *look =
			&graph_role_looks[b->node ? graph_role_of(b->node) : ROLE_ROUTER];
		g_autofree char *name = box_name(b), *text = box_text(b);
		g_auto(GStrv) lines = g_strsplit(text, "\n", 0);

		g_string_append_printf(out, "  b%u [color=\"%s\", fillcolor=\"%s\", label=<", b->id,
				       look->line, look->fill);
		graph_dot_head(out, name, b->node ? b->node->title : NULL, look->line);
		for (guint i = 0; lines[i]; i++) {
			g_string_append(out, "<TR><TD ALIGN=\"LEFT\" COLSPAN=\"2\">");
			graph_dot_text(out, lines[i]);
			g_string_append(out, "</TD></TR>");
		}
		g_string_append(out, "</TABLE>>];\n");
	}
	for (guint i = 0; i < o->bundles->len; i++) {
		const struct bundle *b = o->bundles->pdata[i];
		g_autofree char *label = bundle_label(b, "\\n");
		const char *color = b->tunnel ? GRAPH_TUNNEL_COLOR : "#475569";

		g_string_append_printf(
			out,
			"  j%u [style=\"filled,rounded%s\", color=\"%s\", "
			"fillcolor=white, fontsize=10, margin=\"0.12,0.06\", label=\"%s\"];\n",
			i, b->tunnel ? ",dashed" : "", color, label);
		for (guint k = 0; k < b->boxes->len; k++) {
			guint id = ((const struct box *)b->boxes->pdata[k])->id;

			if (k == left_box(b))
				g_string_append_printf(out, "  b%u -- j%u", id, i);
			else
				g_string_append_printf(out, "  j%u -- b%u", i, id);
			g_string_append_printf(out, " [color=\"%s\"];\n", color);
		}
	}
}

static void put_mermaid(const struct overview *o, GString *out)
{
	ptr_array_foreach(const struct box, b, o->boxes) {
		g_autofree char *name = box_name(b), *text = box_text(b);
		g_auto(GStrv) lines = g_strsplit(text, "\n", 0);

		g_string_append_printf(out, "  b%u[\"<b>", b->id);
		graph_mermaid_text(out, name);
		g_string_append(out, "</b>");
		for (guint i = 0; lines[i]; i++) {
			g_string_append(out, "<br/>");
			graph_mermaid_text(out, lines[i]);
		}
		g_string_append(out, "\"]\n");
	}
	for (guint i = 0; i < o->bundles->len; i++) {
		const struct bundle *b = o->bundles->pdata[i];
		g_autofree char *label = bundle_label(b, "<br/>");

		g_string_append_printf(out, "  j%u([\"%s\"])\n", i, label);
		for (guint k = 0; k < b->boxes->len; k++)
			g_string_append_printf(out, "  b%u %s j%u\n",
					       ((const struct box *)b->boxes->pdata[k])->id,
					       b->tunnel ? "-.-" : "---", i);
	}
}

void graph_sites(const model *m, enum graph_format format, const graph_request *r, GString *out)
{
	g_autoptr(graph_drawing) g = graph_drawing_new(m, NULL);
	struct overview o = {.m = m, .box_of = g_hash_table_new(NULL, NULL)};

	o.boxes = g_ptr_array_new_with_free_func(object_free);
	o.bundles = g_ptr_array_new_with_free_func(object_free);
	add_boxes(&o, g);
	add_bundles(&o, g);
	if (format == GRAPH_DOT) {
		graph_dot_begin(m->name, r->title, out);
		put_dot(&o, out);
		put_changes(r, format, out);
		g_string_append(out, "}\n");
	} else {
		graph_mermaid_begin(r->title, out);
		put_mermaid(&o, out);
		put_changes(r, format, out);
	}
	g_ptr_array_unref(o.bundles);
	g_ptr_array_unref(o.boxes);
	g_hash_table_unref(o.box_of);
}
