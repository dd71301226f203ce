/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/object.h"

#define RELAY_PORT_FIRST 50000
#define RELAY_PORT_LAST 59999
#define SIP_PORT 5061
#define RELAYS_PER_USER 128 /* a call takes 2 to 4, and the conference server is one user */
#define CREDENTIAL_LIFETIME_MS (8u * 3600 * 1000)

static GArray *array_of(size_t size)
{
	return g_array_new(FALSE, TRUE, (guint)size);
}

static GPtrArray *texts(void)
{
	return g_ptr_array_new_with_free_func(g_free);
}

static void array_free(GArray *array)
{
	if (array)
		g_array_unref(array);
}

static void ptrs_free(GPtrArray *array)
{
	if (array)
		g_ptr_array_unref(array);
}

void *site_new(void)
{
	return g_new0(struct site, 1);
}

void site_free(void *data)
{
	struct site *site = data;

	if (!site)
		return;
	g_free(site->name);
	g_free(site->title);
	g_free(site->media_edge);
	g_free(site);
}

void *network_new(void)
{
	return g_new0(struct network, 1);
}

void network_free(void *data)
{
	struct network *network = data;

	if (!network)
		return;
	g_free(network->name);
	g_free(network->site);
	g_free(network->title);
	g_free(network->impair);
	g_free(network);
}

void *iface_new(void)
{
	struct iface *iface = g_new0(struct iface, 1);

	iface->addresses = array_of(sizeof(struct prefix));
	iface->up = true;
	return iface;
}

void iface_free(void *data)
{
	struct iface *iface = data;

	if (!iface)
		return;
	g_free(iface->name);
	g_free(iface->network_name);
	g_free(iface->impair);
	array_free(iface->addresses);
	g_free(iface);
}

void *route_new(void)
{
	struct route *route = g_new0(struct route, 1);

	route->persistent = true;
	return route;
}

void route_free(void *data)
{
	struct route *route = data;

	if (!route)
		return;
	g_free(route->dev);
	g_free(route);
}

void *fw_rule_new(void)
{
	struct fw_rule *rule = g_new0(struct fw_rule, 1);

	rule->src = array_of(sizeof(struct prefix));
	rule->dst = array_of(sizeof(struct prefix));
	rule->sports = array_of(sizeof(struct port_range));
	rule->dports = array_of(sizeof(struct port_range));
	return rule;
}

void fw_rule_free(void *data)
{
	struct fw_rule *rule = data;

	if (!rule)
		return;
	g_free(rule->name);
	g_free(rule->in_iface);
	g_free(rule->out_iface);
	array_free(rule->src);
	array_free(rule->dst);
	array_free(rule->sports);
	array_free(rule->dports);
	g_free(rule);
}

void *nat_rule_new(void)
{
	struct nat_rule *rule = g_new0(struct nat_rule, 1);

	rule->src = array_of(sizeof(struct prefix));
	/* What most home routers do, and what RFC 4787 REQ-1 asks of all of them. */
	rule->mapping = NAT_ENDPOINT_INDEPENDENT;
	rule->filtering = NAT_ADDRESS_AND_PORT_DEPENDENT;
	rule->preserve_port = true;
	return rule;
}

void nat_rule_free(void *data)
{
	struct nat_rule *rule = data;

	if (!rule)
		return;
	g_free(rule->name);
	g_free(rule->out_iface);
	array_free(rule->src);
	g_free(rule);
}

void *dns_record_new(void)
{
	return g_new0(struct dns_record, 1);
}

void dns_record_free(void *data)
{
	struct dns_record *record = data;

	if (!record)
		return;
	g_free(record->name);
	g_free(record->target);
	g_free(record);
}

void *nrpt_rule_new(void)
{
	struct nrpt_rule *rule = g_new0(struct nrpt_rule, 1);

	rule->servers = array_of(sizeof(struct addr));
	return rule;
}

void nrpt_rule_free(void *data)
{
	struct nrpt_rule *rule = data;

	if (!rule)
		return;
	g_free(rule->namespace);
	array_free(rule->servers);
	g_free(rule);
}

void *sysctl_setting_new(void)
{
	return g_new0(struct sysctl_setting, 1);
}

void sysctl_setting_free(void *data)
{
	struct sysctl_setting *setting = data;

	if (!setting)
		return;
	g_free(setting->key);
	g_free(setting->value);
	g_free(setting);
}

struct service *service_new(enum service_kind kind)
{
	struct service *service = g_new0(struct service, 1);

	service->kind = kind;
	service->enabled = true;
	if (kind == SERVICE_DNS) {
		service->dns.records = g_ptr_array_new_with_free_func(dns_record_free);
		service->dns.zones = texts();
	} else if (kind == SERVICE_FRONTEND) {
		service->frontend.media_relay = true;
	} else if (kind == SERVICE_EDGE) {
		service->edge.next_hop_port = SIP_PORT;
		service->edge.parts = EDGE_ALL_PARTS;
		service->edge.relay_not_to = array_of(sizeof(struct prefix));
		service->edge.relays_per_user = RELAYS_PER_USER;
		service->edge.credential_lifetime_ms = CREDENTIAL_LIFETIME_MS;
		service->edge.relay_ports = (struct port_range){RELAY_PORT_FIRST, RELAY_PORT_LAST};
		service->edge.relay_to = array_of(sizeof(struct prefix));
	}
	return service;
}

