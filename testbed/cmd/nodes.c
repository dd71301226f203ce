/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodes: which nodes a topology has, where they are, what they do, and their addresses. */
#include "testbed/cmd/cmd.h"
#include "testbed/report/graph.h"
#include "testbed/report/story_map.h"

#include <string.h>
#include <unistd.h>

/* "server: DNS", "router: firewall, NAT: home-router"; the caller frees. */
static char *role_text(const struct node *n)
{
	g_autoptr(GPtrArray) marks = graph_marks_of(n);
	GString *text = g_string_new(graph_role_looks[graph_role_of(n)].word);

	for (guint i = 0; i < marks->len; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? ", " : ": ",
				       ((const struct graph_mark *)marks->pdata[i])->text);
	return g_string_free(text, FALSE);
}

/* Appends the node's ends of tunnels, which are interfaces, too. */
static void append_tunnels(const model *m, const struct node *n, GString *text)
{
	char address[PREFIX_TEXT_MAX];

	ptr_array_foreach(const struct tunnel, t, m->tunnels)
		for (guint e = 0; e < G_N_ELEMENTS(t->ends); e++)
			if (t->ends[e].node == n)
				g_string_append_printf(text, "%s%s %s (%s%s)",
						       text->len > 0 ? ", " : "", t->ends[e].iface,
						       prefix_print(&t->ends[e].address, address),
						       t->name, t->up ? "" : ", down");
}

/* "eth0 10.0.1.10/24" of each interface; the caller frees. */
static char *addresses_text(const model *m, const struct node *n)
{
	GString *text = g_string_new(NULL);
	char address[PREFIX_TEXT_MAX];

	ptr_array_foreach(const struct iface, f, n->interfaces) {
		g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", f->name);
		array_foreach(const struct prefix, p, f->addresses)
			g_string_append_printf(text, " %s", prefix_print(p, address));
		if (!f->up)
			g_string_append(text, " (down)");
	}
	append_tunnels(m, n, text);
	return g_string_free(text, FALSE);
}

/* The widths of the columns before the addresses. */
struct widths {
	guint name, site, role;
};

static struct widths widths_of(const model *m)
{
	struct widths w = {4, 4, 4};

	ptr_array_foreach(const struct node, n, m->nodes) {
		g_autofree char *role = role_text(n);

		w.name = MAX(w.name, (guint)strlen(n->name));
		w.site = MAX(w.site, n->site ? (guint)strlen(n->site) : 1);
		w.role = MAX(w.role, (guint)strlen(role));
	}
	return w;
}

/* The nodes as a table, in the topology's order. */
static void put_nodes(const model *m, const struct report_style *style, GString *out)
{
	struct widths w = widths_of(m);

	ink_append(out, style, INK_DIM, "node", w.name + 2);
	ink_append(out, style, INK_DIM, "site", w.site + 2);
	ink_append(out, style, INK_DIM, "role", w.role + 2);
	ink_append(out, style, INK_DIM, "interfaces and addresses", 0);
	g_string_append_c(out, '\n');
	ptr_array_foreach(const struct node, n, m->nodes) {
		g_autofree char *role = role_text(n), *addresses = addresses_text(m, n);

		ink_append(out, style, INK_BOLD, n->name, w.name + 2);
		ink_append(out, style, INK_PLAIN, n->site ? n->site : "-", w.site + 2);
		ink_append(out, style, INK_PLAIN, role, w.role + 2);
		g_string_append_printf(out, "%s\n", addresses);
	}
}

/* The document of --json; the caller owns it. */
static json_t *nodes_json(const model *m, const struct scenario *sc)
{
	json_t *nodes = json_array(), *tunnels = json_array();

	ptr_array_foreach(const struct node, n, m->nodes) {
		json_t *one = map_node_json(n, NULL);

		json_object_del(one, "change");
		json_array_append_new(nodes, one);
	}
	for (guint i = 0; i < m->tunnels->len; i++)
		json_array_append_new(tunnels, map_tunnel_json(m->tunnels->pdata[i], NULL));
	return json_pack("{s:s, s:s, s:s?, s:o, s:o}", "schema", "testbed.nodes/1", "topology",
			 m->name, "scenario", sc ? sc->name : NULL, "nodes", nodes, "tunnels",
			 tunnels);
}

int cmd_nodes(const struct options *o)
{
	struct report_style style = cmd_style(o, STDOUT_FILENO);
	g_auto(network_choice) network = {0};
	g_autoptr(GString) text = g_string_new(NULL);
	int status = cmd_network_declared(o, &network);

	if (status)
		return status;
	if (o->json) {
		json_auto_t *document = nodes_json(network.model, network.scenario);

		return cmd_write_document(o->json, document, 2);
	}
	put_nodes(network.model, &style, text);
	return cmd_print(text->str, (gssize)text->len);
}
