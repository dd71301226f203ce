/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/names.h"
#include "testbed/model/object.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

static const struct list_type dns_name_list = {.item = read_word, .arg = &charset_dns};

static const struct field dns_fields[] = {
	{.key = "enabled", .read = read_bool, AT(service, enabled)},
	{.key = "zones", .read = read_texts, AT(service, dns.zones), .arg = &dns_name_list},
	{.key = "records", .read = read_objects, AT(service, dns.records), .arg = &dns_record_type},
	{.key = "forward", .read = read_addr, AT(service, dns.forward)},
	{0}};

/* Relays to nobody private and refuses nobody public: an empty list says something here. */
static const struct list_type peer_list = {.item = read_prefix, .may_be_empty = true};
static const struct mask_type part_mask = {.names = edge_part_names, .allowed = EDGE_ALL_PARTS};
static const struct unit lifetime_units[] = {
	{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct quantity lifetime_ms = {
	.what = "a time such as 0s, 10min or 8h",
	.units = lifetime_units,
	.min = 0,
	.max = 30u * 24 * 3600 * 1000,
};

const struct field frontend_setting_fields[] = {
	{.key = "domain", .read = read_word, AT(service, frontend.domain), .arg = &charset_dns},
	{.key = "media_relay", .read = read_bool, AT(service, frontend.media_relay)},
	{0}};

static const struct field edge_common_fields[] = {
	{.key = "relay_ports", .read = read_ports, AT(service, edge.relay_ports)},
	{.key = "next_hop_fqdn",
	 .read = read_word,
	 AT(service, edge.next_hop_fqdn),
	 .arg = &charset_dns},
	{.key = "next_hop_port", .read = read_port, AT(service, edge.next_hop_port)},
	{.key = "domain", .read = read_word, AT(service, edge.domain), .arg = &charset_dns},
	{.key = "relay_to", .read = read_array, AT(service, edge.relay_to), .arg = &peer_list},
	{.key = "relay_not_to",
	 .read = read_array,
	 AT(service, edge.relay_not_to),
	 .arg = &peer_list},
	{.key = "relays_per_user", .read = read_number16, AT(service, edge.relays_per_user)},
	{.key = "relay_family",
	 .read = read_enum,
	 AT(service, edge.relay_family),
	 .arg = relay_family_names},
	{.key = "mras_secret",
	 .read = read_enum,
	 AT(service, edge.mras_secret),
	 .arg = mras_secret_names},
	{.key = "credential_lifetime",
	 .read = read_quantity,
	 AT(service, edge.credential_lifetime_ms),
	 .arg = &lifetime_ms},
	{0}};

const struct field edge_setting_fields[] = {
	{.include = edge_common_fields},
	{.key = "next_hop", .read = read_word, AT(service, edge.next_hop), .arg = &charset_name},
	{0}};

static const struct field frontend_fields[] = {
	{.key = "enabled", .read = read_bool, AT(service, enabled)},
	{.key = "fqdn",
	 .read = read_word,
	 AT(service, frontend.fqdn),
	 .arg = &charset_dns,
	 .required = true},
	{.key = "address", .read = read_addr, AT(service, frontend.address)},
	{.include = frontend_setting_fields},
	{0}};

static const struct field edge_fields[] = {
	{.key = "enabled", .read = read_bool, AT(service, enabled)},
	{.key = "fqdn",
	 .read = read_word,
	 AT(service, edge.fqdn),
	 .arg = &charset_dns,
	 .required = true},
	{.key = "access_fqdn",
	 .read = read_word,
	 AT(service, edge.access_fqdn),
	 .arg = &charset_dns,
	 .required = true},
	{.key = "av_fqdn",
	 .read = read_word,
	 AT(service, edge.av_fqdn),
	 .arg = &charset_dns,
	 .required = true},
	{.key = "internal",
	 .read = read_word,
	 AT(service, edge.internal_iface),
	 .arg = &charset_iface,
	 .required = true},
	{.key = "external",
	 .read = read_word,
	 AT(service, edge.external_iface),
	 .arg = &charset_iface,
	 .required = true},
	{.key = "access", .read = read_addr, AT(service, edge.access), .required = true},
	{.key = "av", .read = read_addr, AT(service, edge.av), .required = true},
	{.key = "av_tcp", .read = read_addr, AT(service, edge.av_tcp), .required = true},
	{.key = "access6", .read = read_addr, AT(service, edge.access6)},
	{.key = "av6", .read = read_addr, AT(service, edge.av6)},
	{.key = "av_tcp6", .read = read_addr, AT(service, edge.av_tcp6)},
	{.key = "access_public", .read = read_addr, AT(service, edge.access_public)},
	{.key = "av_public", .read = read_addr, AT(service, edge.av_public)},
	{.key = "av_tcp_public", .read = read_addr, AT(service, edge.av_tcp_public)},
	{.key = "parts", .read = read_mask, AT(service, edge.parts), .arg = &part_mask},
	{.include = edge_common_fields},
	{.key = "next_hop",
	 .read = read_word,
	 AT(service, edge.next_hop),
	 .arg = &charset_name,
	 .required = true},
	{.key = "engine", .read = read_choice, AT(service, edge.engine), .arg = engine_names},
	{0}};

static const struct field *const service_fields[] = {
	[SERVICE_DNS] = dns_fields,
	[SERVICE_FRONTEND] = frontend_fields,
	[SERVICE_EDGE] = edge_fields,
};
G_STATIC_ASSERT(G_N_ELEMENTS(service_fields) == SERVICE_KIND_COUNT);

static void read_service(struct reader *r, const yaml_node_t *value, gpointer user_data)
{
	GPtrArray *services = user_data;
	const yaml_node_t *key, *inner;
	enum service_kind kind;
	struct service *service;

	if (!read_single(r, value, &key, &inner))
		return;
	r->key = "service";
	if (!read_enum(r, key, &kind, service_kind_names))
		return;
	service = service_new(kind);
	service->loc = source_loc(r->source, key);
	r->key = service_kind_names[kind];
	if (read_mapping(r, inner, service_fields[kind], service, NULL, NULL))
		g_ptr_array_add(services, service);
	else
		service_free(service);
}

static bool read_services(struct reader *r, const yaml_node_t *value, void *target,
			  const void *arg G_GNUC_UNUSED)
{
	return read_list(r, value, read_service, *(GPtrArray **)target);
}

static const struct field client_fields[] = {
	{.key = "command", .read = read_texts, AT(endpoint, command), .arg = &text_list}, {0}};

/* Everything of `client` is the endpoint's. */
static bool read_client(struct reader *r, const yaml_node_t *value, void *target,
			const void *arg G_GNUC_UNUSED)
{
	return read_mapping(r, value, client_fields, target, NULL, NULL);
}

static const struct unit packet_time_units[] = {{"ms", 1}, {NULL, 0}};
static const struct quantity packet_time_ms = {
	.what = "a time from 20ms to 360ms",
	.units = packet_time_units,
	.min = 20,
	.max = 360,
};

static const struct field endpoint_fields[] = {
	{.key = "user", .read = read_word, AT(endpoint, user), .arg = &charset_user},
	{.key = "edge", .read = read_word, AT(endpoint, media_edge), .arg = &charset_name},
	{.key = "client", .read = read_client}, /* offset 0: the endpoint itself */
	{.key = "ice_profile",
	 .read = read_choice,
	 AT(endpoint, ice_profile),
	 .arg = ice_profile_names},
	{.key = "packet_time",
	 .read = read_quantity,
	 AT(endpoint, packet_time_ms),
	 .arg = &packet_time_ms},
	{.key = "password", .read = read_text, AT(endpoint, password)},
	{.key = "account", .read = read_enum, AT(endpoint, account), .arg = account_state_names},
	{0}};

static bool read_endpoint(struct reader *r, const yaml_node_t *value, void *target,
			  const void *arg G_GNUC_UNUSED)
{
	struct endpoint *endpoint = endpoint_new();

	/* NULL means something here (the program of this project), so the list is made only when
	 * asked for. */
	endpoint->command = g_ptr_array_new_with_free_func(g_free);
	if (!read_mapping(r, value, endpoint_fields, endpoint, NULL, NULL)) {
		endpoint_free(endpoint);
		return false;
	}
	if (endpoint->command->len == 0)
		g_clear_pointer(&endpoint->command, g_ptr_array_unref);
	*(struct endpoint **)target = endpoint;
	return true;
}

static void read_sysctl(struct reader *r, const yaml_node_t *key, const yaml_node_t *value,
			gpointer user_data)
{
	struct sysctl_setting *setting = sysctl_setting_new();

	setting->loc = source_loc(r->source, key);
	r->key = "sysctl";
	if (read_word(r, key, &setting->key, &charset_sysctl) &&
	    read_text(r, value, &setting->value, NULL))
		g_ptr_array_add(user_data, setting);
	else
		sysctl_setting_free(setting);
}

static bool read_sysctls(struct reader *r, const yaml_node_t *value, void *target,
			 const void *arg G_GNUC_UNUSED)
{
	return read_pairs(r, value, read_sysctl, *(GPtrArray **)target);
}

const struct field certificate_fields[] = {
	{.key = "issuer", .read = read_enum, AT(certificate, issuer), .arg = issuer_names},
	{.key = "validity", .read = read_enum, AT(certificate, validity), .arg = validity_names},
	{.key = "names", .read = read_texts, AT(certificate, names), .arg = &dns_name_list},
	{0}};

static const struct field node_fields[] = {
	{.key = "site", .read = read_word, AT(node, site), .arg = &charset_name},
	{.key = "title", .read = read_text, AT(node, title)},
	{.key = "host_model", .read = read_enum, AT(node, host_model), .arg = host_model_names},
	{.key = "forwarding", .read = read_bool, AT(node, forwarding)},
	{.key = "bogon_filter", .read = read_bool, AT(node, bogon_filter)},
	{.key = "interfaces",
	 .read = read_named_objects,
	 AT(node, interfaces),
	 .arg = &iface_type,
	 .required = true},
	{.key = "routes", .read = read_objects, AT(node, routes), .arg = &route_type},
	{.key = "firewall", .read = read_inline, AT(node, firewall), .arg = firewall_fields},
	{.key = "nat", .read = read_objects, AT(node, nat), .arg = &nat_rule_type},
	{.key = "resolvers", .read = read_array, AT(node, resolvers), .arg = &addr_list},
	{.key = "nrpt", .read = read_objects, AT(node, nrpt), .arg = &nrpt_rule_type},
	{.key = "hosts", .read = read_objects, AT(node, hosts), .arg = &host_type},
	{.key = "sysctls", .read = read_sysctls, AT(node, sysctls)},
	{.key = "services", .read = read_services, AT(node, services)},
	{.key = "certificate",
	 .read = read_inline,
	 AT(node, certificate),
	 .arg = certificate_fields},
	{.key = "endpoint", .read = read_endpoint, AT(node, endpoint)},
	{0}};

const struct object_type node_type = {
	.what = "node",
	.create = node_new,
	.destroy = node_free,
	.fields = node_fields,
	.loc_offset = offsetof(struct node, loc),
	.name_offset = offsetof(struct node, name),
	.read_name = read_word,
	.name_arg = &charset_name,
};
