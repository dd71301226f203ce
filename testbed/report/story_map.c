/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/story_map.h"

#include "testbed/report/graph.h"

/* --- nodes ------------------------------------------------------------------------------------ */

static json_t *marks_json(const struct node *n)
{
	g_autoptr(GPtrArray) all = graph_marks_of(n);
	json_t *marks = json_array();

	ptr_array_foreach(const struct graph_mark, m, all)
		json_array_append_new(marks, json_string(m->text));
	return marks;
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

json_t *map_node_json(const struct node *n, const struct map_marks *marks)
{
	const char *role = graph_role_looks[graph_role_of(n)].word;
	const char *change =
		marks && marks->changes ? g_hash_table_lookup(marks->changes, n->name) : NULL;
	json_t *ifaces = json_array();

	for (guint i = 0; i < n->interfaces->len; i++)
		json_array_append_new(ifaces, iface_json(n->interfaces->pdata[i]));
	return json_pack("{s:s, s:s?, s:s?, s:s, s:o, s:o, s:s?}", "name", n->name, "title",
			 n->title, "site", n->site, "role", role, "marks", marks_json(n),
			 "interfaces", ifaces, "change", change);
}

/* --- networks --------------------------------------------------------------------------------- */

static json_t *link_json(const char *node, const char *iface)
{
	return json_pack("{s:s, s:s}", "node", node, "iface", iface);
}

static json_t *network_json(const struct graph_network *w)
{
	const struct network *n = w->network;
	char subnet[PREFIX_TEXT_MAX];
	json_t *links = json_array();

	array_foreach(const struct graph_port, p, w->ports)
		json_array_append_new(links, link_json(p->node->name, p->iface->name));
	return json_pack("{s:s, s:s, s:s, s:s?, s:o, s:o}", "name", n->name, "subnet",
			 graph_subnet(n, subnet), "kind", w->is_line ? "line" : "lan", "site",
			 n->site, "impair", impairment_json(n->impair), "links", links);
}

json_t *map_tunnel_json(const struct tunnel *t, const char *vpn)
{
	struct prefix inside = prefix_network(&t->ends[0].address);
	const char *backend = t->kind == TUNNEL_WIREGUARD && vpn ? vpn : tunnel_kind_name(t->kind);
	char subnet[PREFIX_TEXT_MAX];

	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:[o, o]}", "name", t->name, "subnet",
			 prefix_print(&inside, subnet), "kind", "tunnel", "backend", backend, "up",
			 (int)t->up, "impair", impairment_json(t->impair), "links",
			 link_json(t->ends[0].node_name, t->ends[0].iface),
			 link_json(t->ends[1].node_name, t->ends[1].iface));
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

json_t *story_map_json(const model *m, const struct map_marks *marks)
{
	g_autoptr(graph_drawing) g = graph_drawing_new(m, NULL);
	json_t *sites = json_array(), *nodes = json_array(), *networks = json_array();

	ptr_array_foreach(const struct site, s, m->sites)
		json_array_append_new(sites,
				      json_pack("{s:s, s:s?}", "name", s->name, "title", s->title));
	for (guint i = 0; i < m->nodes->len; i++)
		json_array_append_new(nodes, map_node_json(m->nodes->pdata[i], marks));
	for (guint i = 0; i < g->networks->len; i++)
		json_array_append_new(networks, network_json(g->networks->pdata[i]));
	for (guint i = 0; i < m->tunnels->len; i++)
		json_array_append_new(networks, map_tunnel_json(m->tunnels->pdata[i], marks->vpn));
	return json_pack("{s:o, s:o, s:o, s:o}", "sites", sites, "nodes", nodes, "networks",
			 networks, "missing", missing_json(marks));
}
