/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/published_port.h"

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
