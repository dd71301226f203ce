/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DOT: a node is a table with its name, its marks and a row for each interface, where lines end. */
#include "testbed/report/graph.h"

#define FONT "Helvetica,Arial,sans-serif"

/* Escapes text for an HTML-like label of Graphviz, which has the XML entities. */
static void append_html(GString *out, const char *text)
{
	g_autofree char *escaped = g_markup_escape_text(text, -1);

	g_string_append(out, escaped);
}

/* Appends an interface as the end of a line.  Ids are quoted: the model allows no quotes or
 * backslashes in names.  Those of networks begin with '=', which no node's name does. */
static void append_port(GString *out, const struct graph_port *p)
{
	g_string_append_printf(out, "\"%s\":\"%s\"", p->node->name, p->iface->name);
}

/* Appends the row with the node's name, and one with its title. */
static void append_head_row(GString *out, const struct node *n, const struct graph_role_look *look)
{
	g_string_append_printf(out, "<TR><TD BGCOLOR=\"%s\"><FONT COLOR=\"white\"><B>", look->line);
	append_html(out, n->name);
	g_string_append(out, "</B></FONT></TD></TR>");
	if (!n->title)
		return;
	g_string_append(out, "<TR><TD><FONT POINT-SIZE=\"10\">");
	append_html(out, n->title);
	g_string_append(out, "</FONT></TD></TR>");
}

/* Appends a row with the node's marks; nothing without marks. */
static void append_mark_row(GString *out, const struct node *n)
{
	g_autoptr(GPtrArray) marks = graph_marks_of(n);

	if (marks->len == 0)
		return;
	g_string_append(out, "<TR><TD>");
	for (guint i = 0; i < marks->len; i++) {
		const struct graph_mark *mark = marks->pdata[i];

		g_string_append_printf(out,
				       "%s<FONT COLOR=\"%s\" POINT-SIZE=\"10\"><B>%s</B></FONT>",
				       i > 0 ? " &#183; " : "", mark->color, mark->text);
	}
	g_string_append(out, "</TD></TR>");
}

/* Appends a row with the interface's name and addresses; lines end at it. */
static void append_iface_row(GString *out, const struct iface *iface)
{
	const char *color = iface->up ? "black" : GRAPH_DOWN_COLOR;
	char text[ADDR_TEXT_MAX];

	g_string_append_printf(out,
			       "<TR><TD ALIGN=\"LEFT\" PORT=\"%s\"><FONT COLOR=\"%s\" "
			       "POINT-SIZE=\"10\"><B>%s</B>%s",
			       iface->name, color, iface->name, iface->up ? "" : " (down)");
	for (guint i = 0; i < iface->addresses->len; i++)
		g_string_append_printf(
			out, "%s %s", i > 0 ? "<BR ALIGN=\"RIGHT\"/>" : "",
			addr_print(&g_array_index(iface->addresses, struct prefix, i).addr, text));
	if (iface->addresses->len > 1)
		g_string_append(out, "<BR ALIGN=\"RIGHT\"/>");
	g_string_append(out, "</FONT></TD></TR>");
}

static void append_node(GString *out, const struct node *n, const char *indent)
{
	const struct graph_role_look *look = &graph_role_looks[graph_role_of(n)];

	g_string_append_printf(out, "%s\"%s\" [color=\"%s\", fillcolor=\"%s\", label=<", indent,
			       n->name, look->line, look->fill);
	g_string_append(
		out, "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"2\">");
	append_head_row(out, n, look);
	append_mark_row(out, n);
	for (guint i = 0; i < n->interfaces->len; i++)
		append_iface_row(out, n->interfaces->pdata[i]);
	g_string_append(out, "</TABLE>>];\n");
}

/* Appends a network that is an object of its own. */
static void append_network(GString *out, const struct network *network, const char *indent)
{
	char text[PREFIX_TEXT_MAX];

	g_string_append_printf(out,
			       "%s\"=%s\" [shape=box, style=\"filled,rounded\", color=\"#64748b\", "
			       "fillcolor=\"#e2e8f0\", "
			       "fontsize=10, label=\"%s\\n%s\"];\n",
			       indent, network->name, network->name, graph_subnet(network, text));
}

/* The nodes and networks of a site (NULL: those without a site). */
static void append_members(const graph_drawing *g, const char *site, GString *out,
			   const char *indent)
{
	ptr_array_foreach(const struct node, n, g->m->nodes)
		if (g_strcmp0(n->site, site) == 0)
			append_node(out, n, indent);
	ptr_array_foreach(const struct graph_network, w, g->networks)
		if (!w->is_line && g_strcmp0(w->network->site, site) == 0)
			append_network(out, w->network, indent);
}

/* Appends a site: a frame with its title, nodes and networks. */
static void append_site(const graph_drawing *g, const struct site *site, GString *out)
{
	g_string_append_printf(out, "  subgraph \"cluster_%s\" {\n    label=<<B>", site->name);
	append_html(out, site->title ? site->title : site->name);
	g_string_append(out, "</B>>;\n    style=\"rounded,filled\"; color=\"#cbd5e1\"; "
			     "fillcolor=\"#f8fafc\";\n");
	append_members(g, site->name, out, "    ");
	g_string_append(out, "  }\n");
}

/* Further attributes of a line; one that is down is dotted and grey. */
static const char *line_look(bool up)
{
	return up ? "" : ", style=dotted, color=\"" GRAPH_DOWN_COLOR "\"";
}

