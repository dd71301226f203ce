/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/draft.h"

#include <net/if.h>
#include <string.h>

/* Theory of operation.
 *
 * The parsers write what each text says into the facts of its node.  draft_fill then makes the
 * topology in passes over all nodes, because what one node says is often known only from another:
 *
 * 1. Addresses with a known prefix length, then those with a guessed one, which may be in a network
 * that another node knows.  Equal subnets become one network.  The same address on two nodes shows
 * two sites with the same subnet, so they become two networks marked reusable.
 * 2. Routes.  The owner of a gateway's address forwards.
 * 3. Candidates.  A reflexive address shows a NAT, a relayed one a TURN server: a node is added
 * unless an imported one has that address.
 *
 * What the input does not say is guessed and marked so in a comment of the YAML text.  What cannot
 * be used is left out with a warning. */

static const struct object_shape network_shape =
	OBJECT_SHAPE(draft_network, NULL, OWNS_TEXT(draft_network, name));
static const struct object_shape iface_shape =
	OBJECT_SHAPE(draft_iface, NULL, OWNS_TEXT(draft_iface, name),
		     OWNS_ARRAY(draft_iface, addresses, prefix));
static const struct object_shape node_shape = OBJECT_SHAPE(
	draft_node, NULL, OWNS_TEXT(draft_node, name), OWNS_LIST(draft_node, ifaces, object_free),
	OWNS_ARRAY(draft_node, routes, draft_route), OWNS_LIST(draft_node, notes, g_free));
static const struct object_shape draft_shape = OBJECT_SHAPE(
	draft, NULL, OWNS_LIST(draft, networks, object_free), OWNS_LIST(draft, nodes, object_free));

struct draft_node *draft_node_new(struct draft *t, const char *name)
{
	struct draft_node *node = object_new(&node_shape);
	bool taken = true;

	node->name = g_strdup(name);
	for (guint suffix = 2; taken; suffix++) {
		taken = false;
		for (guint k = 0; k < t->nodes->len; k++)
			taken = taken ||
				g_str_equal(((struct draft_node *)t->nodes->pdata[k])->name,
					    node->name);
		if (taken) {
			g_free(node->name);
			node->name = g_strdup_printf("%s-%u", name, suffix);
		}
	}
	g_ptr_array_add(t->nodes, node);
	return node;
}

static bool iface_has(const struct draft_iface *i, const struct addr *a)
{
	for (guint n = 0; n < i->addresses->len; n++) {
		if (addr_equal(&g_array_index(i->addresses, struct prefix, n).addr, a))
			return true;
	}
	return false;
}

struct draft_iface *draft_owner(const struct draft *t, const struct draft_network *n,
				const struct addr *a, struct draft_node **ret_node)
{
	ptr_array_foreach(struct draft_node, node, t->nodes) {
		ptr_array_foreach(struct draft_iface, iface, node->ifaces) {
			if ((n && iface->network != n) || !iface_has(iface, a))
				continue;
			if (ret_node)
				*ret_node = node;
			return iface;
		}
	}
	return NULL;
}

static bool network_contains(const struct draft_network *n, const struct addr *a)
{
	return (n->subnet.addr.family == a->family && prefix_contains(&n->subnet, a)) ||
	       (n->subnet6.addr.family == a->family && prefix_contains(&n->subnet6, a));
}

struct draft_iface *draft_connected(const struct draft_node *node, const struct addr *a)
{
	ptr_array_foreach(struct draft_iface, i, node->ifaces)
		if (network_contains(i->network, a))
			return i;
	return NULL;
}

static bool network_is(const struct draft_network *n, const struct prefix *p)
{
	return (n->subnet.addr.family == p->addr.family && prefix_equal(&n->subnet, p)) ||
	       (n->subnet6.addr.family == p->addr.family && prefix_equal(&n->subnet6, p));
}

