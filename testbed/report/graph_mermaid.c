/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mermaid flowcharts.  Ids are numbers, because names may contain Mermaid syntax. */
#include "testbed/report/graph.h"

/* Escapes text inside "...", which is HTML; '#' starts Mermaid's own entities. */
void graph_mermaid_text(GString *out, const char *text)
{
	g_autofree char *escaped = g_markup_escape_text(text, -1);
	GString *safe = g_string_new(escaped);

	g_string_replace(safe, "#", "#35;", 0);
	g_string_replace(safe, "&quot;", "#quot;", 0);
	g_string_append(out, safe->str);
	g_string_free(safe, TRUE);
}

/* The object's place in the list, which is its id; 0 also for one that is not there. */
static guint index_of(const GPtrArray *objects, const void *object)
{
	guint index = 0;

	g_ptr_array_find((GPtrArray *)(guintptr)objects, object, &index);
	return index;
}

/* Appends the interfaces of a node with their addresses, one a line. */
static void append_interfaces(GString *out, const struct node *n)
{
	char text[ADDR_TEXT_MAX];

	ptr_array_foreach(const struct iface, iface, n->interfaces) {
		g_string_append_printf(out, "<br/>%s%s", iface->name, iface->up ? "" : " (down)");
		for (guint k = 0; k < iface->addresses->len; k++)
			g_string_append_printf(
				out, " %s",
				addr_print(&g_array_index(iface->addresses, struct prefix, k).addr,
					   text));
	}
}

/* Appends the notes of a node; NULL: those of none. */
static void append_notes(const graph_request *r, const char *node, GString *out)
{
	ptr_array_foreach(const struct graph_note, note, r->notes) {
		if (g_strcmp0(note->node, node) != 0)
			continue;
		g_string_append(out, note->kind == NOTE_LOST ? "<br/><b>lost</b>, " : "<br/>");
		graph_mermaid_text(out, note->text);
	}
}

static void append_node(const graph_drawing *g, const struct node *n, GString *out,
			const char *indent)
{
	g_autoptr(GPtrArray) marks = graph_marks_of(n);

	g_string_append_printf(out, "%sn%u[\"<b>%s</b>", indent, index_of(g->m->nodes, n), n->name);
	if (n->title) {
		g_string_append(out, "<br/>");
		graph_mermaid_text(out, n->title);
	}
	for (guint i = 0; i < marks->len; i++)
		g_string_append_printf(out, "%s%s", i > 0 ? ", " : "<br/>",
				       ((const struct graph_mark *)marks->pdata[i])->text);
	append_interfaces(out, n);
	append_notes(g->request, n->name, out);
	g_string_append_printf(out, "\"]:::role%u\n", graph_role_of(n));
}

/* Appends the nodes and networks of a site (NULL: those without a site). */
static void append_members(const graph_drawing *g, const char *site, GString *out,
			   const char *indent)
{
	char text[PREFIX_TEXT_MAX];

	ptr_array_foreach(const struct node, n, g->nodes)
		if (g_strcmp0(n->site, site) == 0)
			append_node(g, n, out, indent);
	for (guint i = 0; i < g->networks->len; i++) {
		const struct graph_network *w = g->networks->pdata[i];

		if (!w->is_line && g_strcmp0(w->network->site, site) == 0)
			g_string_append_printf(out, "%sw%u([\"%s<br/>%s\"]):::wire\n", indent, i,
					       w->network->name, graph_subnet(w->network, text));
	}
}

/* Appends the lines of network number `index`: one between two nodes, or one for each interface. */
static void append_network_lines(const graph_drawing *g, guint index, GString *out)
{
	const struct graph_network *w = g->networks->pdata[index];
	char text[PREFIX_TEXT_MAX];

	if (w->is_line) {
		const struct graph_port *ends =
			(const struct graph_port *)(const void *)w->ports->data;

		g_string_append_printf(out, "  n%u ---|\"%s<br/>%s\"| n%u\n",
				       index_of(g->m->nodes, ends[0].node), w->network->name,
				       graph_subnet(w->network, text),
				       index_of(g->m->nodes, ends[1].node));
		return;
	}
	array_foreach(const struct graph_port, p, w->ports) {
		guint node = index_of(g->m->nodes, p->node);

		if (p->distance <= w->distance)
			g_string_append_printf(out, "  n%u --- w%u\n", node, index);
		else
			g_string_append_printf(out, "  w%u --- n%u\n", index, node);
	}
}

static void append_tunnel(const graph_drawing *g, const struct tunnel *t, GString *out)
{
	g_string_append_printf(out, "  n%u <-. \"%s (%s%s)\" .-> n%u\n",
			       index_of(g->m->nodes, t->ends[0].node), t->name,
			       tunnel_kind_name(t->kind), t->up ? "" : ", down",
			       index_of(g->m->nodes, t->ends[1].node));
}

static bool has_note_without_node(const graph_request *r)
{
	ptr_array_foreach(const struct graph_note, note, r->notes)
		if (!note->node)
			return true;
	return false;
}

/* Appends arrows from node to node: there thick, back dotted. */
static void append_way(const graph_drawing *g, GString *out)
{
	const struct graph_pass *from = NULL;
	guint number = 0;

	array_foreach(const struct graph_pass, p, g->request->passes) {
		if (!p->leaves && from && from->back == p->back)
			g_string_append_printf(out, "  n%u %s|\"%s %u\"| n%u\n",
					       index_of(g->m->nodes, model_node(g->m, from->node)),
					       p->back ? "-.->" : "==>", p->back ? "back" : "there",
					       ++number,
					       index_of(g->m->nodes, model_node(g->m, p->node)));
		if (from && from->back != p->back)
			number = 0;
		from = p;
	}
}

void graph_mermaid_begin(const char *title, GString *out)
{
	if (title) {
		g_string_append(out, "---\ntitle: \"");
		graph_mermaid_text(out, title);
		g_string_append(out, "\"\n---\n");
	}
	g_string_append(out, "flowchart LR\n");
}

void graph_mermaid(const graph_drawing *g, GString *out)
{
	graph_mermaid_begin(g->request->title, out);
	append_members(g, NULL, out, "  ");
	for (guint i = 0; i < g->m->sites->len; i++) {
		const struct site *site = g->m->sites->pdata[i];

		g_string_append_printf(out, "  subgraph s%u [\"", i);
		graph_mermaid_text(out, site->title ? site->title : site->name);
		g_string_append(out, "\"]\n");
		append_members(g, site->name, out, "    ");
		g_string_append(out, "  end\n");
	}
	for (guint i = 0; i < g->networks->len; i++)
		append_network_lines(g, i, out);
	ptr_array_foreach(const struct tunnel, t, g->m->tunnels)
		if (graph_draws(g, t->ends[0].node) && graph_draws(g, t->ends[1].node))
			append_tunnel(g, t, out);
	append_way(g, out);
	for (guint i = 0; i < ROLE_COUNT; i++)
		g_string_append_printf(out, "  classDef role%u fill:%s,stroke:%s,color:#111827\n",
				       i, graph_role_looks[i].fill, graph_role_looks[i].line);
	if (has_note_without_node(g->request)) {
		g_string_append(out, "  notes[\"");
		append_notes(g->request, NULL, out);
		g_string_append(out, "\"]\n");
	}
	g_string_append(out, "  classDef wire fill:#e2e8f0,stroke:#64748b,color:#111827\n");
}
