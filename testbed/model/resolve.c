/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/internal.h"

/* Default outer ports: WireGuard's customary one, and RFC 7348 section 8's for VXLAN. */
static const uint16_t tunnel_ports[TUNNEL_KIND_COUNT] = {
	[TUNNEL_WIREGUARD] = 51820,
	[TUNNEL_VXLAN] = 4789,
};

/* Fills in what is not given: the internal addresses from the internal interface, public addresses
 * equal to the own ones (no NAT before the Edge), engine, domain. */
static void resolve_edge(const struct check *c, struct edge_service *edge, const struct node *node)
{
	const struct iface *internal = node_iface(node, edge->internal_iface);

	for (guint i = 0; internal && i < internal->addresses->len; i++) {
		const struct addr *a = &g_array_index(internal->addresses, struct prefix, i).addr;

		if (i == 0)
			edge->internal = *a;
		else if (a->family == AF_INET6 && edge->internal.family == AF_INET &&
			 !addr_is_set(&edge->internal6))
			edge->internal6 = *a;
	}
	if (!addr_is_set(&edge->access_public))
		edge->access_public = edge->access;
	if (!addr_is_set(&edge->av_public))
		edge->av_public = edge->av;
	if (!addr_is_set(&edge->av_tcp_public))
		edge->av_tcp_public = edge->av_tcp;
	if (!edge->engine)
		edge->engine = g_strdup("builtin");
	if (!edge->domain)
		edge->domain = g_strdup(c->m->domain);
}

static void resolve_frontend(const struct check *c, struct frontend_service *frontend,
			     const struct node *node)
{
	if (!addr_is_set(&frontend->address))
		frontend->address = node_address(node);
	if (frontend->address.family == AF_INET)
		frontend->address6 = node_address6(node);
	if (!frontend->domain)
		frontend->domain = g_strdup(c->m->domain);
	if (frontend->web.exist && !frontend->web.internal)
		frontend->web.internal = g_strdup(frontend->fqdn);
	if (frontend->web.exist && !frontend->web.external && frontend->domain)
		frontend->web.external = g_strconcat("web.", frontend->domain, NULL);
}

static void resolve_node(const struct check *c, struct node *node)
{
	ptr_array_foreach(struct iface, iface, node->interfaces)
		iface->network = model_network(c->m, iface->network_name);
	ptr_array_foreach(struct service, service, node->services)
		if (service->kind == SERVICE_EDGE)
			resolve_edge(c, &service->edge, node);
		else if (service->kind == SERVICE_FRONTEND)
			resolve_frontend(c, &service->frontend, node);
	if (!node->endpoint)
		return;
	if (!node->endpoint->user && node->name && c->m->domain)
		node->endpoint->user = g_strdup_printf("%s@%s", node->name, c->m->domain);
	if (!node->endpoint->ice_profile)
		node->endpoint->ice_profile = g_strdup(c->m->ice_profile);
	if (!node->endpoint->discovery)
		node->endpoint->discovery = g_strdup(c->m->discovery);
}

static void resolve_tunnel(const struct check *c, struct tunnel *tunnel)
{
	for (guint i = 0; i < G_N_ELEMENTS(tunnel->ends); i++)
		tunnel->ends[i].node = model_node(c->m, tunnel->ends[i].node_name);
	if (tunnel->port == 0)
		tunnel->port = tunnel_ports[tunnel->kind];
}

void model_resolve(const struct check *c)
{
	model *m = c->m;

	if (!m->ice_profile)
		m->ice_profile = g_strdup("standard");
	if (!m->discovery)
		m->discovery = g_strdup("auto");
	for (guint i = 0; i < m->nodes->len; i++)
		resolve_node(c, g_ptr_array_index(m->nodes, i));
	for (guint i = 0; i < m->tunnels->len; i++)
		resolve_tunnel(c, g_ptr_array_index(m->tunnels, i));
}
