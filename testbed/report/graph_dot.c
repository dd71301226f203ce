/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DOT: a node is a table with its name, its marks and a row for each interface, where lines end.
 *
 * Networks and tunnels are boxes of their own and not labels of lines: Graphviz leads lines around
 * boxes and not around labels.  What is nearer to the Internet stands left of its network. */
#include "testbed/report/graph.h"

#include "testbed/report/wrap.h"

#include <string.h>

/* Of wide letters: where another font takes its place, text stays inside its box. */
#define FONT "DejaVu Sans,Verdana,Helvetica,Arial,sans-serif"
#define NOTE_COLUMNS 44
#define NOTE_LINES 4 /* of a longer note the end is left out */
#define SMALL "POINT-SIZE=\"10\""

void graph_dot_text(GString *out, const char *text)
{
	g_autofree char *escaped = g_markup_escape_text(text, -1);

	g_string_append(out, escaped);
}

/* --- nodes ------------------------------------------------------------------------------------ */

void graph_dot_head(GString *out, const char *name, const char *title, const char *color)
{
	g_string_append_printf(out,
			       "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" "
			       "CELLPADDING=\"3\"><TR><TD COLSPAN=\"2\" BGCOLOR=\"%s\"><FONT "
			       "COLOR=\"white\"><B>",
			       color);
	graph_dot_text(out, name);
	g_string_append(out, "</B></FONT></TD></TR>");
	if (!title)
		return;
	g_string_append(out, "<TR><TD COLSPAN=\"2\"><FONT " SMALL ">");
	graph_dot_text(out, title);
	g_string_append(out, "</FONT></TD></TR>");
}

void graph_dot_marks(GString *out, const GPtrArray *marks)
{
	if (marks->len == 0)
		return;
	g_string_append(out, "<TR><TD COLSPAN=\"2\">");
	for (guint i = 0; i < marks->len; i++) {
		const struct graph_mark *mark = marks->pdata[i];

		g_string_append_printf(out, "%s<FONT COLOR=\"%s\" " SMALL "><B>%s</B></FONT>",
				       i > 0 ? " &#183; " : "", mark->color, mark->text);
	}
	g_string_append(out, "</TD></TR>");
}

/* Appends a row for an interface: its name and its addresses apart.  Lines end at NAME on the
 * left and at "NAME=" on the right. */
static void append_iface_row(GString *out, const char *name, const char *state, const char *color,
			     const GArray *addresses)
{
	char text[ADDR_TEXT_MAX];

	g_string_append_printf(out,
			       "<TR><TD ALIGN=\"LEFT\" PORT=\"%s\"><FONT COLOR=\"%s\" " SMALL
			       "><B>%s</B>%s</FONT></TD><TD ALIGN=\"RIGHT\" PORT=\"%s=\"><FONT "
			       "COLOR=\"%s\" " SMALL ">",
			       name, color, name, state, name, color);
	for (guint i = 0; i < addresses->len; i++)
		g_string_append_printf(out, "%s%s", i > 0 ? "<BR ALIGN=\"RIGHT\"/>" : "",
				       addr_print(&g_array_index(addresses, struct prefix, i).addr,
						  text));
	if (addresses->len > 1)
		g_string_append(out, "<BR ALIGN=\"RIGHT\"/>");
	g_string_append(out, "</FONT></TD></TR>");
}

/* Appends a row for each of the node's ends of tunnels. */
static void append_tunnel_rows(GString *out, const model *m, const struct node *n)
{
	ptr_array_foreach(const struct tunnel, t, m->tunnels) {
		for (guint e = 0; e < G_N_ELEMENTS(t->ends); e++) {
			g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(struct prefix));

			if (t->ends[e].node != n)
				continue;
			g_array_append_val(one, t->ends[e].address);
			append_iface_row(out, t->ends[e].iface, t->up ? "" : " (down)",
					 t->up ? GRAPH_TUNNEL_COLOR : GRAPH_DOWN_COLOR, one);
		}
	}
}

