/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/diag.h"
#include "testbed/report/graph.h"
#include "testbed/report/story_map_parts.h"

#include <string.h>

#define WIDTH_MIN 1600.0
#define WIDTH_MAX 2000.0 /* wider only where the boxes need it: the page shows it beside others */
#define LOOSE 1.3	 /* how much wider than Graphviz's, so that addresses have room at lines */
#define MARGIN 8.0
#define SITE_MARGIN 20.0
#define SITE_TITLE 44.0
#define KNOTS_MAX 64

struct point {
	double x, y;
};

/* How Graphviz's places become those of the map: it counts upwards. */
struct spread {
	double left, top, sx, sy;
	struct point margin;
};

static struct point spread_point(const struct spread *s, double x, double y)
{
	return (struct point){s->margin.x + (x - s->left) * s->sx,
			      s->margin.y + (s->top - y) * s->sy};
}

/* "x,y" at the start of a text; *text is moved behind it and the space that follows. */
static bool read_point(const char **text, struct point *ret)
{
	char *end;

	ret->x = g_ascii_strtod(*text, &end);
	if (end == *text || *end != ',')
		return false;
	*text = end + 1;
	ret->y = g_ascii_strtod(*text, &end);
	if (end == *text)
		return false;
	for (*text = end; **text == ' ';)
		(*text)++;
	return isfinite(ret->x) && isfinite(ret->y);
}

/* --- places ----------------------------------------------------------------------------------- */

static const json_t *object_named(const json_t *layout, char kind, const char *name)
{
	g_autofree char *id = g_strdup_printf("%c:%s", kind, name);
	const json_t *object;
	size_t i;

	json_array_foreach(json_object_get(layout, "objects"), i, object)
		if (member_is(object, "name", id))
			return object;
	return NULL;
}

/* Reads every box's middle, as Graphviz has it. */
static bool read_places(struct map_layout *l, const json_t *layout)
{
	array_foreach(struct map_box, b, l->boxes) {
		const char *pos =
			member_text(object_named(layout, "nwt"[b->kind], b -> name), "pos");
		struct point p;

		if (!pos || !read_point(&pos, &p))
			return false;
		b->x = p.x;
		b->y = p.y;
	}
	return true;
}

/* One direction of the places: what Graphviz made of the middles, and how large the boxes at both
 * ends are. */
struct extent {
	double first, last, first_size, last_size;
};

static void extend(struct extent *e, double at, double size)
{
	if (at < e->first - 1)
		e->first_size = 0;
	if (at > e->last + 1)
		e->last_size = 0;
	if (at <= e->first + 1) {
		e->first = MIN(e->first, at);
		e->first_size = MAX(e->first_size, size);
	}
	if (at >= e->last - 1) {
		e->last = MAX(e->last, at);
		e->last_size = MAX(e->last_size, size);
	}
}

/* What it needs besides the distance of the middles. */
static double ends_of(const struct extent *e, double margin)
{
	return (e->first_size + e->last_size) / 2 + 2 * margin;
}

/* The boxes stay as large as they are, their middles move apart: to 16:9, and so that what is
 * between them has room. */
static struct spread spread_of(const struct map_layout *l, struct point *ret_size)
{
	struct extent x = {G_MAXDOUBLE, -G_MAXDOUBLE, 0, 0}, y = x;
	double margin = MARGIN + SITE_MARGIN, top = MARGIN + SITE_TITLE, w, h;

	array_foreach(const struct map_box, b, l->boxes) {
		extend(&x, b->x, b->w);
		extend(&y, -b->y, b->h);
	}
	w = CLAMP((x.last - x.first + ends_of(&x, margin)) * LOOSE, WIDTH_MIN, WIDTH_MAX);
	w = MAX(w, x.last - x.first + ends_of(&x, margin));
	h = MAX(w * 9 / 16, y.last - y.first + ends_of(&y, top));
	w = MAX(w, h * 16 / 9);
	*ret_size = (struct point){w, h};
	return (struct spread){
		.left = x.first,
		.top = -y.first,
		.sx = x.last > x.first ? (w - ends_of(&x, margin)) / (x.last - x.first) : 1,
		.sy = y.last > y.first ? (h - ends_of(&y, top)) / (y.last - y.first) : 1,
		.margin = {margin + x.first_size / 2, top + y.first_size / 2},
	};
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Where the line from the middle of the box to `to` leaves the box. */
static struct point border(const struct map_box *b, struct point to)
{
	double dx = to.x - b->x, dy = to.y - b->y, x, y, share;

