/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

#define MAIN_TABLE 254

model *scenario_model(const char *file, const char *scenario, const char *changes)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load(file, d);
	const struct scenario *sc = base ? model_scenario(base, scenario) : NULL;
	model *m = NULL;

	if (sc)
		m = changes ? model_instantiate_with(base, sc, "test", changes, d) :
			      model_instantiate(base, sc, d);
	if (!m) {
		g_autofree char *found = diags_to_text(d);

		cr_assert_fail("%s, %s: %s", file, scenario, found);
	}
	return m;
}

static json_t *state_node(json_t *nodes, const char *name)
{
	json_t *node = json_object_get(nodes, name);

	if (node)
		return node;
	node = json_pack("{s:[], s:[], s:[{s:i, s:n, s:i, s:s}, {s:i, s:n, s:i, s:s}, {s:s, s:i, "
			 "s:n, s:i, s:s}], s:{s:i, s:{s:i}}}",
			 "links", "routes", "rules", "pref", 32766, "from", "table", MAIN_TABLE,
			 "action", "lookup", "pref", 32767, "from", "table", 253, "action",
			 "lookup", "family", "inet6", "pref", 32766, "from", "table", MAIN_TABLE,
			 "action", "lookup", "sysctl", "ip_forward", 0, "rp_filter", "all", 0);
	json_object_set_new(nodes, name, node);
	return node;
}

static json_t *state_link(json_t *node, const char *name)
{
	json_t *links = json_object_get(node, "links"), *link;
	size_t i;

	json_array_foreach(links, i, link)
		if (g_strcmp0(json_string_value(json_object_get(link, "name")), name) == 0)
			return link;
	link = json_pack("{s:s, s:b, s:b, s:[]}", "name", name, "up", 0, "carrier", 1, "addresses");
	json_array_append_new(links, link);
	return link;
}

static void put_route(json_t *node, const struct prefix *to, const struct addr *via,
		      const char *dev, unsigned table, enum route_type type)
{
	char prefix[PREFIX_TEXT_MAX], gateway[ADDR_TEXT_MAX];

	json_array_append_new(
		json_object_get(node, "routes"),
		json_pack("{s:s, s:s?, s:s?, s:i, s:i, s:s}", "to", prefix_print(to, prefix), "via",
			  via && addr_is_set(via) ? addr_print(via, gateway) : NULL, "dev", dev,
			  "table", (int)table, "metric", 0, "type", route_type_name(type)));
}

static void put_rule(json_t *node, const struct op_rule *r)
{
	char from[PREFIX_TEXT_MAX];

	json_array_append_new(json_object_get(node, "rules"),
			      json_pack("{s:i, s:s, s:i, s:s, s:s}", "pref", (int)r->pref, "from",
					prefix_print(&r->from, from), "table", (int)r->table,
					"action", r->unreachable ? "unreachable" : "lookup",
					"family",
					r->from.addr.family == AF_INET6 ? "inet6" : "inet"));
}

static void put_sysctl(json_t *node, const char *key, const char *value)
{
	static const char filter[] = ".rp_filter", conf[] = "net.ipv4.conf.";
	json_t *sysctl = json_object_get(node, "sysctl");
	json_t *number = json_integer(g_ascii_strtoll(value, NULL, 10));

	if (g_str_equal(key, "net.ipv4.ip_forward")) {
		json_object_set(sysctl, "ip_forward", number);
	} else if (g_str_equal(key, "net.ipv6.conf.all.forwarding")) {
		json_object_set(sysctl, "ip6_forward", number);
	} else if (g_str_has_prefix(key, conf) && g_str_has_suffix(key, filter)) {
		g_autofree char *name =
			g_strndup(key + strlen(conf), strlen(key) - strlen(conf) - strlen(filter));

		json_object_set(json_object_get(sysctl, "rp_filter"), name, number);
	}
	json_decref(number);
}

static void put_op(json_t *nodes, const struct op *op)
{
	json_t *node = state_node(nodes, op->node);
	char text[PREFIX_TEXT_MAX];

	if (op->kind == OP_VETH) {
		for (int e = 0; e < 2; e++) {
			json_t *link =
				state_link(state_node(nodes, op->veth[e].node), op->veth[e].ifname);
			unsigned mtu_bytes = op->veth[e].mtu_bytes;

			json_object_set_new(link, "up", json_boolean(op->veth[e].up));
			json_object_set_new(link, "mtu",
					    json_integer(mtu_bytes > 0 ? mtu_bytes : 1500));
		}
	} else if (op->kind == OP_LINK_UP && !g_str_equal(op->link_up.ifname, "lo")) {
		json_object_set_new(state_link(node, op->link_up.ifname), "up", json_true());
	} else if (op->kind == OP_ADDR) {
		json_array_append_new(json_object_get(state_link(node, op->addr.ifname),
						      "addresses"),
				      json_string(prefix_print(&op->addr.address, text)));
	} else if (op->kind == OP_ROUTE) {
		put_route(node, &op->route.to, &op->route.via, op->route.dev, op->route.table,
			  op->route.type);
	} else if (op->kind == OP_RULE) {
		put_rule(node, &op->rule);
	} else if (op->kind == OP_SYSCTL) {
		put_sysctl(node, op->sysctl.key, op->sysctl.value);
	}
}

/* The kernel's own routes to the subnets of links that are up. */
static void put_connected(json_t *node)
{
	json_t *link, *address;
	size_t i, k;

	json_array_foreach(json_object_get(node, "links"), i, link) {
		const char *name = json_string_value(json_object_get(link, "name"));

		json_array_foreach(json_object_get(link, "addresses"), k, address) {
			struct prefix p;

			cr_assert(prefix_parse(json_string_value(address), &p));
			p = prefix_network(&p);
			if (json_is_true(json_object_get(link, "up")) && p.len < addr_bits(&p.addr))
				put_route(node, &p, NULL, name, MAIN_TABLE, ROUTE_UNICAST);
		}
	}
}

json_t *planned_state(const model *m)
{
	g_autoptr(plan) p = plan_build(m);
	json_t *nodes = json_object(), *node;
	const char *name;

	for (guint i = 0; i < p->ops->len; i++)
		put_op(nodes, p->ops->pdata[i]);
	json_object_foreach(nodes, name, node)
		put_connected(node);
	return json_pack("{s:o}", "nodes", nodes);
}
