/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/internal.h"

#include <string.h>

/* No two objects may have one name.  Keys of a mapping can't repeat, so this is about names in
 * lists and about objects that a change adds.  The loc of an object is `loc_offset` bytes after its
 * start. */
static void check_unique(const struct check *c, const GPtrArray *objects, size_t loc_offset,
			 const char *what)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

	ptr_array_foreach(char, object, objects) {
		char *name = *(char **)(void *)object;
		struct loc loc = *(struct loc *)(void *)(object + loc_offset);

		if (name && !g_hash_table_add(names, name))
			check_error(c, places_get(c->places, object, loc), NULL,
				    "there are two %ss named '%s'", what, name);
	}
}

static void check_site_name(const struct check *c, char *const *site, struct loc loc)
{
	if (*site && !model_site(c->m, *site))
		named_error(c->d, places_get(c->places, site, loc), "site", *site, c->m->sites);
}

/* A node named as somebody's Edge must be one. */
static void check_edge_name(const struct check *c, char *const *edge, struct loc loc)
{
	const struct node *node = model_node(c->m, *edge);
	struct loc place = places_get(c->places, edge, loc);

	if (!*edge)
		return;
	if (!node)
		named_error(c->d, place, "node", *edge, c->m->nodes);
	else if (!node_declared_service(node, SERVICE_EDGE))
		check_error(c, place, NULL, "node '%s' has no service 'edge'", *edge);
}

#define IPV6_MTU_BYTES_MIN                                                     \
	1280u /* RFC 8200 section 5; the kernel takes the addresses away below \
	       */

static void check_mtu(const struct check *c, const struct iface *iface)
{
	bool six = iface_prefix(iface, AF_INET6) != NULL;

	if (six && iface->mtu_bytes > 0 && iface->mtu_bytes < IPV6_MTU_BYTES_MIN)
		check_error(c, places_get(c->places, &iface->mtu_bytes, iface->loc),
			    "at least 1280B, or no IPv6 address",
			    "interface '%s' has an IPv6 address, which needs an MTU of 1280 bytes",
			    iface->name);
}

static const char *const reserved_interfaces[] = {"lo", "all", "default", NULL};

static void check_interface(const struct check *c, const struct iface *iface)
{
	if (iface->name && g_strv_contains(reserved_interfaces, iface->name))
		check_error(c, iface->loc, NULL, "interface name '%s' is reserved", iface->name);
	if (iface->network_name && !iface->network)
		named_error(c->d, places_get(c->places, &iface->network_name, iface->loc),
			    "network", iface->network_name, c->m->networks);
	check_mtu(c, iface);
}

/* A user belongs to one endpoint, as the Front End tells endpoints apart by their users, and to the
 * domain of the file.  `users` holds those seen. */
static void check_user(const struct check *c, const struct node *node, GHashTable *users)
{
	const char *at = node->endpoint->user ? strchr(node->endpoint->user, '@') : NULL;
	struct loc loc = places_get(c->places, &node->endpoint->user, node->loc);

	if (!at)
		return;
	if (c->m->domain && strcmp(at + 1, c->m->domain) != 0)
		check_error(c, loc, NULL, "user '%s' is not of the domain '%s'",
			    node->endpoint->user, c->m->domain);
	if (!g_hash_table_add(users, node->endpoint->user))
		check_error(c, loc, NULL, "there are two endpoints with the user '%s'",
			    node->endpoint->user);
}

#define FRAME_MS 20

static void check_packet_time(const struct check *c, const struct node *node)
{
	const struct endpoint *e = node->endpoint;

	if (e->packet_time_ms % FRAME_MS != 0)
		check_error(c, places_get(c->places, &e->packet_time_ms, node->loc),
			    "20ms, 40ms, 60ms, ... 360ms",
			    "'packet_time' must be whole frames of 20 ms");
}

static void check_node(const struct check *c, const struct node *node, GHashTable *users)
{
	check_site_name(c, &node->site, node->loc);
	check_unique(c, node->interfaces, offsetof(struct iface, loc), "interface");
	for (guint i = 0; i < node->interfaces->len; i++)
		check_interface(c, g_ptr_array_index(node->interfaces, i));
	if (node->interfaces->len == 0 && places_has(c->places, &node->interfaces))
		check_error(c, places_get(c->places, &node->interfaces, node->loc), NULL,
			    "node '%s' has no interface", node->name ? node->name : "?");
	if (node->endpoint) {
		check_edge_name(c, &node->endpoint->media_edge, node->loc);
		check_user(c, node, users);
		check_packet_time(c, node);
	}
}

void check_objects(const struct check *c)
{
	g_autoptr(GHashTable) users = g_hash_table_new(g_str_hash, g_str_equal);

	check_unique(c, c->m->networks, offsetof(struct network, loc), "network");
	check_unique(c, c->m->nodes, offsetof(struct node, loc), "node");
	check_unique(c, c->m->tunnels, offsetof(struct tunnel, loc), "tunnel");
	ptr_array_foreach(const struct site, site, c->m->sites) {
		check_edge_name(c, &site->media_edge, site->loc);
		/* A name in an expectation must mean one thing. */
		if (site->name && model_node(c->m, site->name))
			check_error(c, site->loc, NULL, "site '%s' has the name of a node",
				    site->name);
	}
	ptr_array_foreach(const struct network, network, c->m->networks)
		check_site_name(c, &network->site, network->loc);
	for (guint i = 0; i < c->m->nodes->len; i++)
		check_node(c, g_ptr_array_index(c->m->nodes, i), users);
}