	if (dx == 0 && dy == 0)
		return (struct point){b->x, b->y};
	x = dx != 0 ? b->w / 2 / fabs(dx) : G_MAXDOUBLE;
	y = dy != 0 ? b->h / 2 / fabs(dy) : G_MAXDOUBLE;
	share = MIN(MIN(x, y), 1);
	return (struct point){b->x + dx * share, b->y + dy * share};
}

static bool is_in(const struct map_box *b, struct point p)
{
	return fabs(p.x - b->x) <= b->w / 2 + 1 && fabs(p.y - b->y) <= b->h / 2 + 1;
}

/* The edge between two boxes; *ret_turned: it goes from the second to the first. */
static const json_t *edge_between(const json_t *layout, const struct map_box *a,
				  const struct map_box *b, bool *ret_turned)
{
	const json_t *from = json_object_get(object_named(layout, "nwt"[a->kind], a -> name),
					     "_gvid"),
		     *to = json_object_get(object_named(layout, "nwt"[b->kind], b -> name),
					   "_gvid"),
		     *edge;
	size_t i;

	json_array_foreach(json_object_get(layout, "edges"), i, edge) {
		const json_t *tail = json_object_get(edge, "tail"),
			     *head = json_object_get(edge, "head");

		*ret_turned = json_equal(tail, to) && json_equal(head, from);
		if (*ret_turned || (json_equal(tail, from) && json_equal(head, to)))
			return edge;
	}
	*ret_turned = false;
	return NULL;
}

/* The corners of the line between the boxes, without its ends: of a polyline each third control
 * point of Graphviz's is one. */
static guint read_knots(const json_t *edge, bool turned, const struct spread *s,
			struct point knots[static KNOTS_MAX])
{
	const char *pos = member_text(edge, "pos");
	guint n = 0, read = 0;
	struct point p;

	while (pos && n < KNOTS_MAX && read_point(&pos, &p))
		if (read++ % 3 == 0)
			knots[n++] = spread_point(s, p.x, p.y);
	for (guint i = 0; turned && i < n / 2; i++) {
		p = knots[i];
		knots[i] = knots[n - 1 - i];
		knots[n - 1 - i] = p;
	}
	return n;
}

static void add_point(json_t *list, struct point p)
{
	json_array_append_new(list, json_pack("[i, i]", (int)lround(p.x), (int)lround(p.y)));
}

/* The line from a node's box to a network's: to the border of a LAN, which is drawn, and to the
 * middle of the others, where lines meet. */
static json_t *line_json(const json_t *layout, const struct spread *s, const struct map_box *a,
			 const struct map_box *b, bool to_middle)
{
	struct point knots[KNOTS_MAX], middle_a = {a->x, a->y}, middle_b = {b->x, b->y};
	json_t *list = json_array();
	bool turned;
	const json_t *edge = edge_between(layout, a, b, &turned);
	guint n = read_knots(edge, turned, s, knots), first = 0, kept = 0;

	for (guint i = 0; i < n; i++)
		if (!is_in(a, knots[i]) && !is_in(b, knots[i]))
			knots[kept++] = knots[i];
	/* the ends are drawn to the boxes, which did not grow with their distances */
	n = kept > 2 ? kept - 2 : 0;
	first = kept > 2 ? 1 : 0;
	add_point(list, border(a, n > 0 ? knots[first] : middle_b));
	for (guint i = 0; i < n; i++)
		add_point(list, knots[first + i]);
	add_point(list, to_middle ? middle_b : border(b, n > 0 ? knots[first + n - 1] : middle_a));
	return list;
}

/* --- the map ---------------------------------------------------------------------------------- */

static void set_box(json_t *object, const struct map_box *b)
{
	json_object_set_new(object, "x", json_integer(lround(b->x - b->w / 2)));
	json_object_set_new(object, "y", json_integer(lround(b->y - b->h / 2)));
	json_object_set_new(object, "w", json_integer(lround(b->w)));
	json_object_set_new(object, "h", json_integer(lround(b->h)));
}

static json_t *impairment_json(const struct impairment *i)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (impairment_is_none(i))
		return json_null();
	impairment_print(i, text);
	return json_string(g_strchug(text->str));
}

