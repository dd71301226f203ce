/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/impair.h"
#include "testbed/model/names.h"
#include "testbed/model/object.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

const struct list_type addr_list = {.item = read_addr, .may_be_empty = true};
const struct list_type prefix_list = {.item = read_prefix};
static const struct list_type address_list = {.item = read_prefix, .arg = &prefix_address};
const struct list_type port_list = {.item = read_ports};
const struct list_type name_list = {.item = read_word, .arg = &charset_name};
const struct list_type text_list = {.item = read_text};

static const struct field site_fields[] = {
	{KEY("title", read_text, site, title, NULL)},
	{KEY("edge", read_word, site, media_edge, &charset_name)},
	{0}};

const struct object_type site_type =
	OBJECT_TYPE("site", site, .fields = site_fields, NAMED_BY(site, charset_name));

static const char *const no_subnet_names[] = {"none", NULL};

/* `none`: the prefix stays unset.  `target` is that of a network. */
static bool read_subnet(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	struct network *n = (void *)((char *)target - offsetof(struct network, subnet));

	n->has_no_subnet = value->type == YAML_SCALAR_NODE &&
			   g_str_equal((const char *)value->data.scalar.value, no_subnet_names[0]);
	return n->has_no_subnet || read_prefix(r, value, target, arg);
}

static const struct field network_fields[] = {
	{KEY("site", read_word, network, site, &charset_name)},
	{KEY("title", read_text, network, title, NULL)},
	{KEY("subnet", read_subnet, network, subnet, &prefix_subnet), .required = true,
	 LIKE({.read = read_prefix, .arg = &prefix_subnet},
	      {.read = read_choice, .arg = no_subnet_names})},
	{KEY("subnet6", read_prefix, network, subnet6, &prefix_subnet)},
	{KEY("reusable", read_bool, network, reusable, NULL)},
	{KEY("impair", read_impairment, network, impair, NULL)},
	{0}};

const struct object_type network_type =
	OBJECT_TYPE("network", network, .fields = network_fields, NAMED_BY(network, charset_name));

static const struct field iface_fields[] = {
	{KEY("network", read_word, iface, network_name, &charset_name), .required = true},
	{KEY("address", read_array, iface, addresses, &address_list)},
	{KEY("addresses", read_array, iface, addresses, &address_list)},
	{KEY("peer", read_addr, iface, peer, NULL)},
	{KEY("up", read_bool, iface, up, NULL)},
	{KEY("mtu", read_quantity, iface, mtu_bytes, &quantity_mtu_bytes)},
	{KEY("impair", read_impairment, iface, impair, NULL)},
	{0}};

static void iface_check(struct reader *r, const yaml_node_t *value, void *object G_GNUC_UNUSED)
{
	if (!read_has_key(r, value, "address") && !read_has_key(r, value, "addresses"))
		reader_error(r, value, "add 'address' or 'addresses'",
			     "the interface has no address");
}

const struct object_type iface_type =
	OBJECT_TYPE("interface", iface, .fields = iface_fields, NAMED_BY(iface, charset_iface),
		    .check = iface_check);

const struct field route_fields[] = {{KEY("type", read_enum, route, type, route_type_names)},
				     {KEY("to", read_prefix, route, to, &prefix_route),
				      .required = true},
				     {KEY("via", read_addr, route, via, NULL)},
				     {KEY("dev", read_word, route, dev, &charset_iface)},
				     {KEY("onlink", read_bool, route, onlink, NULL)},
				     {KEY("metric", read_number32, route, metric, NULL)},
				     {KEY("table", read_number32, route, table, NULL)},
				     {KEY("persistent", read_bool, route, persistent, NULL)},
				     {0}};

const struct object_type route_type = OBJECT_TYPE("route", route, .fields = route_fields);

const struct field policy_rule_fields[] = {
	{KEY("from", read_prefix, policy_rule, from, &prefix_route), .required = true},
	{KEY("in", read_word, policy_rule, in_iface, &charset_iface)},
	{KEY("table", read_number32, policy_rule, table, NULL), .required = true},
	{0}};

const struct object_type policy_rule_type =
	OBJECT_TYPE("policy rule", policy_rule, .fields = policy_rule_fields);

static const struct field tunnel_end_fields[] = {
	{KEY("node", read_word, tunnel_end, node_name, &charset_name), .required = true},
	{KEY("iface", read_word, tunnel_end, iface, &charset_iface), .required = true},
	{KEY("address", read_prefix, tunnel_end, address, &prefix_address), .required = true},
	{KEY("underlay", read_addr, tunnel_end, underlay, NULL), .required = true},
	{KEY("prefixes", read_array, tunnel_end, prefixes, &prefix_list), .required = true},
	{KEY("impair", read_impairment, tunnel_end, impair, NULL)},
	{0}};

/* Ends are parts of their tunnel: of this only the fields are used. */
static const struct object_type tunnel_end_type = {.what = "tunnel end",
						   .fields = tunnel_end_fields};

struct ends_read {
	struct tunnel_end *ends;
	guint count;
};

/* Reads one end of a tunnel; a third one is only counted. */
static void read_end(struct reader *r, const yaml_node_t *value, gpointer user_data)
{
	struct ends_read *e = user_data;

	if (e->count++ < 2)
		read_mapping(r, value, tunnel_end_type.fields, &e->ends[e->count - 1], NULL, NULL);
}

static bool read_ends(struct reader *r, const yaml_node_t *value, void *target,
		      const void *arg G_GNUC_UNUSED)
{
	struct ends_read e = {.ends = target};

	if (!read_list(r, value, read_end, &e))
		return false;
	if (e.count != 2)
		reader_error(r, value, NULL, "a tunnel has two ends, not %u", e.count);
	return true;
}

static const struct field tunnel_fields[] = {
	{KEY("kind", read_enum, tunnel, kind, tunnel_kind_names)},
	{KEY("port", read_port, tunnel, port, NULL)},
	{KEY("mtu", read_quantity, tunnel, mtu_bytes, &quantity_mtu_bytes)},
	{KEY("up", read_bool, tunnel, up, NULL)},
	{KEY("impair", read_impairment, tunnel, impair, NULL)},
	{KEY("ends", read_ends, tunnel, ends, NULL), .required = true,
	 LIKE({.read = read_objects, .arg = &tunnel_end_type})},
	{0}};

const struct object_type tunnel_type =
	OBJECT_TYPE("tunnel", tunnel, .fields = tunnel_fields, NAMED_BY(tunnel, charset_name));