/* The other node that has the address in that network.  NULL: none. */
static const struct draft_node *taken_by(const struct draft *t, const struct draft_network *n,
					 const struct draft_node *node, const struct addr *a)
{
	ptr_array_foreach(const struct draft_node, other, t->nodes) {
		for (guint i = 0; other != node && i < other->ifaces->len; i++) {
			const struct draft_iface *iface = other->ifaces->pdata[i];

			if (iface->network == n && iface_has(iface, a))
				return other;
		}
	}
	return NULL;
}

static struct draft_network *network_new(struct draft *t, const struct prefix *subnet, bool guessed)
{
	struct draft_network *n = object_new(&network_shape);
	char text[ADDR_TEXT_MAX];
	guint same = 0;

	n->subnet = *subnet;
	n->note = guessed ? "guess: the prefix length" : NULL;
	ptr_array_foreach(struct draft_network, other, t->networks)
		same += addr_equal(&other->subnet.addr, &subnet->addr) ? 1 : 0;
	n->name = g_strdup_printf(
		"net-%s", g_strdelimit((char *)(gpointer)(guintptr)addr_print(&subnet->addr, text),
				       ":", '-'));
	if (same > 0 || g_str_has_suffix(n->name, "-")) {
		g_autofree char *name = g_steal_pointer(&n->name);

		n->name = g_strdup_printf("%s%s%u", name, g_str_has_suffix(name, "-") ? "" : "-",
					  same + 1);
	}
	g_ptr_array_add(t->networks, n);
	return n;
}

/* The prefix of the network that overlaps with `p`; NULL: none does. */
static const struct prefix *overlap(const struct draft_network *n, const struct prefix *p)
{
	if (n->subnet.addr.family == p->addr.family && prefix_overlaps(&n->subnet, p))
		return &n->subnet;
	return n->subnet6.addr.family == p->addr.family && prefix_overlaps(&n->subnet6, p) ?
		       &n->subnet6 :
		       NULL;
}

/* Marks networks that overlap without being equal as reusable: they must be at different sites. */
static bool mark_overlaps(struct draft *t, const struct prefix *subnet, struct loc loc)
{
	char one[PREFIX_TEXT_MAX], two[PREFIX_TEXT_MAX];
	bool any = false;

	ptr_array_foreach(struct draft_network, n, t->networks) {
		const struct prefix *has = overlap(n, subnet);

		if (!has || prefix_equal(has, subnet))
			continue;
		any = n->reusable = true;
		diags_add(t->found, DIAG_WARNING, loc,
			  "correct the wrong prefix length, unless the networks are at different "
			  "sites",
			  "network %s overlaps with %s", prefix_print(subnet, one),
			  prefix_print(has, two));
	}
	return any;
}

/* Finds or adds the network of an address. */
static struct draft_network *join_network(struct draft *t, const struct draft_node *node,
					  const struct fact_address *a)
{
	struct prefix subnet = prefix_network(&a->address);
	struct draft_network *same = NULL, *made;
	const struct draft_node *other = NULL;
	char text[ADDR_TEXT_MAX];

	ptr_array_foreach(struct draft_network, n, t->networks) {
		if (!network_is(n, &subnet) &&
		    !(a->guessed && network_contains(n, &a->address.addr)))
			continue;
		same = n;
		other = taken_by(t, n, node, &a->address.addr);
		if (!other)
			return n;
	}
	if (same && !prefix_overlaps(&same->subnet, &subnet))
		same = NULL;
	made = network_new(t, same ? &same->subnet : &subnet, a->guessed && !same);
	made->reusable = mark_overlaps(t, &made->subnet, a->loc);
	if (!same)
		return made;
	diags_add(t->found, DIAG_WARNING, a->loc,
		  "two networks are written; join them if one of the addresses is a mistake",
		  "'%s' and '%s' both have the address %s", other->name, node->name,
		  addr_print(&a->address.addr, text));
	same->reusable = made->reusable = true;
	made->note = "guess: another site with the same subnet";
	return made;
}

static bool iface_name_taken(const struct draft_node *node, const char *name)
{
	for (guint k = 0; k < node->ifaces->len; k++) {
		if (g_str_equal(((struct draft_iface *)node->ifaces->pdata[k])->name, name))
			return true;
	}
	return g_str_equal(name, "lo") || g_str_equal(name, "all") ||
	       g_str_equal(name, "default") || g_str_equal(name, "count");
}

