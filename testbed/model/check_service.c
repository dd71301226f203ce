/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/internal.h"

/* The node's interface that the key at `name` names; NULL, with an error unless the key is
 * missing. */
static const struct iface *check_iface(const struct check *c, const struct node *node,
				       const struct service *service, char *const *name)
{
	const struct iface *iface = node_iface(node, *name);

	if (*name && !iface)
		named_error(c->d, places_get(c->places, name, service->loc), "interface", *name,
			    node->interfaces);
	return iface;
}

/* The address, if set, must be one of the interface. */
static void check_on_iface(const struct check *c, const struct node *node,
			   const struct service *service, const struct iface *iface,
			   const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if (addr_is_set(a) && !iface_has_address(iface, a))
		check_error(c, places_get(c->places, a, service->loc), NULL,
			    "interface '%s' of node '%s' has no address %s", iface->name,
			    node->name, addr_print(a, text));
}

/* An Edge's IPv6 addresses stand beside IPv4 ones, and the two of its relays go together. */
static void check_ipv6(const struct check *c, const struct service *service)
{
	const struct edge_service *edge = &service->edge;
	const struct {
		const char *key, *beside;
		const struct addr *a, *v4, *other;
	} rows[] = {{"access6", "access", &edge->access6, &edge->access, &edge->access6},
		    {"av6", "av", &edge->av6, &edge->av, &edge->av_tcp6},
		    {"av_tcp6", "av_tcp", &edge->av_tcp6, &edge->av_tcp, &edge->av6}};
	char text[ADDR_TEXT_MAX];

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct loc loc = places_get(c->places, rows[i].a, service->loc);

		if (!addr_is_set(rows[i].a))
			continue;
		if (rows[i].a->family != AF_INET6)
			check_error(c, loc, NULL, "'%s' is %s, which is no IPv6 address",
				    rows[i].key, addr_print(rows[i].a, text));
		else if (rows[i].v4->family == AF_INET6)
			check_error(c, loc, "leave it away", "'%s' is an IPv6 address already",
				    rows[i].beside);
		else if (!addr_is_set(rows[i].other))
			check_error(
				c, loc,
				"clients that come over TCP get relays at an address of their own",
				"'av6' and 'av_tcp6' go together");
	}
}

static void check_next_hop(const struct check *c, const struct service *service)
{
	const struct edge_service *edge = &service->edge;
	const struct node *next = model_node(c->m, edge->next_hop);
	struct loc loc = places_get(c->places, &edge->next_hop, service->loc);

	if (!edge->next_hop)
		return;
	if (!next)
		named_error(c->d, loc, "node", edge->next_hop, c->m->nodes);
	else if (!node_declared_service(next, SERVICE_FRONTEND))
		check_error(c, loc, NULL, "node '%s' has no service 'frontend'", edge->next_hop);
}

/* A TCP port that a node's service listens at. */
struct listens {
	const char *what;	    /* for people */
	const struct addr *address; /* unset: it does not listen */
	uint16_t port;
	const void *key; /* of the file, for its place */
};

#define FRONTEND_PORT 5061
#define MRAS_PORT 5062

/* Whether two services of the node listen at one address and port.  A relay that is reached at the
 * same place from inside and outside listens there once. */
static bool listens_conflict(const struct listens *a, const struct listens *b)
{
	return addr_is_set(a->address) && addr_equal(a->address, b->address) &&
	       a->port == b->port && !g_str_equal(a->what, b->what);
}