static void edge_clear(struct edge_service *edge)
{
	g_free(edge->fqdn);
	g_free(edge->access_fqdn);
	g_free(edge->av_fqdn);
	g_free(edge->internal_iface);
	g_free(edge->external_iface);
	g_free(edge->next_hop);
	g_free(edge->next_hop_fqdn);
	g_free(edge->domain);
	array_free(edge->relay_not_to);
	g_free(edge->engine);
	array_free(edge->relay_to);
}

void service_free(void *data)
{
	struct service *service = data;

	if (!service)
		return;
	if (service->kind == SERVICE_DNS) {
		ptrs_free(service->dns.records);
		ptrs_free(service->dns.zones);
	} else if (service->kind == SERVICE_FRONTEND) {
		g_free(service->frontend.fqdn);
		g_free(service->frontend.domain);
	} else {
		edge_clear(&service->edge);
	}
	g_free(service);
}

void *endpoint_new(void)
{
	return g_new0(struct endpoint, 1);
}

void endpoint_free(void *data)
{
	struct endpoint *endpoint = data;

	if (!endpoint)
		return;
	g_free(endpoint->user);
	g_free(endpoint->media_edge);
	ptrs_free(endpoint->command);
	g_free(endpoint->ice_profile);
	g_free(endpoint->password);
	g_free(endpoint);
}

void *node_new(void)
{
	struct node *node = g_new0(struct node, 1);

	node->interfaces = g_ptr_array_new_with_free_func(iface_free);
	node->routes = g_ptr_array_new_with_free_func(route_free);
	node->lost_routes = g_ptr_array_new_with_free_func(route_free);
	node->firewall.stateful = true;
	node->firewall.rules = g_ptr_array_new_with_free_func(fw_rule_free);
	node->nat = g_ptr_array_new_with_free_func(nat_rule_free);
	node->resolvers = array_of(sizeof(struct addr));
	node->nrpt = g_ptr_array_new_with_free_func(nrpt_rule_free);
	node->hosts = g_ptr_array_new_with_free_func(dns_record_free);
	node->sysctls = g_ptr_array_new_with_free_func(sysctl_setting_free);
	node->services = g_ptr_array_new_with_free_func(service_free);
	node->certificate.names = texts();
	return node;
}

void node_free(void *data)
{
	struct node *node = data;

	if (!node)
		return;
	g_free(node->name);
	g_free(node->site);
	g_free(node->title);
	ptrs_free(node->interfaces);
	ptrs_free(node->routes);
	ptrs_free(node->lost_routes);
	ptrs_free(node->firewall.rules);
	ptrs_free(node->nat);
	array_free(node->resolvers);
	ptrs_free(node->nrpt);
	ptrs_free(node->hosts);
	ptrs_free(node->sysctls);
	ptrs_free(node->services);
	ptrs_free(node->certificate.names);
	endpoint_free(node->endpoint);
	g_free(node);
}

void *tunnel_new(void)
{
	struct tunnel *tunnel = g_new0(struct tunnel, 1);

	tunnel->up = true;
	for (guint i = 0; i < G_N_ELEMENTS(tunnel->ends); i++)
		tunnel->ends[i].prefixes = array_of(sizeof(struct prefix));
	return tunnel;
}

void tunnel_free(void *data)
{
	struct tunnel *tunnel = data;

	if (!tunnel)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(tunnel->ends); i++) {
		g_free(tunnel->ends[i].node_name);
		g_free(tunnel->ends[i].iface);
		array_free(tunnel->ends[i].prefixes);
		g_free(tunnel->ends[i].impair);
	}
	g_free(tunnel->name);
	g_free(tunnel->impair);
	g_free(tunnel);
}

void *conference_new(void)
{
	struct conference *conference = g_new0(struct conference, 1);

	conference->participants = texts();
	return conference;
}

void conference_free(void *data)
{
	struct conference *conference = data;

	if (!conference)
		return;
	g_free(conference->name);
	g_free(conference->organiser);
	ptrs_free(conference->participants);
	g_free(conference);
}

void *expect_new(void)
{
	struct expect *expect = g_new0(struct expect, 1);

	expect->between = texts();
	expect->and = texts();
	return expect;
}

void expect_free(void *data)
{
	struct expect *expect = data;

	if (!expect)
		return;
	ptrs_free(expect->between);
	ptrs_free(expect->and);
	g_free(expect->cause);
	g_free(expect);
}

void *scenario_new(void)
{
	struct scenario *scenario = g_new0(struct scenario, 1);

	scenario->changes = g_ptr_array_new_with_free_func(g_free);
	scenario->expects = g_ptr_array_new_with_free_func(expect_free);
	return scenario;
}

void scenario_free(void *data)
{
	struct scenario *scenario = data;

	if (!scenario)
		return;
	g_free(scenario->name);
	g_free(scenario->title);
	ptrs_free(scenario->changes);
	ptrs_free(scenario->expects);
	g_free(scenario);
}