/* A valid name: letters, digits, '-' and '_', at most 15 characters, unique on the node. */
static char *iface_name(const struct draft_node *node, const char *source_name)
{
	g_autofree char *base = g_strndup(source_name, IFNAMSIZ - 1);
	char *name;

	for (char *p = base; *p; p++) {
		if (!g_ascii_isalnum(*p) && (p == base || !strchr("-_", *p)))
			*p = p == base ? 'i' : '-';
	}
	name = g_strdup(base);
	for (guint suffix = 2; iface_name_taken(node, name); suffix++) {
		g_free(name);
		name = g_strdup_printf("%.10s-%u", base, suffix);
	}
	return name;
}

struct draft_iface *draft_iface_new(struct draft_node *node, const char *source_name,
				    const struct draft_network *n)
{
	struct draft_iface *i = object_new(&iface_shape);

	i->name = iface_name(node, source_name);
	i->source_name = source_name;
	i->network = n;
	i->up = true;
	if (!g_str_equal(i->name, source_name))
		i->note = "guess: the name; here each interface has one network";
	g_ptr_array_add(node->ifaces, i);
	return i;
}

/* The interface `source_name` that has an IPv4 network, if the IPv6 prefix `p` can belong to that
 * network, too. */
static struct draft_iface *same_link(struct draft *t, const struct draft_node *node,
				     const char *source_name, const struct prefix *p)
{
	struct prefix subnet = prefix_network(p);

	ptr_array_foreach(struct draft_iface, i, node->ifaces) {
		struct draft_network *n = NULL;

		for (guint w = 0; w < t->networks->len && !n; w++)
			n = t->networks->pdata[w] == i->network ? t->networks->pdata[w] : NULL;
		if (!n || !g_str_equal(i->source_name, source_name) ||
		    n->subnet.addr.family != AF_INET || p->addr.family != AF_INET6)
			continue;
		ptr_array_foreach(const struct draft_network, other, t->networks)
			if (other != n && overlap(other, &subnet))
				return NULL;
		if (!addr_is_set(&n->subnet6.addr))
			n->subnet6 = subnet;
		if (prefix_equal(&n->subnet6, &subnet) && !taken_by(t, n, node, &p->addr))
			return i;
	}
	return NULL;
}

/* The first or last address of a network, which no interface can have. */
static bool is_network_or_broadcast(const struct prefix *p)
{
	struct prefix network = prefix_network(p);
	uint32_t address, mask;

	if (p->addr.family != AF_INET || p->len > 30)
		return p->addr.family == AF_INET || addr_equal(&network.addr, &p->addr);
	mask = ~(uint32_t)0 >> p->len;
	memcpy(&address, p->addr.bytes, sizeof address);
	address = ntohl(address);
	return (address & mask) == 0 || (address & mask) == mask;
}

/* Warns when the node already has a network that overlaps that of `a`: it can have only one of
 * them. */
static bool overlaps_own(struct draft *t, const struct draft_node *node,
			 const struct fact_address *a)
{
	struct prefix subnet = prefix_network(&a->address);
	char text[PREFIX_TEXT_MAX];

	ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
		if (!overlap(i->network, &subnet) || network_is(i->network, &subnet) ||
		    (a->guessed && network_contains(i->network, &a->address.addr)))
			continue;
		diags_add(t->found, DIAG_WARNING, a->loc, "a node has one interface per subnet",
			  "%s overlaps with the network of '%s': left out",
			  prefix_print(&a->address, text), i->source_name);
		return true;
	}
	return false;
}

/* Warns when the network's prefix of the other family overlaps the network of another interface. */
static bool other_iface_overlaps(struct draft *t, const struct draft_node *node,
				 const struct draft_network *n, const struct fact_address *a)
{
	char text[PREFIX_TEXT_MAX];

	ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
		if (i->network == n ||
		    (!overlap(i->network, &n->subnet) &&
		     !(addr_is_set(&n->subnet6.addr) && overlap(i->network, &n->subnet6))))
			continue;
		diags_add(t->found, DIAG_WARNING, a->loc, "a node has one interface per subnet",
			  "network '%s' of %s overlaps with that of '%s': left out", n->name,
			  prefix_print(&a->address, text), i->source_name);
		return true;
	}
	return false;
}

