/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/published.h"

#define STUN_PORT 3478

/* The outside port that leads to the Access Edge by a NAT rule of the node; 0: none. */
static uint16_t led_to_access(const struct node *n, const struct edge_service *e)
{
	ptr_array_foreach(const struct nat_rule, r, n->nat) {
		bool same = r->kind != NAT_MASQUERADE &&
			    addr_equal(&r->outside, &e->access_public) &&
			    addr_equal(&r->inside, &e->access);

		if (same && r->kind == NAT_STATIC)
			return e->access_port;
		if (same && r->proto == PROTO_TCP && nat_forward_outside(r, e->access_port) != 0)
			return nat_forward_outside(r, e->access_port);
	}
	return 0;
}

/* The port that a client's service record of the node has for the Access Edge; 0: none. */
static uint16_t told_by_record(const struct node *n, const struct edge_service *e)
{
	const struct service *dns = node_declared_service(n, SERVICE_DNS);

	ptr_array_foreach(const struct dns_record, r, dns ? dns->dns.records : NULL)
		if (r->target && g_str_has_prefix(r->name, "_sip._tls.") &&
		    g_ascii_strcasecmp(r->target, e->access_fqdn) == 0)
			return r->port;
	return 0;
}

uint16_t published_access_port(const model *m, const struct edge_service *e)
{
	static uint16_t (*const ways[])(const struct node *, const struct edge_service *) = {
		led_to_access, told_by_record};
	uint16_t port = 0;

	if (addr_equal(&e->access, &e->access_public))
		return e->access_port;
	for (gsize w = 0; w < G_N_ELEMENTS(ways) && port == 0; w++)
		for (guint i = 0; i < m->nodes->len && port == 0; i++)
			port = ways[w](m->nodes->pdata[i], e);
	return port != 0 ? port : e->access_port;
}

/* Whether the rule leads an outside port to the proxy. */
static bool leads_to_proxy(const struct nat_rule *r, const struct reverse_proxy_service *p)
{
	return addr_equal(&r->inside, &p->address) &&
	       (r->kind == NAT_STATIC ||
		(r->kind == NAT_FORWARD && r->proto == PROTO_TCP &&
		 nat_forward_outside(r, REVERSE_PROXY_PORT) == REVERSE_PROXY_PORT));
}

struct addr published_proxy_address(const model *m, const struct reverse_proxy_service *p)
{
	ptr_array_foreach(const struct node, n, m->nodes)
		ptr_array_foreach(const struct nat_rule, r, n->nat)
			if (leads_to_proxy(r, p))
				return r->outside;
	return p->address;
}

static void add_published(GArray *all, const struct node *n, const struct edge_service *e,
			  const struct addr *address, uint16_t port)
{
	struct published p = {n, e, *address, port};

	g_array_append_val(all, p);
}

static void add_tcp(GArray *all, const model *m, const struct node *n, const struct edge_service *e,
		    const struct addr *public, uint16_t port)
{
	if (addr_equal(public, &e->access_public) && port == published_access_port(m, e))
		add_published(all, n, e, &e->access, e->access_port);
	else if (addr_equal(public, &e->av_public) && port == e->av_tcp_port)
		add_published(all, n, e, &e->av, port);
}

static void add_udp(GArray *all, const struct node *n, const struct edge_service *e,
		    const struct addr *public, uint16_t port)
{
	bool relayed = port >= e->relay_ports.first && port <= e->relay_ports.last;

	if (addr_equal(public, &e->av_public) && (port == STUN_PORT || relayed))
		add_published(all, n, e, &e->av, port);
	if (addr_equal(public, &e->av_tcp_public) && relayed && !addr_equal(&e->av, &e->av_tcp))
		add_published(all, n, e, &e->av_tcp, port);
}

GArray *published_at(const model *m, const struct addr *public, enum ip_proto proto, uint16_t port)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct published));

	ptr_array_foreach(const struct node, n, m->nodes) {
		const struct service *s = node_declared_service(n, SERVICE_EDGE);

		if (s && proto == PROTO_TCP)
			add_tcp(all, m, n, &s->edge, public, port);
		else if (s && proto == PROTO_UDP)
			add_udp(all, n, &s->edge, public, port);
	}
	return all;
}
