/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/internal.h"

#include <string.h>

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

/* `next_hop` is the key's member. */
static void check_next_hop(const struct check *c, const struct service *service,
			   char *const *next_hop)
{
	const struct node *next = model_node(c->m, *next_hop);
	const struct frontend_service *frontend = model_next_hop(c->m, *next_hop);
	struct loc loc = places_get(c->places, next_hop, service->loc);

	if (!*next_hop)
		return;
	if (!next)
		named_error(c->d, loc, "node", *next_hop, c->m->nodes);
	else if (!frontend)
		check_error(c, loc, NULL, "node '%s' has no service 'frontend'", *next_hop);
	else if (service->kind == SERVICE_REVERSE_PROXY && !frontend->web.exist)
		check_error(c, loc, "add 'web: {}' to it",
			    "the Front End of node '%s' has no web sites", *next_hop);
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

/* Appends a listener of the node; `key`: of the file, for its place. */
static void add_listener(GArray *all, const char *what, const struct addr *address, uint16_t port,
			 const void *key)
{
	const struct listens l = {what, address, port, key};

	g_array_append_val(all, l);
}

static void add_frontend_listeners(GArray *all, const struct frontend_service *f)
{
	const struct addr *const own[] = {&f->address, &f->address6};

	for (gsize i = 0; i < G_N_ELEMENTS(own); i++) {
		add_listener(all, "the Front End", own[i], FRONTEND_PORT, NULL);
		if (!f->web.exist)
			continue;
		add_listener(all, "the internal web site", own[i], f->web.internal_port,
			     &f->web.internal_port);
		add_listener(all, "the external web site", own[i], f->web.external_port,
			     &f->web.external_port);
	}
}

static void add_edge_listeners(GArray *all, const struct edge_service *e)
{
	const struct addr *const inner[] = {&e->internal, &e->internal6};

	for (gsize i = 0; i < G_N_ELEMENTS(inner); i++) {
		add_listener(all, "the Edge's inner side", inner[i], FRONTEND_PORT, NULL);
		add_listener(all, "MRAS", inner[i], MRAS_PORT, NULL);
		add_listener(all, "the A/V Edge", inner[i], e->av_tcp_port, &e->av_tcp_port);
	}
	add_listener(all, "the A/V Edge", &e->av, e->av_tcp_port, &e->av);
	add_listener(all, "the A/V Edge", &e->av6, e->av_tcp_port, &e->av6);
	add_listener(all, "the Access Edge", &e->access, e->access_port, &e->access);
	add_listener(all, "the Access Edge", &e->access6, e->access_port, &e->access6);
}

/* Reports what of a node's services can't listen because something else of it does. */
static void check_listeners(const struct check *c, const struct node *node)
{
	const struct service *front = node_declared_service(node, SERVICE_FRONTEND),
			     *edge = node_declared_service(node, SERVICE_EDGE),
			     *proxy = node_declared_service(node, SERVICE_REVERSE_PROXY),
			     *last = proxy ? proxy :
				     edge  ? edge :
					     front;
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct listens));
	char text[ADDR_PORT_TEXT_MAX];

	if (front)
		add_frontend_listeners(all, &front->frontend);
	if (edge)
		add_edge_listeners(all, &edge->edge);
	if (proxy)
		add_listener(all, "the reverse proxy", &proxy->proxy.address, REVERSE_PROXY_PORT,
			     &proxy->proxy.address);
	for (guint i = 0; i < all->len; i++) {
		const struct listens *a = &g_array_index(all, struct listens, i);

		for (guint k = 0; k < i; k++) {
			const struct listens *b = &g_array_index(all, struct listens, k);

			if (!listens_conflict(a, b))
				continue;
			addr_port_print(a->address, a->port, text);
			check_error(c, places_get(c->places, a->key, last->loc),
				    "give one of them another address, or another port: "
				    "'access_port', 'av_tcp_port', those of 'web'",
				    "%s and %s both listen at TCP %s", b->what, a->what, text);
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
	if (edge->relays_per_user == 0 && g_strcmp0(edge->engine, "coturn") == 0)
		check_error(c, places_get(c->places, &edge->relays_per_user, service->loc),
			    "1 or more, or 'engine: builtin'", "coturn can't refuse all relays");
	check_next_hop(c, service, &edge->next_hop);
}

/* Whether the host name is the domain or lies below it. */
static bool is_in_domain(const char *name, const char *domain)
{
	gsize length = strlen(name), tail = domain ? strlen(domain) : 0;

	return tail > 0 && length >= tail &&
	       g_ascii_strcasecmp(name + length - tail, domain) == 0 &&
	       (length == tail || name[length - tail - 1] == '.');
}

static void check_proxy(const struct check *c, const struct node *node,
			const struct service *service)
{
	const struct reverse_proxy_service *proxy = &service->proxy;
	const struct iface *external = check_iface(c, node, service, &proxy->external_iface);
	const struct frontend_service *frontend = model_next_hop(c->m, proxy->next_hop);

	check_iface(c, node, service, &proxy->internal_iface);
	if (external)
		check_on_iface(c, node, service, external, &proxy->address);
	check_next_hop(c, service, &proxy->next_hop);
	for (guint i = 0; frontend && i < proxy->names->len; i++)
		if (!is_in_domain(proxy->names->pdata[i], frontend->domain))
			check_error(c, places_item(c->places, proxy->names, i, service->loc), NULL,
				    "'%s' is no name of the domain '%s'",
				    (const char *)proxy->names->pdata[i], frontend->domain);
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
		else if (service->kind == SERVICE_REVERSE_PROXY)
			check_proxy(c, node, service);
	}
	check_listeners(c, node);
}

void check_services(const struct check *c)
{
	for (guint i = 0; i < c->m->nodes->len; i++)
		check_node_services(c, g_ptr_array_index(c->m->nodes, i));
}