static json_t *iface_json(const struct iface *f)
{
	json_t *addresses = json_array();
	char text[PREFIX_TEXT_MAX];

	array_foreach(const struct prefix, p, f->addresses)
		json_array_append_new(addresses, json_string(prefix_print(p, text)));
	return json_pack("{s:s, s:s, s:o, s:o, s:b, s:o}", "name", f->name, "network",
			 f->network_name, "addresses", addresses, "mtu",
			 f->mtu_bytes ? json_integer(f->mtu_bytes) : json_null(), "up", (int)f->up,
			 "impair", impairment_json(iface_impairment(f)));
}

static json_t *change_json(const struct map_marks *marks, const char *node)
{
	const char *change = marks->changes ? g_hash_table_lookup(marks->changes, node) : NULL;

	return change ? json_string(change) : json_null();
}

static json_t *node_json(const struct map_layout *l, const struct node *n,
			 const struct map_marks *marks)
{
	g_autoptr(GPtrArray) words = map_marks_of(n);
	json_t *ifaces = json_array(), *list = json_array();
	json_t *node = json_pack("{s:s, s:s?, s:s?, s:s, s:o, s:o, s:o}", "name", n->name, "title",
				 n->title, "site", n->site, "role",
				 graph_role_looks[graph_role_of(n)].word, "marks", list,
				 "interfaces", ifaces, "change", change_json(marks, n->name));

	ptr_array_foreach(const char, word, words)
		json_array_append_new(list, json_string(word));
	for (guint i = 0; i < n->interfaces->len; i++)
		json_array_append_new(ifaces, iface_json(n->interfaces->pdata[i]));
	set_box(node, map_box_of(l, MAP_NODE, n->name));
	return node;
}

static json_t *link_json(const struct map_layout *l, const json_t *layout, const struct spread *s,
			 const char *node, const char *iface, const struct map_box *network,
			 bool to_middle)
{
	return json_pack("{s:s, s:s, s:o}", "node", node, "iface", iface, "points",
			 line_json(layout, s, map_box_of(l, MAP_NODE, node), network, to_middle));
}

static json_t *network_json(const struct map_layout *l, const json_t *layout,
			    const struct spread *s, const struct graph_network *w)
{
	const struct map_box *b = map_box_of(l, MAP_NETWORK, w->network->name);
	char subnet[PREFIX_TEXT_MAX];
	json_t *links = json_array();
	json_t *network =
		json_pack("{s:s, s:s, s:s, s:s?, s:n, s:o, s:o, s:n}", "name", b->name, "subnet",
			  graph_subnet(w->network, subnet), "kind", w->is_line ? "line" : "lan",
			  "site", b->site, "backend", "impair", impairment_json(w->network->impair),
			  "links", links, "change");

	array_foreach(const struct graph_port, p, w->ports)
		json_array_append_new(links, link_json(l, layout, s, p->node->name, p->iface->name,
						       b, w->is_line));
	set_box(network, b);
	return network;
}

