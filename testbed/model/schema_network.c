/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/impair.h"
#include "testbed/model/names.h"
#include "testbed/model/object.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

const struct list_type addr_list = {.item = read_addr, .may_be_empty = true};
const struct list_type prefix_list = {.item = read_prefix};
const struct list_type address_list = {.item = read_prefix, .arg = &prefix_address};
const struct list_type port_list = {.item = read_ports};
const struct list_type name_list = {.item = read_word, .arg = &charset_name};
const struct list_type text_list = {.item = read_text};

static const struct field site_fields[] = {
	{.key = "title", .read = read_text, AT(site, title)},
	{.key = "edge", .read = read_word, AT(site, media_edge), .arg = &charset_name},
	{0}};

const struct object_type site_type = {
	.what = "site",
	.create = site_new,
	.destroy = site_free,
	.fields = site_fields,
	.loc_offset = offsetof(struct site, loc),
	.name_offset = offsetof(struct site, name),
	.read_name = read_word,
	.name_arg = &charset_name,
};

static const struct field network_fields[] = {
	{.key = "site", .read = read_word, AT(network, site), .arg = &charset_name},
	{.key = "title", .read = read_text, AT(network, title)},
	{.key = "subnet",
	 .read = read_prefix,
	 AT(network, subnet),
	 .arg = &prefix_subnet,
	 .required = true},
	{.key = "subnet6", .read = read_prefix, AT(network, subnet6), .arg = &prefix_subnet},
	{.key = "reusable", .read = read_bool, AT(network, reusable)},
	{.key = "impair", .read = read_impairment, AT(network, impair)},
	{0}};

const struct object_type network_type = {
	.what = "network",
	.create = network_new,
	.destroy = network_free,
	.fields = network_fields,
	.loc_offset = offsetof(struct network, loc),
	.name_offset = offsetof(struct network, name),
	.read_name = read_word,
	.name_arg = &charset_name,
};

static const struct field iface_fields[] = {
	{.key = "network",
	 .read = read_word,
	 AT(iface, network_name),
	 .arg = &charset_name,
	 .required = true},
	{.key = "address", .read = read_array, AT(iface, addresses), .arg = &address_list},
	{.key = "addresses", .read = read_array, AT(iface, addresses), .arg = &address_list},
	{.key = "up", .read = read_bool, AT(iface, up)},
	{.key = "mtu", .read = read_quantity, AT(iface, mtu_bytes), .arg = &quantity_mtu_bytes},
	{.key = "impair", .read = read_impairment, AT(iface, impair)},
	{0}};

static void iface_check(struct reader *r, const yaml_node_t *value, void *object G_GNUC_UNUSED)
{
	if (!read_has_key(r, value, "address") && !read_has_key(r, value, "addresses"))
		reader_error(r, value, "add 'address' or 'addresses'",
			     "the interface has no address");
}

const struct object_type iface_type = {
	.what = "interface",
	.create = iface_new,
	.destroy = iface_free,
	.fields = iface_fields,
	.loc_offset = offsetof(struct iface, loc),
	.name_offset = offsetof(struct iface, name),
	.read_name = read_word,
	.name_arg = &charset_iface,
	.check = iface_check,
};

const struct field route_fields[] = {
	{.key = "type", .read = read_enum, AT(route, type), .arg = route_type_names},
	{.key = "to", .read = read_prefix, AT(route, to), .arg = &prefix_route, .required = true},
	{.key = "via", .read = read_addr, AT(route, via)},
	{.key = "dev", .read = read_word, AT(route, dev), .arg = &charset_iface},
	{.key = "persistent", .read = read_bool, AT(route, persistent)},
	{0}};

const struct object_type route_type = {
	.what = "route",
	.create = route_new,
	.destroy = route_free,
	.fields = route_fields,
	.loc_offset = offsetof(struct route, loc),
};

static const struct field tunnel_end_fields[] = {
	{.key = "node",
	 .read = read_word,
	 AT(tunnel_end, node_name),
	 .arg = &charset_name,
	 .required = true},
	{.key = "iface",
	 .read = read_word,
	 AT(tunnel_end, iface),
	 .arg = &charset_iface,
	 .required = true},
	{.key = "address",
	 .read = read_prefix,
	 AT(tunnel_end, address),
	 .arg = &prefix_address,
	 .required = true},
	{.key = "underlay", .read = read_addr, AT(tunnel_end, underlay), .required = true},
	{.key = "prefixes",
	 .read = read_array,
	 AT(tunnel_end, prefixes),
	 .arg = &prefix_list,
	 .required = true},
	{.key = "impair", .read = read_impairment, AT(tunnel_end, impair)},
	{0}};

struct ends_read {
	struct tunnel_end *ends;
	guint count;
};

static void read_end(struct reader *r, const yaml_node_t *value, gpointer user_data)
{
	struct ends_read *e = user_data;

	if (e->count++ < 2)
		read_mapping(r, value, tunnel_end_fields, &e->ends[e->count - 1], NULL, NULL);
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
	{.key = "kind", .read = read_enum, AT(tunnel, kind), .arg = tunnel_kind_names},
	{.key = "port", .read = read_port, AT(tunnel, port)},
	{.key = "mtu", .read = read_quantity, AT(tunnel, mtu_bytes), .arg = &quantity_mtu_bytes},
	{.key = "up", .read = read_bool, AT(tunnel, up)},
	{.key = "impair", .read = read_impairment, AT(tunnel, impair)},
	{.key = "ends", .read = read_ends, AT(tunnel, ends), .required = true},
	{0}};

const struct object_type tunnel_type = {
	.what = "tunnel",
	.create = tunnel_new,
	.destroy = tunnel_free,
	.fields = tunnel_fields,
	.loc_offset = offsetof(struct tunnel, loc),
	.name_offset = offsetof(struct tunnel, name),
	.read_name = read_word,
	.name_arg = &charset_name,
};
