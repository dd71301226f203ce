/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/names.h"
#include "testbed/model/object.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

static const struct list_type dns_name_list = {.item = read_word, .arg = &charset_dns};

static const struct field dns_fields[] = {
	{KEY("enabled", read_bool, service, enabled, NULL)},
	{KEY("zones", read_texts, service, dns.zones, &dns_name_list)},
	{KEY("records", read_objects, service, dns.records, &dns_record_type)},
	{KEY("forward", read_addr, service, dns.forward, NULL)},
	{0}};

/* An empty list is meant: a relay to no private peer, or one that refuses no public peer. */
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

static const struct field web_fields[] = {
	{KEY("internal", read_word, service, frontend.web.internal, &charset_dns)},
	{KEY("external", read_word, service, frontend.web.external, &charset_dns)},
	{KEY("external_port", read_port, service, frontend.web.external_port, NULL)},
	{KEY("internal_port", read_port, service, frontend.web.internal_port, NULL)},
	{0}};

/* The keys of `web` are members of the service itself; that the key is there makes the sites. */
static bool read_web(struct reader *r, const yaml_node_t *value, void *target,
		     const void *arg G_GNUC_UNUSED)
{
	struct service *service = target;

	service->frontend.web.exist = true;
	return read_mapping(r, value, web_fields, service, NULL, NULL);
}

const struct field frontend_setting_fields[] = {
	{KEY("domain", read_word, service, frontend.domain, &charset_dns)},
	{KEY("media_relay", read_bool, service, frontend.media_relay, NULL)},
	{.key = "web",
	 .read = read_web, /* offset 0: the service itself */
	 LIKE({.read = read_inline, .arg = web_fields})},
	{0}};

static const struct field edge_common_fields[] = {
	{KEY("relay_ports", read_ports, service, edge.relay_ports, NULL)},
	{KEY("next_hop_fqdn", read_word, service, edge.next_hop_fqdn, &charset_dns)},
	{KEY("next_hop_port", read_port, service, edge.next_hop_port, NULL)},
	{KEY("domain", read_word, service, edge.domain, &charset_dns)},
	{KEY("relay_to", read_array, service, edge.relay_to, &peer_list)},
	{KEY("relay_not_to", read_array, service, edge.relay_not_to, &peer_list)},
	{KEY("relays_per_user", read_number16, service, edge.relays_per_user, NULL)},
	{KEY("relay_family", read_enum, service, edge.relay_family, relay_family_names)},
	{KEY("mras_secret", read_enum, service, edge.mras_secret, mras_secret_names)},
	{KEY("credential_lifetime", read_quantity, service, edge.credential_lifetime_ms,
	     &lifetime_ms)},
	{0}};

const struct field edge_setting_fields[] = {
	{.include = edge_common_fields},
	{KEY("next_hop", read_word, service, edge.next_hop, &charset_name)},
	{0}};

static const struct field frontend_fields[] = {
	{KEY("enabled", read_bool, service, enabled, NULL)},
	{KEY("fqdn", read_word, service, frontend.fqdn, &charset_dns), .required = true},
	{KEY("address", read_addr, service, frontend.address, NULL)},
	{.include = frontend_setting_fields},
	{0}};

static const struct field edge_fields[] = {
	{KEY("enabled", read_bool, service, enabled, NULL)},
	{KEY("fqdn", read_word, service, edge.fqdn, &charset_dns), .required = true},
	{KEY("access_fqdn", read_word, service, edge.access_fqdn, &charset_dns), .required = true},
	{KEY("av_fqdn", read_word, service, edge.av_fqdn, &charset_dns), .required = true},
	{KEY("internal", read_word, service, edge.internal_iface, &charset_iface),
	 .required = true},
	{KEY("external", read_word, service, edge.external_iface, &charset_iface),
	 .required = true},
	{KEY("access", read_addr, service, edge.access, NULL), .required = true},
	{KEY("av", read_addr, service, edge.av, NULL), .required = true},
	{KEY("av_tcp", read_addr, service, edge.av_tcp, NULL), .required = true},
	{KEY("access6", read_addr, service, edge.access6, NULL)},
	{KEY("av6", read_addr, service, edge.av6, NULL)},
	{KEY("av_tcp6", read_addr, service, edge.av_tcp6, NULL)},
	{KEY("access_public", read_addr, service, edge.access_public, NULL)},
	{KEY("av_public", read_addr, service, edge.av_public, NULL)},
	{KEY("av_tcp_public", read_addr, service, edge.av_tcp_public, NULL)},
	{KEY("access_port", read_port, service, edge.access_port, NULL)},
	{KEY("av_tcp_port", read_port, service, edge.av_tcp_port, NULL)},
	{KEY("parts", read_mask, service, edge.parts, &part_mask)},
	{.include = edge_common_fields},
	{KEY("next_hop", read_word, service, edge.next_hop, &charset_name), .required = true},
	{KEY("engine", read_choice, service, edge.engine, engine_names)},
	{0}};

const struct field proxy_setting_fields[] = {
	{KEY("names", read_texts, service, proxy.names, &dns_name_list)},
	{KEY("next_hop", read_word, service, proxy.next_hop, &charset_name)},
	{KEY("next_hop_port", read_port, service, proxy.next_hop_port, NULL)},
	{0}};

static const struct field proxy_fields[] = {
	{KEY("enabled", read_bool, service, enabled, NULL)},
	{KEY("names", read_texts, service, proxy.names, &dns_name_list), .required = true},
	{KEY("internal", read_word, service, proxy.internal_iface, &charset_iface),
	 .required = true},
	{KEY("external", read_word, service, proxy.external_iface, &charset_iface),
	 .required = true},
	{KEY("address", read_addr, service, proxy.address, NULL), .required = true},
	{KEY("next_hop", read_word, service, proxy.next_hop, &charset_name), .required = true},
	{KEY("next_hop_port", read_port, service, proxy.next_hop_port, NULL)},
	{0}};