void graph_dot_note(GString *out, const struct graph_note *note)
{
	const struct graph_note_look *look = &graph_note_looks[note->kind];
	g_autoptr(GString) text = g_string_new(NULL);
	g_auto(GStrv) lines = NULL;

	wrap_append(text, note->text, 0, 2, NOTE_COLUMNS);
	lines = g_strsplit(g_strchomp(text->str), "\n", 0);
	g_string_append_printf(out,
			       "<TR><TD COLSPAN=\"2\" ALIGN=\"LEFT\" BALIGN=\"LEFT\" "
			       "BGCOLOR=\"%s\"><FONT COLOR=\"%s\" " SMALL ">",
			       look->ground, look->text);
	for (guint i = 0; lines[i] && i < NOTE_LINES; i++) {
		g_string_append(out, i > 0 ? "<BR ALIGN=\"LEFT\"/>" : "");
		graph_dot_text(out, lines[i]);
	}
	g_string_append_printf(out, "%s</FONT></TD></TR>",
			       g_strv_length(lines) > NOTE_LINES ? " ..." : "");
}

/* Appends the notes of a node; NULL: those of none. */
static void append_notes(GString *out, const graph_request *r, const char *node)
{
	ptr_array_foreach(const struct graph_note, note, r->notes)
		if (g_strcmp0(note->node, node) == 0)
			graph_dot_note(out, note);
}

static void append_node(GString *out, const graph_drawing *g, const struct node *n,
			const char *indent)
{
	const struct graph_role_look *look = &graph_role_looks[graph_role_of(n)];
	g_autoptr(GPtrArray) marks = graph_marks_of(n);

	g_string_append_printf(out, "%s\"%s\" [color=\"%s\", fillcolor=\"%s\", label=<", indent,
			       n->name, look->line, look->fill);
	graph_dot_head(out, n->name, n->title, look->line);
	graph_dot_marks(out, marks);
	ptr_array_foreach(const struct iface, f, n->interfaces)
		append_iface_row(out, f->name, f->up ? "" : " (down)",
				 f->up ? "black" : GRAPH_DOWN_COLOR, f->addresses);
	append_tunnel_rows(out, g->m, n);
	append_notes(out, g->request, n->name);
	g_string_append(out, "</TABLE>>];\n");
}

/* --- networks and tunnels --------------------------------------------------------------------- */

/* Ids are quoted: the model allows no quotes or backslashes in names.  Those of networks begin with
 * '=' and those of tunnels with '~', which no node's name does. */
static void append_network(GString *out, const struct graph_network *w, const char *indent)
{
	char text[PREFIX_TEXT_MAX];

	g_string_append_printf(out,
			       "%s\"=%s\" [style=\"filled,rounded\", color=\"%s\", "
			       "fillcolor=\"%s\", fontsize=%d, margin=\"0.11,0.05\", "
			       "label=\"%s\\n%s\"];\n",
			       indent, w->network->name, w->is_line ? "#cbd5e1" : "#64748b",
			       w->is_line ? "white" : "#e2e8f0", w->is_line ? 9 : 10,
			       w->network->name, graph_subnet(w->network, text));
}

/* The nodes and networks of a site (NULL: those without a site). */
static void append_members(const graph_drawing *g, const char *site, GString *out,
			   const char *indent)
{
	ptr_array_foreach(const struct node, n, g->nodes)
		if (g_strcmp0(n->site, site) == 0)
			append_node(out, g, n, indent);
	ptr_array_foreach(const struct graph_network, w, g->networks)
		if (g_strcmp0(w->network->site, site) == 0)
			append_network(out, w, indent);
}

/* Whether the site has a node or a network that is drawn. */
static bool site_is_drawn(const graph_drawing *g, const char *site)
{
	ptr_array_foreach(const struct node, n, g->nodes)
		if (g_strcmp0(n->site, site) == 0)
			return true;
	ptr_array_foreach(const struct graph_network, w, g->networks)
		if (g_strcmp0(w->network->site, site) == 0)
			return true;
	return false;
}