struct draft_iface *draft_add_address(struct draft *t, struct draft_node *node,
				      const char *source_name, const struct fact_address *a)
{
	struct draft_network *n;
	struct draft_iface *i = same_link(t, node, source_name, &a->address);
	struct prefix p = a->address;
	char text[PREFIX_TEXT_MAX];

	if (is_network_or_broadcast(&p)) {
		diags_add(t->found, DIAG_WARNING, a->loc, NULL,
			  "%s is not an address that an interface can have: left out",
			  prefix_print(&p, text));
		return NULL;
	}
	if (!i && overlaps_own(t, node, a))
		return NULL;
	n = i ? NULL : join_network(t, node, a);
	if (n && other_iface_overlaps(t, node, n, a))
		return NULL;
	for (guint k = 0; n && k < node->ifaces->len && !i; k++) {
		struct draft_iface *other = node->ifaces->pdata[k];

		i = other->network == n ? other : NULL;
	}
	if (i && !g_str_equal(i->source_name, source_name)) {
		diags_add(t->found, DIAG_WARNING, a->loc, "a node has one interface per subnet",
			  "'%s' and '%s' of '%s' are both in network '%s': %s is left out",
			  i->source_name, source_name, node->name, i->network->name,
			  prefix_print(&p, text));
		return NULL;
	}
	if (!i)
		i = draft_iface_new(node, source_name, n);
	p.len = p.addr.family == i->network->subnet.addr.family ? i->network->subnet.len :
								  i->network->subnet6.len;
	g_array_append_val(i->addresses, p);
	return i;
}

static void add_addresses(struct draft *t, struct draft_node *node, const struct facts *f,
			  bool guessed)
{
	ptr_array_foreach(const struct fact_iface, source_name, f->ifaces) {
		array_foreach(const struct fact_address, a, source_name->addresses) {
			struct draft_iface *i =
				a->guessed == guessed ?
					draft_add_address(t, node, source_name->name, a) :
					NULL;

			if (!i)
				continue;
			i->up = source_name->up;
			if (!i->note)
				i->note = source_name->note;
		}
	}
}

static void check_nodes(struct draft *t, const GPtrArray *all)
{
	for (guint k = 0; k < all->len; k++) {
		const struct facts *f = all->pdata[k];
		const struct draft_node *node = t->nodes->pdata[k];

		if (node->ifaces->len == 0)
			diags_add(t->found, DIAG_ERROR, f->loc,
				  "import its 'ip -j addr' or 'route print', too",
				  "the input has no address of '%s'", f->node);
	}
}

/* Runs all passes. */
static void draft_fill(struct draft *t, const GPtrArray *all)
{
	ptr_array_foreach(const struct facts, f, all) {
		struct draft_node *node = draft_node_new(t, f->node);

		node->windows = f->windows;
		for (guint n = 0; n < f->notes->len; n++)
			g_ptr_array_add(node->notes, g_strdup(f->notes->pdata[n]));
		add_addresses(t, node, f, false);
	}
	for (guint k = 0; k < all->len; k++)
		add_addresses(t, t->nodes->pdata[k], all->pdata[k], true);
	check_nodes(t, all);
	for (guint k = 0; k < all->len; k++)
		draft_routes(t, t->nodes->pdata[k], all->pdata[k]);
	for (guint k = 0; k < all->len; k++)
		draft_nats(t, t->nodes->pdata[k], all->pdata[k]);
	for (guint k = 0; k < all->len; k++)
		draft_relays(t, all->pdata[k]);
}

char *draft_topology(const GPtrArray *all, const char *from, diags *d)
{
	struct draft *t = object_new(&draft_shape);
	char *text;

	t->found = d;
	draft_fill(t, all);
	text = diags_errors(d) == 0 ? draft_write(t, from) : NULL;
	object_free(t);
	return text;
}