static json_t *tunnel_json(const struct map_layout *l, const json_t *layout, const struct spread *s,
			   const struct tunnel *t, const struct map_marks *marks)
{
	const struct map_box *b = map_box_of(l, MAP_TUNNEL, t->name);
	struct prefix inside = prefix_network(&t->ends[0].address);
	const char *backend =
		t->kind == TUNNEL_WIREGUARD && marks->vpn ? marks->vpn : tunnel_kind_name(t->kind);
	char subnet[PREFIX_TEXT_MAX];
	json_t *links = json_array();
	json_t *network = json_pack("{s:s, s:s, s:s, s:n, s:s, s:b, s:o, s:o, s:n}", "name",
				    b->name, "subnet", prefix_print(&inside, subnet), "kind",
				    "tunnel", "site", "backend", backend, "up", (int)t->up,
				    "impair", impairment_json(t->impair), "links", links, "change");

	for (guint i = 0; i < 2; i++)
		json_array_append_new(links, link_json(l, layout, s, t->ends[i].node_name,
						       t->ends[i].iface, b, true));
	set_box(network, b);
	return network;
}

/* The box around a site's boxes; NULL: it has none. */
static json_t *site_json(const struct map_layout *l, const struct site *site)
{
	double x0 = G_MAXDOUBLE, x1 = -G_MAXDOUBLE, y0 = x0, y1 = x1;

	array_foreach(const struct map_box, b, l->boxes) {
		if (g_strcmp0(b->site, site->name) != 0)
			continue;
		x0 = MIN(x0, b->x - b->w / 2), x1 = MAX(x1, b->x + b->w / 2);
		y0 = MIN(y0, b->y - b->h / 2), y1 = MAX(y1, b->y + b->h / 2);
	}
	if (x1 < x0)
		return NULL;
	x0 -= SITE_MARGIN, x1 += SITE_MARGIN, y0 -= SITE_TITLE, y1 += SITE_MARGIN;
	return json_pack("{s:s, s:s?, s:i, s:i, s:i, s:i}", "name", site->name, "title",
			 site->title, "x", (int)lround(x0), "y", (int)lround(y0), "w",
			 (int)lround(x1 - x0), "h", (int)lround(y1 - y0));
}

static json_t *missing_json(const struct map_marks *marks)
{
	json_t *list = json_array();

	ptr_array_foreach(const struct map_missing, m, marks->missing)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?, s:s}", "node", m->node,
						      "text", m->text, "to", m->to, "via", m->via,
						      "scenario", m->scenario));
	return list;
}

json_t *story_map_json(const model *m, const json_t *layout, const struct map_marks *marks,
		       GError **error)
{
	struct map_layout *l = map_layout_new(m);
	json_t *sites = json_array(), *nodes = json_array(), *networks = json_array(), *map;
	struct spread s;
	struct point size;

	map = json_pack("{s:o, s:o, s:o}", "sites", sites, "nodes", nodes, "networks", networks);
	if (!read_places(l, layout)) {
		tb_error_set(error, TB_ERROR_FAILED, "Graphviz has laid out another graph");
		json_decref(map);
		map_layout_free(l);
		return NULL;
	}
	s = spread_of(l, &size);
	array_foreach(struct map_box, b, l->boxes) {
		struct point p = spread_point(&s, b->x, b->y);

		b->x = p.x;
		b->y = p.y;
	}
	for (guint i = 0; i < m->sites->len; i++)
		json_array_append_new(sites, site_json(l, m->sites->pdata[i]));
	for (guint i = 0; i < m->nodes->len; i++)
		json_array_append_new(nodes, node_json(l, m->nodes->pdata[i], marks));
	for (guint i = 0; i < m->networks->len; i++)
		json_array_append_new(networks,
				      network_json(l, layout, &s, l->drawing->networks->pdata[i]));
	for (guint i = 0; i < m->tunnels->len; i++)
		json_array_append_new(networks,
				      tunnel_json(l, layout, &s, m->tunnels->pdata[i], marks));
	json_object_set_new(map, "missing", missing_json(marks));
	json_object_set_new(map, "width", json_integer(lround(size.x)));
	json_object_set_new(map, "height", json_integer(lround(size.y)));
	map_layout_free(l);
	return map;
}