/* Appends a site: a frame with its title, nodes and networks. */
static void append_site(const graph_drawing *g, const struct site *site, GString *out)
{
	if (!site_is_drawn(g, site->name))
		return;
	g_string_append_printf(out, "  subgraph \"cluster_%s\" {\n    label=<<B>", site->name);
	graph_dot_text(out, site->title ? site->title : site->name);
	g_string_append(out, "</B>>;\n    style=\"rounded,filled\"; color=\"#cbd5e1\"; "
			     "fillcolor=\"#f8fafc\"; margin=14; labeljust=l;\n");
	append_members(g, site->name, out, "    ");
	g_string_append(out, "  }\n");
}

/* --- lines ------------------------------------------------------------------------------------ */

/* An end of a line: an interface of a node, and what it leads to. */
struct line {
	const char *node, *iface;
	char kind;	  /* '=' a network, '~' a tunnel */
	const char *name; /* of that */
	bool left;	  /* the node stands left of it */
	const char *look; /* further attributes */
};

/* Appends a line; `arrow` "forward", "back" (of the line, which is drawn from left to right) or
 * "none". */
static void append_one_line(const struct line *l, const char *color, const char *arrow,
			    const char *look, GString *out)
{
	g_string_append(out, "  ");
	if (l->left)
		g_string_append_printf(out, "\"%s\":\"%s=\":e -- ", l->node, l->iface);
	g_string_append_printf(out, "\"%c%s\"", l->kind, l->name);
	if (!l->left)
		g_string_append_printf(out, " -- \"%s\":\"%s\":w", l->node, l->iface);
	g_string_append_printf(out, " [color=\"%s\", dir=%s%s];\n", color, arrow, look);
}

/* Appends the line, or in its place one for each direction in which the packet or its answer goes
 * along it. */
static void append_line(const graph_drawing *g, const struct line *l, const char *color,
			GString *out)
{
	static const char *const colors[] = {"#16a34a", "#ea580c"};
	bool passed = false, drawn[2][2] = {{false}};

	array_foreach(const struct graph_pass, p, g->request->passes) {
		if (!p->iface || !g_str_equal(p->node, l->node) ||
		    !g_str_equal(p->iface, l->iface) || drawn[p->back][p->leaves])
			continue;
		drawn[p->back][p->leaves] = passed = true;
		append_one_line(l, colors[p->back], p->leaves == l->left ? "forward" : "back",
				", penwidth=2.5", out);
	}
	if (!passed)
		append_one_line(l, color, "none", l->look, out);
}

/* Appends the lines from a network to its interfaces.  A node that is nearer to the Internet is
 * left of the network, one that is farther right of it. */
static void append_ports(const graph_drawing *g, const struct graph_network *w, GString *out)
{
	array_foreach(const struct graph_port, p, w->ports) {
		const struct line l = {.node = p->node->name,
				       .iface = p->iface->name,
				       .kind = '=',
				       .name = w->network->name,
				       .left = p->distance <= w->distance,
				       .look = p->iface->up ? "" : ", style=dotted"};

		append_line(g, &l, p->iface->up ? "#475569" : GRAPH_DOWN_COLOR, out);
	}
}

/* Appends a tunnel as a box between its two nodes; dotted and grey when it is down. */
static void append_tunnel(const graph_drawing *g, const struct tunnel *t, GString *out)
{
	const char *color = t->up ? GRAPH_TUNNEL_COLOR : GRAPH_DOWN_COLOR;
	struct prefix network = prefix_network(&t->ends[0].address);
	char text[PREFIX_TEXT_MAX];

	if (!graph_draws(g, t->ends[0].node) || !graph_draws(g, t->ends[1].node))
		return;
	g_string_append_printf(out,
			       "  \"~%s\" [style=\"filled,rounded,dashed\", color=\"%s\", "
			       "fillcolor=\"#f5f3ff\", fontcolor=\"%s\", fontsize=10, "
			       "margin=\"0.12,0.06\", label=\"%s (%s%s)\\n%s\"];\n",
			       t->name, color, color, t->name, tunnel_kind_name(t->kind),
			       t->up ? "" : ", down", prefix_print(&network, text));
	for (guint e = 0; e < G_N_ELEMENTS(t->ends); e++) {
		const struct line l = {
			.node = t->ends[e].node_name,
			.iface = t->ends[e].iface,
			.kind = '~',
			.name = t->name,
			.look = t->up ? ", style=dashed, penwidth=2" : ", style=dotted, penwidth=2",
		};

		append_line(g, &l, color, out);
	}
}