/* Appends a network with two interfaces as a line between them. */
static void append_line(const struct graph_network *w, GString *out)
{
	const struct graph_port *ends = (const struct graph_port *)(const void *)w->ports->data;
	char text[PREFIX_TEXT_MAX];

	g_string_append(out, "  ");
	append_port(out, &ends[0]);
	g_string_append(out, " -- ");
	append_port(out, &ends[1]);
	g_string_append_printf(out, " [label=\"%s\\n%s\"%s];\n", w->network->name,
			       graph_subnet(w->network, text),
			       line_look(ends[0].iface->up && ends[1].iface->up));
}

/* Appends the lines from a network to its interfaces.  A node that is nearer to the Internet is
 * left of the network, one that is farther right of it. */
static void append_ports(const struct graph_network *w, GString *out)
{
	array_foreach(const struct graph_port, p, w->ports) {
		bool nearer = p->distance <= w->distance;

		g_string_append(out, "  ");
		if (nearer)
			append_port(out, p);
		g_string_append_printf(out, "%s\"=%s\"%s", nearer ? " -- " : "", w->network->name,
				       nearer ? "" : " -- ");
		if (!nearer)
			append_port(out, p);
		g_string_append_printf(out, " [penwidth=1.2%s];\n", line_look(p->iface->up));
	}
}

/* Appends a tunnel as a line between its two nodes; dotted and grey when it is down. */
static void append_tunnel(const struct tunnel *t, GString *out)
{
	struct prefix network = prefix_network(&t->ends[0].address);
	char text[PREFIX_TEXT_MAX];

	g_string_append_printf(out,
			       "  \"%s\" -- \"%s\" [label=\"%s (%s%s)\\n%s\", color=\"%s\", "
			       "fontcolor=\"%s\", style=%s, "
			       "penwidth=3, constraint=false];\n",
			       t->ends[0].node_name, t->ends[1].node_name, t->name,
			       tunnel_kind_name(t->kind), t->up ? "" : ", down",
			       prefix_print(&network, text),
			       t->up ? GRAPH_TUNNEL_COLOR : GRAPH_DOWN_COLOR,
			       t->up ? GRAPH_TUNNEL_COLOR : GRAPH_DOWN_COLOR,
			       t->up ? "dashed" : "dotted");
}

/* Appends the legend, which explains only what the drawing has. */
static void append_legend(const graph_drawing *g, GString *out)
{
	bool used[ROLE_COUNT] = {false}, nat = false, firewall = false;

	ptr_array_foreach(const struct node, n, g->m->nodes) {
		used[graph_role_of(n)] = true;
		nat = nat || n->nat->len > 0;
		firewall = firewall || graph_filters(n);
	}
	g_string_append(out, "  \"=legend\" [shape=plain, style=\"\", label=<<TABLE BORDER=\"1\" "
			     "COLOR=\"#cbd5e1\" "
			     "CELLBORDER=\"0\" CELLSPACING=\"3\" CELLPADDING=\"3\">");
	for (guint i = 0; i < ROLE_COUNT; i++)
		if (used[i])
			g_string_append_printf(out,
					       "<TR><TD BGCOLOR=\"%s\"><FONT COLOR=\"white\" "
					       "POINT-SIZE=\"10\">%s</FONT></TD></TR>",
					       graph_role_looks[i].line, graph_role_looks[i].word);
	g_string_append(
		out,
		"<TR><TD BGCOLOR=\"#e2e8f0\"><FONT POINT-SIZE=\"10\">network</FONT></TD></TR>");
	if (g->m->tunnels->len > 0)
		g_string_append(out, "<TR><TD><FONT COLOR=\"" GRAPH_TUNNEL_COLOR
				     "\" POINT-SIZE=\"10\"><B>- - tunnel - -</B></FONT></TD></TR>");
	if (nat)
		g_string_append(out, "<TR><TD><FONT COLOR=\"" GRAPH_NAT_COLOR
				     "\" POINT-SIZE=\"10\"><B>NAT</B> translates</FONT></TD></TR>");
	if (firewall)
		g_string_append(out,
				"<TR><TD><FONT COLOR=\"" GRAPH_FIREWALL_COLOR
				"\" POINT-SIZE=\"10\"><B>firewall</B> can drop</FONT></TD></TR>");
	g_string_append(out, "</TABLE>>];\n");
}

static void append_title(const char *title, GString *out)
{
	if (!title)
		return;
	g_string_append(out, "  label=<<B>");
	append_html(out, title);
	g_string_append(out, "</B>>; labelloc=t; fontsize=16;\n");
}

void graph_dot(const graph_drawing *g, const char *title, GString *out)
{
	g_string_append_printf(out,
			       "graph \"%s\" {\n"
			       "  graph [rankdir=LR, fontname=\"" FONT
			       "\", fontsize=12, nodesep=0.18, ranksep=0.9, splines=true, "
			       "newrank=true, pad=0.3];\n"
			       "  node [shape=box, style=filled, fontname=\"" FONT
			       "\", fontsize=12, margin=\"0.02,0.02\"];\n"
			       "  edge [fontname=\"" FONT
			       "\", fontsize=9, color=\"#475569\", fontcolor=\"#475569\"];\n",
			       g->m->name);
	append_title(title, out);
	append_members(g, NULL, out, "  ");
	for (guint i = 0; i < g->m->sites->len; i++)
		append_site(g, g->m->sites->pdata[i], out);
	ptr_array_foreach(const struct graph_network, w, g->networks)
		if (w->is_line)
			append_line(w, out);
		else
			append_ports(w, out);
	for (guint i = 0; i < g->m->tunnels->len; i++)
		append_tunnel(g->m->tunnels->pdata[i], out);
	append_legend(g, out);
	g_string_append(out, "}\n");
}
