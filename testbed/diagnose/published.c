/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/published.h"

#define STUN_PORT 3478

/* Whether the rule leads an outside port to the proxy. */
static bool leads_to_proxy(const struct nat_rule *r, const struct reverse_proxy_service *p)
{
	return addr_equal(&r->inside, &p->address) &&
	       (r->kind == NAT_STATIC ||
		(r->kind == NAT_FORWARD && r->proto == PROTO_TCP &&
		 nat_forward_outside(r, REVERSE_PROXY_PORT) == REVERSE_PROXY_PORT));
}

/* Whether the record is one of the proxy's names, with a public address that no server has. */
static bool tells_proxy(const model *m, const struct dns_record *r,
			const struct reverse_proxy_service *p)
{
	const struct node *owner = r->target ? NULL : model_owner(m, &r->a);
	bool named = false;

	ptr_array_foreach(const char, name, p->names)
		named = named || g_ascii_strcasecmp(name, r->name) == 0;
	return named && !r->target && addr_is_set(&r->a) && !addr_is_private(&r->a) &&
	       (!owner || owner->forwarding);
}

struct addr published_proxy_address(const model *m, const struct reverse_proxy_service *p)
{
	ptr_array_foreach(const struct node, n, m->nodes)
		ptr_array_foreach(const struct nat_rule, r, n->nat)
			if (leads_to_proxy(r, p))
				return r->outside;
	for (guint i = 0; addr_is_private(&p->address) && i < m->nodes->len; i++) {
		const struct service *dns = node_declared_service(m->nodes->pdata[i], SERVICE_DNS);

		ptr_array_foreach(const struct dns_record, r, dns ? dns->dns.records : NULL)
			if (tells_proxy(m, r, p))
				return r->a;
	}
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

static void add_proxy(GArray *all, const model *m, const struct node *n, const struct addr *public)
{
	const struct service *s = node_declared_service(n, SERVICE_REVERSE_PROXY);
	struct addr own = {0};

	if (s)
		own = published_proxy_address(m, &s->proxy);
	if (s && addr_equal(public, &own))
		add_published(all, n, NULL, &s->proxy.address, REVERSE_PROXY_PORT);
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
		if (proto == PROTO_TCP && port == REVERSE_PROXY_PORT)
			add_proxy(all, m, n, public);
	}
	return all;
}