/* --- legend, title ---------------------------------------------------------------------------- */

static void append_legend_row(GString *out, const char *ground, const char *text, const char *word)
{
	g_string_append_printf(out,
			       "<TR><TD BGCOLOR=\"%s\"><FONT COLOR=\"%s\" " SMALL
			       ">%s</FONT></TD></TR>",
			       ground, text, word);
}

/* Appends the legend, which explains only what the drawing has, and what belongs to no node. */
static void append_legend(const graph_drawing *g, GString *out)
{
	bool roles[ROLE_COUNT] = {false}, notes[NOTE_KIND_COUNT] = {false};
	bool nat = false, firewall = false;

	ptr_array_foreach(const struct node, n, g->nodes) {
		roles[graph_role_of(n)] = true;
		nat = nat || n->nat->len > 0;
		firewall = firewall || graph_filters(n);
	}
	ptr_array_foreach(const struct graph_note, note, g->request->notes)
		notes[note->kind] = true;
	g_string_append(out, "  \"=legend\" [shape=plain, style=\"\", label=<<TABLE BORDER=\"1\" "
			     "COLOR=\"#cbd5e1\" CELLBORDER=\"0\" CELLSPACING=\"3\" "
			     "CELLPADDING=\"3\">");
	for (guint i = 0; i < ROLE_COUNT; i++)
		if (roles[i])
			append_legend_row(out, graph_role_looks[i].line, "white",
					  graph_role_looks[i].word);
	append_legend_row(out, "#e2e8f0", "black", "network");
	if (g->m->tunnels->len > 0)
		append_legend_row(out, "#f5f3ff", GRAPH_TUNNEL_COLOR, "- - tunnel - -");
	if (nat)
		append_legend_row(out, "white", GRAPH_NAT_COLOR, "<B>NAT</B> translates");
	if (firewall)
		append_legend_row(out, "white", GRAPH_FIREWALL_COLOR, "<B>firewall</B> can drop");
	for (guint i = 0; i < NOTE_KIND_COUNT; i++)
		if (notes[i])
			append_legend_row(out, graph_note_looks[i].ground, graph_note_looks[i].text,
					  graph_note_looks[i].word);
	append_notes(out, g->request, NULL);
	g_string_append(out, "</TABLE>>];\n");
}

void graph_dot_begin(const char *name, const char *title, GString *out)
{
	g_string_append_printf(out,
			       "graph \"%s\" {\n"
			       "  graph [rankdir=LR, fontname=\"" FONT
			       "\", fontsize=12, nodesep=0.22, ranksep=0.55, splines=true, "
			       "newrank=true, pad=0.3];\n"
			       "  node [shape=box, style=filled, fontname=\"" FONT
			       "\", fontsize=12, margin=\"0.04,0.03\"];\n"
			       "  edge [fontname=\"" FONT "\", fontsize=9, penwidth=1.2];\n",
			       name);
	if (!title)
		return;
	g_string_append(out, "  label=<<B>");
	graph_dot_text(out, title);
	g_string_append(out, "</B>>; labelloc=t; fontsize=16;\n");
}

void graph_dot(const graph_drawing *g, GString *out)
{
	graph_dot_begin(g->m->name, g->request->title, out);
	append_members(g, NULL, out, "  ");
	for (guint i = 0; i < g->m->sites->len; i++)
		append_site(g, g->m->sites->pdata[i], out);
	for (guint i = 0; i < g->networks->len; i++)
		append_ports(g, g->networks->pdata[i], out);
	for (guint i = 0; i < g->m->tunnels->len; i++)
		append_tunnel(g, g->m->tunnels->pdata[i], out);
	append_legend(g, out);
	g_string_append(out, "}\n");
}
