/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/internal.h"

/* --- subnets ---------------------------------------------------------------------------------- */

static void check_overlap(const struct check *c, const struct network *a, const struct prefix *mine,
			  const struct network *b, const struct prefix *theirs)
{
	char own[PREFIX_TEXT_MAX], other[PREFIX_TEXT_MAX];

	if (!addr_is_set(&mine->addr) || !addr_is_set(&theirs->addr) ||
	    !prefix_overlaps(mine, theirs))
		return;
	check_error(c, places_get(c->places, mine, a->loc),
		    "only networks that all say 'reusable: true' may overlap",
		    "subnet %s of '%s' overlaps %s of '%s'", prefix_print(mine, own), a->name,
		    prefix_print(theirs, other), b->name);
}

/* A subnet has addresses of hosts only. */
static void check_subnet(const struct check *c, const struct network *n, const struct prefix *p)
{
	struct loc loc = places_get(c->places, p, n->loc);
	char text[PREFIX_TEXT_MAX];

	if (addr_is_set(&p->addr) && p->len == 0)
		check_error(
			c, loc,
			"the prefix of one wire, such as 192.0.2.0/24; 'to: default' of a route is "
			"everything",
			"the subnet of '%s' is every address that there is", n->name);
	else if (prefix_is_reserved(p))
		check_error(c, loc, "the prefix of one wire, such as 192.0.2.0/24",
			    "subnet %s of '%s' has unspecified, loopback, multicast or broadcast "
			    "addresses, which no interface can have",
			    prefix_print(p, text), n->name);
}

/* `subnet6` must be IPv6, and `subnet` must then be IPv4. */
static void check_family(const struct check *c, const struct network *n)
{
	char text[PREFIX_TEXT_MAX];

	check_subnet(c, n, &n->subnet);
	check_subnet(c, n, &n->subnet6);
	if (addr_is_set(&n->subnet6.addr) && n->subnet6.addr.family != AF_INET6)
		check_error(c, places_get(c->places, &n->subnet6, n->loc),
			    "an IPv4 prefix belongs under 'subnet'",
			    "subnet6 of '%s' is %s, which is no IPv6 prefix", n->name,
			    prefix_print(&n->subnet6, text));
	else if (addr_is_set(&n->subnet6.addr) && n->subnet.addr.family == AF_INET6)
		check_error(c, places_get(c->places, &n->subnet6, n->loc), "leave one of them out",
			    "network '%s' has two IPv6 prefixes", n->name);
}

static void check_overlaps(const struct check *c)
{
	for (guint i = 0; i < c->m->networks->len; i++) {
		const struct network *a = g_ptr_array_index(c->m->networks, i);

		check_family(c, a);
		for (guint j = 0; j < i; j++) {
			const struct network *b = g_ptr_array_index(c->m->networks, j);

			if (a->reusable && b->reusable)
				continue;
			check_overlap(c, a, &a->subnet, b, &b->subnet);
			check_overlap(c, a, &a->subnet6, b, &b->subnet6);
		}
	}
}

/* --- addresses of interfaces ------------------------------------------------------------------ */

/* RFC 3021: with a prefix of all bits but one (or all), both addresses are hosts'. */
bool is_host_address(const struct prefix *p)
{
	struct prefix network = prefix_network(p);
	guint bits = addr_bits(&p->addr);
	bool all_ones = true;

	if (p->len + 1u >= bits)
		return true;
	if (addr_equal(&network.addr, &p->addr))
		return false;
	for (guint bit = p->len; bit < bits; bit++)
		all_ones = all_ones && (p->addr.bytes[bit / 8] & (0x80 >> (bit % 8)));
	return p->addr.family != AF_INET || !all_ones;
}

/* An interface's address must lie in its network's subnet, have that length and be a host's. */
static void check_address(const struct check *c, const struct iface *iface, const struct prefix *p,
			  struct loc loc)
{
	const struct network *n = iface->network;
	const struct prefix *subnet =
		p->addr.family == AF_INET6 && n->subnet6.addr.family == AF_INET6 ? &n->subnet6 :
										   &n->subnet;
	char address[PREFIX_TEXT_MAX], network[PREFIX_TEXT_MAX];