static const struct field service_kinds[] = {
	[SERVICE_DNS] = {.key = "dns", .read = read_inline, .arg = dns_fields},
	[SERVICE_FRONTEND] = {.key = "frontend", .read = read_inline, .arg = frontend_fields},
	[SERVICE_EDGE] = {.key = "edge", .read = read_inline, .arg = edge_fields},
	[SERVICE_REVERSE_PROXY] = {.key = "reverse-proxy",
				   .read = read_inline,
				   .arg = proxy_fields},
	{0}};
G_STATIC_ASSERT(G_N_ELEMENTS(service_kinds) == SERVICE_KIND_COUNT + 1);

/* Reads a mapping with one key, the service's kind, and adds the service to the list. */
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
	service = object_new(&service_shapes[kind]);
	service->loc = source_loc(r->source, key);
	r->key = service_kinds[kind].key;
	if (service_kinds[kind].read(r, inner, service, service_kinds[kind].arg))
		g_ptr_array_add(services, service);
	else
		object_free(service);
}

bool read_services(struct reader *r, const yaml_node_t *value, void *target,
		   const void *arg G_GNUC_UNUSED)
{
	return read_list(r, value, read_service, *(GPtrArray **)target);
}

static const struct field client_fields[] = {
	{KEY("command", read_texts, endpoint, command, &text_list)}, {0}};

/* The keys of `client` are members of the endpoint itself. */
static bool read_client_keys(struct reader *r, const yaml_node_t *value, void *target,
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
	{KEY("user", read_word, endpoint, user, &charset_user)},
	{KEY("edge", read_word, endpoint, media_edge, &charset_name)},
	{.key = "client",
	 .read = read_client_keys, /* offset 0: the endpoint itself */
	 LIKE({.read = read_inline, .arg = client_fields})},
	{KEY("ice_profile", read_choice, endpoint, ice_profile, ice_profile_names)},
	{KEY("discovery", read_choice, endpoint, discovery, discovery_names)},
	{KEY("packet_time", read_quantity, endpoint, packet_time_ms, &packet_time_ms)},
	{KEY("password", read_text, endpoint, password, NULL)},
	{KEY("account", read_enum, endpoint, account, account_state_names)},
	{0}};

/* Reads an endpoint into a new object.  Its `command` is NULL again when none was given. */
static bool read_endpoint(struct reader *r, const yaml_node_t *value, void *target,
			  const void *arg G_GNUC_UNUSED)
{
	struct endpoint *endpoint = object_new(&endpoint_shape);

	endpoint->command = g_ptr_array_new_with_free_func(g_free);
	if (!read_mapping(r, value, endpoint_fields, endpoint, NULL, NULL)) {
		object_free(endpoint);
		return false;
	}
	if (endpoint->command->len == 0)
		g_clear_pointer(&endpoint->command, g_ptr_array_unref);
	*(struct endpoint **)target = endpoint;
	return true;
}

static const struct field sysctl_fields[] = {{.key = "net*", .read = read_text}, {0}};

static void read_sysctl(struct reader *r, const yaml_node_t *key, const yaml_node_t *value,
			gpointer user_data)
{
	struct sysctl_setting *setting = object_new(&sysctl_setting_shape);

	setting->loc = source_loc(r->source, key);
	r->key = "sysctl";
	if (read_word(r, key, &setting->key, &charset_sysctl) &&
	    read_text(r, value, &setting->value, NULL))
		g_ptr_array_add(user_data, setting);
	else
		object_free(setting);
}

static bool read_sysctls(struct reader *r, const yaml_node_t *value, void *target,
			 const void *arg G_GNUC_UNUSED)
{
	return read_pairs(r, value, read_sysctl, *(GPtrArray **)target);
}

const struct field certificate_fields[] = {
	{KEY("issuer", read_enum, certificate, issuer, issuer_names)},
	{KEY("validity", read_enum, certificate, validity, validity_names)},
	{KEY("names", read_texts, certificate, names, &dns_name_list)},
	{0}};

static const struct field node_fields[] = {
	{KEY("site", read_word, node, site, &charset_name)},
	{KEY("title", read_text, node, title, NULL)},
	{KEY("host_model", read_enum, node, host_model, host_model_names)},
	{KEY("forwarding", read_bool, node, forwarding, NULL)},
	{KEY("bogon_filter", read_bool, node, bogon_filter, NULL)},
	{KEY("interfaces", read_named_objects, node, interfaces, &iface_type), .required = true},
	{KEY("routes", read_objects, node, routes, &route_type)},
	{KEY("policy_rules", read_objects, node, policy_rules, &policy_rule_type)},
	{KEY("firewall", read_inline, node, firewall, firewall_fields)},
	{KEY("nat", read_objects, node, nat, &nat_rule_type)},
	{KEY("resolvers", read_array, node, resolvers, &addr_list)},
	{KEY("nrpt", read_objects, node, nrpt, &nrpt_rule_type)},
	{KEY("hosts", read_objects, node, hosts, &host_type)},
	{KEY("sysctls", read_sysctls, node, sysctls, NULL),
	 LIKE({.read = read_inline, .arg = sysctl_fields})},
	{KEY("services", read_services, node, services, service_kinds)},
	{KEY("certificate", read_inline, node, certificate, certificate_fields)},
	{KEY("endpoint", read_endpoint, node, endpoint, NULL),
	 LIKE({.read = read_inline, .arg = endpoint_fields})},
	{0}};

const struct object_type node_type =
	OBJECT_TYPE("node", node, .fields = node_fields, NAMED_BY(node, charset_name));
