/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/object.h"

#define RELAY_PORT_FIRST 50000
#define RELAY_PORT_LAST 59999
#define SIP_PORT 5061
#define HTTPS_PORT 443
#define WEB_EXTERNAL_PORT 4443
#define RELAYS_PER_USER 128 /* a call takes 2 to 4, and the conference server is one user */
#define CREDENTIAL_LIFETIME_MS (8u * 3600 * 1000)

/* --- networks --------------------------------------------------------------------------------- */

const struct object_shape site_shape = OBJECT_SHAPE(
	site, NULL, OWNS_TEXT(site, name), OWNS_TEXT(site, title), OWNS_TEXT(site, media_edge));

const struct object_shape network_shape =
	OBJECT_SHAPE(network, NULL, OWNS_TEXT(network, name), OWNS_TEXT(network, site),
		     OWNS_TEXT(network, title), OWNS(network, impair, g_free));

const struct object_shape iface_shape =
	OBJECT_SHAPE(iface, (&(const struct iface){.up = true}), OWNS_TEXT(iface, name),
		     OWNS_TEXT(iface, network_name), OWNS(iface, impair, g_free),
		     OWNS_ARRAY(iface, addresses, prefix));

const struct object_shape route_shape =
	OBJECT_SHAPE(route, (&(const struct route){.persistent = true, .table = ROUTE_TABLE_MAIN}),
		     OWNS_TEXT(route, dev));

const struct object_shape policy_rule_shape =
	OBJECT_SHAPE(policy_rule, NULL, OWNS_TEXT(policy_rule, in_iface));

#define OWNS_TUNNEL_END(i)                                                      \
	OWNS_TEXT(tunnel, ends[i].node_name), OWNS_TEXT(tunnel, ends[i].iface), \
		OWNS_ARRAY(tunnel, ends[i].prefixes, prefix), OWNS(tunnel, ends[i].impair, g_free)

const struct object_shape tunnel_shape =
	OBJECT_SHAPE(tunnel, (&(const struct tunnel){.up = true}), OWNS_TEXT(tunnel, name),
		     OWNS(tunnel, impair, g_free), OWNS_TUNNEL_END(0), OWNS_TUNNEL_END(1));

/* --- policies --------------------------------------------------------------------------------- */

const struct object_shape fw_rule_shape =
	OBJECT_SHAPE(fw_rule, NULL, OWNS_TEXT(fw_rule, name), OWNS_TEXT(fw_rule, in_iface),
		     OWNS_TEXT(fw_rule, out_iface), OWNS_ARRAY(fw_rule, src, prefix),
		     OWNS_ARRAY(fw_rule, dst, prefix), OWNS_ARRAY(fw_rule, sports, port_range),
		     OWNS_ARRAY(fw_rule, dports, port_range));

/* What most home routers do, and what RFC 4787 REQ-1 asks of all of them. */
static const struct nat_rule nat_rule_defaults = {
	.mapping = NAT_ENDPOINT_INDEPENDENT,
	.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
	.preserve_port = true,
};
const struct object_shape nat_rule_shape =
	OBJECT_SHAPE(nat_rule, &nat_rule_defaults, OWNS_TEXT(nat_rule, name),
		     OWNS_TEXT(nat_rule, out_iface), OWNS_ARRAY(nat_rule, src, prefix),
		     OWNS_ARRAY(nat_rule, ports, port_range));

const struct object_shape dns_record_shape =
	OBJECT_SHAPE(dns_record, NULL, OWNS_TEXT(dns_record, name), OWNS_TEXT(dns_record, target));

const struct object_shape nrpt_rule_shape = OBJECT_SHAPE(
	nrpt_rule, NULL, OWNS_TEXT(nrpt_rule, namespace), OWNS_ARRAY(nrpt_rule, servers, addr));

/* --- nodes ------------------------------------------------------------------------------------ */

static const struct service dns_defaults = {.kind = SERVICE_DNS, .enabled = true};
static const struct service frontend_defaults = {
	.kind = SERVICE_FRONTEND,
	.enabled = true,
	.frontend = {
		.media_relay = true,
		.web = {.internal_port = HTTPS_PORT, .external_port = WEB_EXTERNAL_PORT},
	}};
static const struct service edge_defaults = {
	.kind = SERVICE_EDGE,
	.enabled = true,
	.edge = {
		.next_hop_port = SIP_PORT,
		.access_port = HTTPS_PORT,
		.av_tcp_port = HTTPS_PORT,
		.parts = EDGE_ALL_PARTS,
		.relays_per_user = RELAYS_PER_USER,
		.credential_lifetime_ms = CREDENTIAL_LIFETIME_MS,
		.relay_ports = {RELAY_PORT_FIRST, RELAY_PORT_LAST},
	}};
