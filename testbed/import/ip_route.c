/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ip -j route`: routes.  Those that the kernel made also show addresses. */
#include "testbed/import/facts.h"
#include "testbed/import/tree.h"

#include <string.h>

/* The origins of routes, and what they say about a restart. */
static const struct {
	const char *protocol, *note;
} protocols[] = {
	{"static", NULL}, /* NetworkManager, systemd-networkd: from their files */
	{"dhcp", NULL},
	{"ra", NULL},
	{"boot", "guess: persistent (protocol boot: added by hand, or from a file at start)"},
};

static const char *note_of(const char *protocol)
{
	for (guint i = 0; protocol && i < G_N_ELEMENTS(protocols); i++) {
		if (g_str_equal(protocols[i].protocol, protocol))
			return protocols[i].note;
	}
	return protocol ? "guess: persistent (from a routing daemon)" : "guess: persistent";
}

/* The object with gateway and interface: the route, or the first of its `nexthops`. */
static const yaml_node_t *hop_of(struct tree *j, const yaml_node_t *route, diags *d)
{
	const yaml_node_t *hops = tree_member(j, route, "nexthops"), *first = tree_item(j, hops, 0);

	if (!first)
		return route;
	if (tree_item(j, hops, 1))
		diags_add(d, DIAG_WARNING, tree_loc(j, route, "nexthops"),
			  "a node has one route per destination",
			  "only the first of several next hops is used");
	return first;
}

static bool read_gateway(struct tree *j, const yaml_node_t *hop, struct addr *ret, diags *d)
{
	const yaml_node_t *via = tree_member(j, hop, "via");
	const char *gateway = tree_word(j, hop, "gateway");

	if (!gateway && via && via->type == YAML_MAPPING_NODE)
		gateway = tree_word(j, via, "host");
	if (!gateway || addr_parse(gateway, ret))
		return true;
	diags_add(d, DIAG_ERROR, tree_loc(j, hop, "gateway"), NULL, "'%s' is not an address",
		  gateway);
	return false;
}

static bool read_destination(struct tree *j, const yaml_node_t *item, const struct addr *via,
			     struct prefix *ret, diags *d)
{
	const char *to = tree_word(j, item, "dst");
	struct loc loc = tree_loc(j, item, "dst");
	struct prefix network;

	if (!to || !prefix_parse(to, ret)) {
		diags_add(d, DIAG_ERROR, loc, "paste the complete output of 'ip -j route'",
			  "'%s' is not a destination", to ? to : "");
		return false;
	}
	if (g_str_equal(to, "default") && via->family == AF_INET6)
		*ret = (struct prefix){.addr = {.family = AF_INET6}};
	network = prefix_network(ret);
	if (addr_equal(&network.addr, &ret->addr))
		return true;
	diags_add(d, DIAG_ERROR, loc, NULL, "'%s' has host bits set", to);
	return false;
}

static bool read_metric(struct tree *j, const yaml_node_t *item, unsigned *ret, diags *d)
{
	const char *metric = tree_word(j, item, "metric");
	guint64 number = 0;

	if (metric && !g_ascii_string_to_unsigned(metric, 10, 0, G_MAXUINT32, &number, NULL)) {
		diags_add(d, DIAG_ERROR, tree_loc(j, item, "metric"), NULL, "'%s' is not a metric",
			  metric);
		return false;
	}
	*ret = (unsigned)number;
	return true;
}

/* "10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10": eth0 has 10.0.1.10/24. */
static void read_connected(struct tree *j, const yaml_node_t *item, const struct fact_route *r,
			   struct facts *f, diags *d)
{
	const char *source = tree_word(j, item, "prefsrc");
	struct prefix address = {.len = r->to.len};
	struct fact_iface *iface;

	if (!source || !r->dev || r->to.len > addr_bits(&r->to.addr) - 2)
		return;
	if (!addr_parse(source, &address.addr) || !prefix_contains(&r->to, &address.addr)) {
		diags_add(d, DIAG_ERROR, tree_loc(j, item, "prefsrc"), NULL,
			  "'%s' is not an address of that network", source);
		return;
	}
	iface = facts_iface(f, r->dev, r->loc, d);
	if (iface)
		facts_address(iface, &address, false, r->loc, d);
}

static void read_route(struct tree *j, const yaml_node_t *item, struct facts *f, diags *d)
{
	const char *type = tree_word(j, item, "type"), *protocol = tree_word(j, item, "protocol");
	struct fact_route r = {
		.persistent = true, .note = note_of(protocol), .loc = tree_loc(j, item, "dst")};
	const yaml_node_t *hop;

	if (type && !g_str_equal(type, "unicast")) {
		diags_add(d, DIAG_WARNING, r.loc, "a firewall rule can do the same",
			  "a route of type '%s' is left out", type);
		return;
	}
	hop = hop_of(j, item, d);
	if (!read_gateway(j, hop, &r.via, d) || !read_destination(j, item, &r.via, &r.to, d) ||
	    !read_metric(j, item, &r.metric, d))
		return;
	r.dev = (char *)(gpointer)(guintptr)tree_word(j, hop, "dev"); /* facts_route copies it */
	if (!r.dev && !addr_is_set(&r.via)) {
		diags_add(d, DIAG_ERROR, r.loc, "paste the complete output of 'ip -j route'",
			  "a route without 'gateway' and 'dev'");
		return;
	}
	if (g_strcmp0(protocol, "kernel") == 0)
		read_connected(j, item, &r, f, d);
	else
		facts_route(f, &r, d);
}

void parse_ip_route(const char *file, const char *text, struct facts *f, diags *d)
{
	struct tree j;
	const yaml_node_t *item;

	if (!tree_read(&j, file, text, d))
		return;
	for (guint i = 0, good = tree_objects(&j, d); good && (item = tree_object(&j, i)); i++)
		read_route(&j, item, f, d);
	tree_clear(&j);
}
