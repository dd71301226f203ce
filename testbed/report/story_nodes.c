/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/graph.h"
#include "testbed/report/json.h"
#include "testbed/report/story_json.h"
#include "testbed/walk/tracked.h"

#include <string.h>

#define SESSIONS_TOLD_MAX 40 /* of one node: a NAT has hundreds after a run */
#define TABLE_MAIN_TEXT "main"

/* Takes over the text. */
static void add_text(json_t *list, char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	json_array_append_new(list, json_string(valid));
	g_free(text);
}

static const char *table_text(unsigned table, char buf[static 16])
{
	if (table == ROUTE_TABLE_MAIN)
		return TABLE_MAIN_TEXT;
	g_snprintf(buf, 16, "%u", table);
	return buf;
}

/* "10.20.0.0/24 via 172.25.33.1 dev int table 100 metric 5", as `ip route` says it. */
static char *route_text(const struct kernel_route *r)
{
	char to[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX], table[16];
	GString *text = g_string_new(NULL);

	if (r->type != KERNEL_ROUTE_UNICAST)
		g_string_append_printf(text, "%s ", kernel_route_type_name(r->type));
	g_string_append(text, prefix_is_default(&r->to) ? "default" : prefix_print(&r->to, to));
	if (addr_is_set(&r->via))
		g_string_append_printf(text, " via %s", addr_print(&r->via, via));
	if (r->dev)
		g_string_append_printf(text, " dev %s", r->dev);
	if (r->table != ROUTE_TABLE_MAIN)
		g_string_append_printf(text, " table %s", table_text(r->table, table));
	if (r->metric != 0)
		g_string_append_printf(text, " metric %u", r->metric);
	return g_string_free(text, FALSE);
}

static char *rule_text(const struct kernel_rule *r)
{
	char from[PREFIX_TEXT_MAX], table[16];
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%u: from %s", r->pref,
			       r->from.addr.family ? prefix_print(&r->from, from) : "all");
	if (r->in)
		g_string_append_printf(text, " iif %s", r->in);
	if (r->action == KERNEL_RULE_LOOKUP)
		g_string_append_printf(text, " lookup %s", table_text(r->table, table));
	else
		g_string_append_printf(text, " %s", kernel_rule_action_name(r->action));
	return g_string_free(text, FALSE);
}

static char *nat_line(const struct nat_rule *r)
{
	g_autofree char *what = graph_nat_text(r);
	char inside[ADDR_TEXT_MAX], outside[ADDR_TEXT_MAX];

	if (r->kind == NAT_MASQUERADE)
		return g_strdup_printf("%s: %s, out by %s, %s mapping, %s filtering", r->name, what,
				       r->out_iface, nat_behaviour_name(r->mapping),
				       nat_behaviour_name(r->filtering));
	return g_strdup_printf("%s: %s, outside %s, inside %s", r->name, what,
			       addr_print(&r->outside, outside), addr_print(&r->inside, inside));
}

static json_t *nat_json(const struct node *n)
{
	json_t *list = json_array();

	ptr_array_foreach(const struct nat_rule, r, n ? n->nat : NULL)
		add_text(list, nat_line(r));
	return list;
}

/* "accept", "drop", "reject"; NULL: no rule of the topology has that name. */
static const char *verdict_of(const struct node *n, const char *name)
{
	static const char *const words[] = {
		[FW_ACCEPT] = "accept", [FW_DROP] = "drop", [FW_REJECT] = "reject"};

	ptr_array_foreach(const struct fw_rule, r, n ? n->firewall.rules : NULL)
		if (g_str_equal(r->name, name))
			return words[r->action];
	return NULL;
}

static json_t *firewall_json(const struct node *n, const node_state *state)
{
	json_t *list = json_array();

	array_foreach(const struct rule_counter, c, state->rule_counters)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s?, s:I, s:I}", "rule", c->name, "chain",
					c->chain, "verdict", verdict_of(n, c->name), "packets",
					(json_int_t)c->packets, "bytes", (json_int_t)c->bytes));
	return list;
}

static json_t *listeners_json(const node_state *state)
{
	json_t *list = json_array();
	char text[ADDR_TEXT_MAX];

	array_foreach(const struct kernel_listener, l, state->listeners)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:i}", "proto", ip_proto_name(l->proto),
						"address", addr_print(&l->address, text), "port",
						(int)l->port));
	return list;
}

static char *session_text(const struct tracked *t)
{
	g_autofree char *text = tracked_text(t), *nat = tracked_nat_text(t);

	return g_strdup_printf("%s%s%s, %s%s%s", text, nat ? ", " : "", nat ? nat : "",
			       t->replied ? "replied" : "no reply", t->tcp_state ? ", " : "",
			       t->tcp_state ? t->tcp_state : "");
}

static json_t *sessions_of(const node_state *state)
{
	guint all = state->sessions ? state->sessions->len : 0;
	json_t *list = json_array();

	for (guint i = 0; i < MIN(all, SESSIONS_TOLD_MAX); i++)
		add_text(list, session_text(&g_array_index(state->sessions, struct tracked, i)));
	if (all > SESSIONS_TOLD_MAX || state->sessions_left_out > 0)
		add_text(list, g_strdup_printf("and %" G_GUINT64_FORMAT " more",
					       all - MIN(all, SESSIONS_TOLD_MAX) +
						       state->sessions_left_out));
	return list;
}

static json_t *links_json(const node_state *state)
{
	json_t *list = json_array();

	array_foreach(const struct kernel_link, l, state->links)
		json_array_append_new(
			list,
			json_pack("{s:s, s:I, s:I, s:I, s:I, s:o}", "iface", l->name, "rx_packets",
				  (json_int_t)l->rx_packets, "tx_packets",
				  (json_int_t)l->tx_packets, "rx_bytes", (json_int_t)l->rx_bytes,
				  "tx_bytes", (json_int_t)l->tx_bytes, "dropped",
				  l->losses.told ?
					  json_integer((json_int_t)(l->losses.lost +
								    l->losses.overflowed)) :
					  json_null()));
	return list;
}

static json_t *node_json(const struct node *n, const node_state *state)
{
	json_t *routes = json_array(), *rules = json_array();

	array_foreach(const struct kernel_route, r, state->routes)
		add_text(routes, route_text(r));
	array_foreach(const struct kernel_rule, r, state->rules)
		add_text(rules, rule_text(r));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "routes", routes, "rules", rules,
			 "nat", nat_json(n), "firewall", firewall_json(n, state), "listeners",
			 listeners_json(state), "sessions", sessions_of(state), "counters",
			 links_json(state));
}

json_t *story_nodes_json(const model *m, const netstate *state)
{
	json_t *nodes = json_object();

	ptr_array_foreach(const node_state, n, state ? state->nodes : NULL)
		json_object_set_new(nodes, n->name, node_json(model_node(m, n->name), n));
	return nodes;
}