/* Reports what of an Edge can't listen because something else of the node does. */
static void check_listeners(const struct check *c, const struct node *node,
			    const struct service *service)
{
	const struct edge_service *e = &service->edge;
	const struct service *front = node_declared_service(node, SERVICE_FRONTEND);
	static const struct addr none = {.family = 0};
	const struct addr *fe = front ? &front->frontend.address : &none,
			  *fe6 = front ? &front->frontend.address6 : &none;
	const struct listens rows[] = {
		{"the Front End", fe, FRONTEND_PORT, NULL},
		{"the Front End", fe6, FRONTEND_PORT, NULL},
		{"the Edge's inner side", &e->internal, FRONTEND_PORT, NULL},
		{"the Edge's inner side", &e->internal6, FRONTEND_PORT, NULL},
		{"MRAS", &e->internal, MRAS_PORT, NULL},
		{"MRAS", &e->internal6, MRAS_PORT, NULL},
		{"the A/V Edge", &e->internal, e->av_tcp_port, &e->av_tcp_port},
		{"the A/V Edge", &e->internal6, e->av_tcp_port, &e->av_tcp_port},
		{"the A/V Edge", &e->av, e->av_tcp_port, &e->av},
		{"the A/V Edge", &e->av6, e->av_tcp_port, &e->av6},
		{"the Access Edge", &e->access, e->access_port, &e->access},
		{"the Access Edge", &e->access6, e->access_port, &e->access6},
	};
	char text[ADDR_PORT_TEXT_MAX];

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		for (gsize k = 0; k < i; k++) {
			if (!listens_conflict(&rows[i], &rows[k]))
				continue;
			addr_port_print(rows[i].address, rows[i].port, text);
			check_error(c, places_get(c->places, rows[i].key, service->loc),
				    "give one of them another address, or another port: "
				    "'access_port', 'av_tcp_port'",
				    "%s and %s both listen at TCP %s", rows[k].what, rows[i].what,
				    text);
			break;
		}
	}
}

static void check_edge(const struct check *c, const struct node *node,
		       const struct service *service)
{
	const struct edge_service *edge = &service->edge;
	const struct iface *external = check_iface(c, node, service, &edge->external_iface);

	check_iface(c, node, service, &edge->internal_iface);
	if (external) {
		check_on_iface(c, node, service, external, &edge->access);
		check_on_iface(c, node, service, external, &edge->av);
		check_on_iface(c, node, service, external, &edge->av_tcp);
		check_on_iface(c, node, service, external, &edge->access6);
		check_on_iface(c, node, service, external, &edge->av6);
		check_on_iface(c, node, service, external, &edge->av_tcp6);
	}
	check_ipv6(c, service);
	check_listeners(c, node, service);
	if (edge->relays_per_user == 0 && g_strcmp0(edge->engine, "coturn") == 0)
		check_error(c, places_get(c->places, &edge->relays_per_user, service->loc),
			    "1 or more, or 'engine: builtin'", "coturn can't refuse all relays");
	if (addr_is_set(&edge->av6) && g_strcmp0(edge->engine, "coturn") == 0)
		check_error(c, places_get(c->places, &edge->av6, service->loc),
			    "leave it away, or set 'engine: builtin'",
			    "coturn is run with IPv4 relays only");
	check_next_hop(c, service);
}

static void check_frontend(const struct check *c, const struct node *node,
			   const struct service *service)
{
	const struct addr *a = &service->frontend.address;
	char text[ADDR_TEXT_MAX];

	if (addr_is_set(a) && !node_has_address(node, a))
		check_error(c, places_get(c->places, a, service->loc), NULL,
			    "node '%s' has no address %s", node->name, addr_print(a, text));
}

static void check_node_services(const struct check *c, const struct node *node)
{
	unsigned seen = 0;

	ptr_array_foreach(const struct service, service, node->services) {
		if (seen & (1u << service->kind))
			check_error(c, service->loc, NULL, "node '%s' has two services '%s'",
				    node->name, service_kind_name(service->kind));
		seen |= 1u << service->kind;
		if (service->kind == SERVICE_EDGE)
			check_edge(c, node, service);
		else if (service->kind == SERVICE_FRONTEND)
			check_frontend(c, node, service);
	}
}

void check_services(const struct check *c)
{
	for (guint i = 0; i < c->m->nodes->len; i++)
		check_node_services(c, g_ptr_array_index(c->m->nodes, i));
}