static const struct service proxy_defaults = {.kind = SERVICE_REVERSE_PROXY,
					      .enabled = true,
					      .proxy = {.next_hop_port = WEB_EXTERNAL_PORT}};

const struct object_shape service_shapes[SERVICE_KIND_COUNT] = {
	[SERVICE_DNS] =
		OBJECT_SHAPE(service, &dns_defaults, OWNS_LIST(service, dns.records, object_free),
			     OWNS_LIST(service, dns.zones, g_free)),
	[SERVICE_FRONTEND] = OBJECT_SHAPE(
		service, &frontend_defaults, OWNS_TEXT(service, frontend.fqdn),
		OWNS_TEXT(service, frontend.domain), OWNS_TEXT(service, frontend.web.internal),
		OWNS_TEXT(service, frontend.web.external)),
	[SERVICE_EDGE] = OBJECT_SHAPE(
		service, &edge_defaults, OWNS_TEXT(service, edge.fqdn),
		OWNS_TEXT(service, edge.access_fqdn), OWNS_TEXT(service, edge.av_fqdn),
		OWNS_TEXT(service, edge.internal_iface), OWNS_TEXT(service, edge.external_iface),
		OWNS_TEXT(service, edge.next_hop), OWNS_TEXT(service, edge.next_hop_fqdn),
		OWNS_TEXT(service, edge.domain), OWNS_TEXT(service, edge.engine),
		OWNS_ARRAY(service, edge.relay_to, prefix),
		OWNS_ARRAY(service, edge.relay_not_to, prefix)),
	[SERVICE_REVERSE_PROXY] = OBJECT_SHAPE(
		service, &proxy_defaults, OWNS_LIST(service, proxy.names, g_free),
		OWNS_TEXT(service, proxy.internal_iface), OWNS_TEXT(service, proxy.external_iface),
		OWNS_TEXT(service, proxy.next_hop)),
};

/* `command` is not an empty list at first: NULL means this project's own client. */
const struct object_shape endpoint_shape =
	OBJECT_SHAPE(endpoint, NULL, OWNS_TEXT(endpoint, user), OWNS_TEXT(endpoint, media_edge),
		     OWNS(endpoint, command, (GDestroyNotify)g_ptr_array_unref),
		     OWNS_TEXT(endpoint, ice_profile), OWNS_TEXT(endpoint, discovery),
		     OWNS_TEXT(endpoint, password));

struct endpoint *endpoint_new(void)
{
	return object_new(&endpoint_shape);
}

const struct object_shape sysctl_setting_shape = OBJECT_SHAPE(
	sysctl_setting, NULL, OWNS_TEXT(sysctl_setting, key), OWNS_TEXT(sysctl_setting, value));

const struct object_shape node_shape = OBJECT_SHAPE(
	node, (&(const struct node){.firewall.stateful = true}), OWNS_TEXT(node, name),
	OWNS_TEXT(node, site), OWNS_TEXT(node, title), OWNS_LIST(node, interfaces, object_free),
	OWNS_LIST(node, routes, object_free), OWNS_LIST(node, policy_rules, object_free),
	OWNS_LIST(node, lost_routes, object_free), OWNS_LIST(node, firewall.rules, object_free),
	OWNS_LIST(node, nat, object_free), OWNS_ARRAY(node, resolvers, addr),
	OWNS_LIST(node, nrpt, object_free), OWNS_LIST(node, hosts, object_free),
	OWNS_LIST(node, sysctls, object_free), OWNS_LIST(node, services, object_free),
	OWNS_LIST(node, certificate.names, g_free), OWNS(node, endpoint, object_free));

/* --- calls ------------------------------------------------------------------------------------ */

const struct object_shape conference_shape =
	OBJECT_SHAPE(conference, NULL, OWNS_TEXT(conference, name),
		     OWNS_TEXT(conference, organiser), OWNS_LIST(conference, participants, g_free));

const struct object_shape expect_shape =
	OBJECT_SHAPE(expect, NULL, OWNS_LIST(expect, between, g_free),
		     OWNS_LIST(expect, and, g_free), OWNS_TEXT(expect, cause));

const struct object_shape scenario_shape =
	OBJECT_SHAPE(scenario, NULL, OWNS_TEXT(scenario, name), OWNS_TEXT(scenario, title),
		     OWNS_LIST(scenario, changes, g_free),
		     OWNS_LIST(scenario, expects, object_free));