	if (p->len == addr_bits(&p->addr) && prefix_is_reserved(p))
		check_error(c, loc, NULL, "address %s is none that an interface can have",
			    prefix_print(p, address));
	if (p->len == addr_bits(&p->addr) || addr_is_link_local6(&p->addr))
		return; /* what is on link to a host address, routes or its peer say */
	prefix_print(p, address);
	prefix_print(subnet, network);
	if (!addr_is_set(&subnet->addr)) {
		if (n->has_no_subnet)
			check_error(c, loc, "such as 198.51.100.7/32",
				    "network '%s' has no subnet, so address %s must be a host "
				    "address",
				    n->name, address);
		return;
	}
	if (!prefix_contains(subnet, &p->addr))
		check_error(c, loc, NULL, "address %s is not in subnet %s of network '%s'", address,
			    network, iface->network->name);
	else if (p->len != subnet->len)
		check_error(c, loc, NULL,
			    "address %s has another length than subnet %s of network '%s'", address,
			    network, iface->network->name);
	else if (!is_host_address(p))
		check_error(c, loc, NULL,
			    "address %s is the network or broadcast address of its subnet",
			    address);
}

/* No address twice in a network.  `taken` maps "NETWORK ADDRESS" to the node that has it. */
static void check_taken(const struct check *c, GHashTable *taken, const struct node *node,
			const struct iface *iface, const struct prefix *p, struct loc loc)
{
	char address[ADDR_TEXT_MAX];
	char *key = g_strdup_printf("%s %s", iface->network->name, addr_print(&p->addr, address));
	const struct node *owner = g_hash_table_lookup(taken, key);

	if (owner) {
		check_error(c, loc, NULL, "address %s is taken in network '%s' by node '%s'",
			    address, iface->network->name, owner->name);
		g_free(key);
		return;
	}
	g_hash_table_insert(taken, key, (gpointer)(guintptr)node);
}

/* Against the node's interfaces before it: two may be in the same subnet only when they are on the
 * same network. */
static void check_interface_pair(const struct check *c, const struct node *node,
				 const struct iface *iface)
{
	ptr_array_foreach(const struct iface, other, node->interfaces) {
		if (other == iface)
			return;
		if (other->network && other->network != iface->network &&
		    prefix_overlaps(&other->network->subnet, &iface->network->subnet))
			check_error(c, iface->loc, NULL,
				    "interfaces '%s' and '%s' of node '%s' are in the same subnet "
				    "and in two networks",
				    other->name, iface->name, node->name);
	}
}

/* The peer belongs to a host address of the interface, and is somebody else's. */
static void check_peer(const struct check *c, const struct node *node, const struct iface *iface)
{
	struct loc loc = places_get(c->places, &iface->peer, iface->loc);
	char peer[ADDR_TEXT_MAX];
	bool has = false;

	if (!addr_is_set(&iface->peer))
		return;
	addr_print(&iface->peer, peer);
	array_foreach(const struct prefix, p, iface->addresses)
		has |= iface_peer(iface, p) != NULL;
	if (!has)
		check_error(c, loc, "a /32 or /128 of the same family",
			    "interface '%s' has no host address that could have the peer %s",
			    iface->name, peer);
	if (node_has_address(node, &iface->peer))
		check_error(c, loc, NULL, "the peer %s is node '%s' itself", peer, node->name);
}

static void check_node_addresses(const struct check *c, const struct node *node, GHashTable *taken)
{
	ptr_array_foreach(const struct iface, iface, node->interfaces) {
		if (!iface->network)
			continue;
		check_interface_pair(c, node, iface);
		check_peer(c, node, iface);
		for (guint j = 0; j < iface->addresses->len; j++) {
			const struct prefix *p = &g_array_index(iface->addresses, struct prefix, j);
			struct loc loc = places_item(c->places, iface->addresses, j, iface->loc);

			check_address(c, iface, p, loc);
			check_taken(c, taken, node, iface, p, loc);
		}
	}
}

/* --- tunnels ---------------------------------------------------------------------------------- */

static void check_tunnel_iface(const struct check *c, const struct tunnel *t,
			       const struct tunnel_end *end)
{
	struct loc loc = places_get(c->places, &end->iface, t->loc);

	if (!end->node || !end->iface)
		return;
	if (node_iface(end->node, end->iface)) {
		check_error(c, loc, NULL, "node '%s' has an interface '%s' already",
			    end->node->name, end->iface);
		return;
	}
	ptr_array_foreach(const struct tunnel, other, c->m->tunnels) {
		if (other == t)
			return;
		for (guint j = 0; j < G_N_ELEMENTS(other->ends); j++) {
			if (other->ends[j].node == end->node &&
			    g_strcmp0(other->ends[j].iface, end->iface) == 0)
				check_error(c, loc, NULL,
					    "tunnel '%s' uses interface '%s' of node '%s' already",
					    other->name, end->iface, end->node->name);
		}
	}
}

static void check_tunnel_end(const struct check *c, const struct tunnel *t,
			     const struct tunnel_end *end)
{
	char address[ADDR_TEXT_MAX];

	if (end->node_name && !end->node)
		named_error(c->d, places_get(c->places, &end->node_name, t->loc), "node",
			    end->node_name, c->m->nodes);
	check_tunnel_iface(c, t, end);
	if (end->node && addr_is_set(&end->underlay) &&
	    !node_has_address(end->node, &end->underlay))
		check_error(c, places_get(c->places, &end->underlay, t->loc), NULL,
			    "node '%s' has no address %s", end->node->name,
			    addr_print(&end->underlay, address));
}

/* Two tunnels of UDP on one port of a node are only possible when both are VXLAN, whose packets
 * carry the number of their tunnel. */
static bool wants_same_port(const struct tunnel *a, const struct tunnel *b)
{
	return tunnel_is_udp(a->kind) && tunnel_is_udp(b->kind) && a->port == b->port &&
	       (a->kind == TUNNEL_WIREGUARD || b->kind == TUNNEL_WIREGUARD);
}

/* Whether nobody could tell packets of one from those of the other: a tunnel without ports (GRE,
 * IPIP) is known by its outer addresses alone. */
static bool wants_same_addresses(const struct tunnel *a, const struct tunnel *b)
{
	const struct tunnel_end *p = a->ends, *q = b->ends;

	return a->kind == b->kind && !tunnel_is_udp(a->kind) &&
	       ((addr_equal(&p[0].underlay, &q[0].underlay) &&
		 addr_equal(&p[1].underlay, &q[1].underlay)) ||
		(addr_equal(&p[0].underlay, &q[1].underlay) &&
		 addr_equal(&p[1].underlay, &q[0].underlay)));
}

/* A node that both tunnels end on, or NULL. */
static const struct node *common_node(const struct tunnel *a, const struct tunnel *b)
{
	for (guint i = 0; i < G_N_ELEMENTS(a->ends); i++)
		for (guint k = 0; k < G_N_ELEMENTS(b->ends); k++)
			if (a->ends[i].node && a->ends[i].node == b->ends[k].node)
				return a->ends[i].node;
	return NULL;
}

/* Compares the tunnel with those before it, so that each conflict is reported once. */
static void check_tunnel_conflicts(const struct check *c, const struct tunnel *t)
{
	for (guint i = 0; c->m->tunnels->pdata[i] != t; i++) {
		const struct tunnel *other = c->m->tunnels->pdata[i];
		const struct node *node = common_node(t, other);

		if (node && wants_same_port(t, other))
			check_error(c, places_get(c->places, &t->port, t->loc),
				    "give one of them another 'port'",
				    "tunnels '%s' and '%s' both want UDP port %u of node '%s'",
				    other->name, t->name, t->port, node->name);
		else if (node && wants_same_addresses(t, other))
			check_error(c, t->loc, "one of a kind between two addresses",
				    "tunnels '%s' and '%s' are both %s between the same addresses",
				    other->name, t->name, tunnel_kind_name(t->kind));
	}
}

static void check_tunnel(const struct check *c, const struct tunnel *t)
{
	const struct tunnel_end *a = &t->ends[0], *b = &t->ends[1];
	struct loc loc = places_get(c->places, &b->address, t->loc);

	check_tunnel_end(c, t, a);
	check_tunnel_end(c, t, b);
	check_tunnel_conflicts(c, t);
	if (a->node && a->node == b->node)
		check_error(c, places_get(c->places, &b->node_name, t->loc), NULL,
			    "both ends of tunnel '%s' are on node '%s'", t->name, a->node->name);
	if (!addr_is_set(&a->address.addr) || !addr_is_set(&b->address.addr))
		return;
	if (addr_equal(&a->address.addr, &b->address.addr))
		check_error(c, loc, NULL, "both ends of tunnel '%s' have the same address",
			    t->name);
	else if (!prefix_equal(&a->address, &b->address))
		check_error(c, loc, NULL, "the ends of tunnel '%s' are in different subnets",
			    t->name);
}

void check_addresses(const struct check *c)
{
	g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	check_overlaps(c);
	for (guint i = 0; i < c->m->nodes->len; i++)
		check_node_addresses(c, g_ptr_array_index(c->m->nodes, i), taken);
	for (guint i = 0; i < c->m->tunnels->len; i++)
		check_tunnel(c, g_ptr_array_index(c->m->tunnels, i));
}
