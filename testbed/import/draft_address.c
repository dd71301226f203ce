/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks, and the interfaces in them, of all nodes' addresses (theory of operation: draft.c). */
#include "testbed/import/draft.h"

#include <net/if.h>
#include <string.h>

static const struct object_shape network_shape =
	OBJECT_SHAPE(draft_network, NULL, OWNS_TEXT(draft_network, name));
static const struct object_shape iface_shape =
	OBJECT_SHAPE(draft_iface, NULL, OWNS_TEXT(draft_iface, name),
		     OWNS_ARRAY(draft_iface, addresses, prefix));

static bool network_contains(const struct draft_network *n, const struct addr *a)
{
	return (n->subnet.addr.family == a->family && prefix_contains(&n->subnet, a)) ||
	       (n->subnet6.addr.family == a->family && prefix_contains(&n->subnet6, a));
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

			if (iface->network == n && draft_iface_has(iface, a))
				return other;
		}
	}
	return NULL;
}

static bool network_name_taken(const struct draft *t, const char *name)
{
	ptr_array_foreach(const struct draft_network, n, t->networks)
		if (g_str_equal(n->name, name))
			return true;
	return false;
}

/* "net-10.0.1.0", then "net-10.0.1.0-2"; "net-2001-db8--1", as no name may end with '-'. */
static char *network_name(const struct draft *t, const struct prefix *subnet)
{
	char text[ADDR_TEXT_MAX];
	g_autofree char *base = NULL;
	bool dash;
	char *name;

	addr_print(&subnet->addr, text);
	base = g_strdup_printf("net-%s", g_strdelimit(text, ":", '-'));
	dash = g_str_has_suffix(base, "-");
	name = g_strdup_printf("%s%s", base, dash ? "1" : "");
	for (guint suffix = 2; network_name_taken(t, name); suffix++) {
		g_free(name);
		name = g_strdup_printf("%s%s%u", base, dash ? "" : "-", suffix);
	}
	return name;
}

static struct draft_network *network_new(struct draft *t, const struct prefix *subnet, bool guessed)
{
	struct draft_network *n = object_new(&network_shape);

	n->subnet = *subnet;
	n->note = guessed ? "guess: the prefix length" : NULL;
	n->name = network_name(t, subnet);
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
struct draft_network *draft_join_network(struct draft *t, const struct draft_node *node,
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
		ptr_array_foreach(const struct draft_network, other, t->networks) {
			if (other != n && overlap(other, &subnet))
				return NULL;
		}
		if (!addr_is_set(&n->subnet6.addr))
			n->subnet6 = subnet;
		if (prefix_equal(&n->subnet6, &subnet) && !taken_by(t, n, node, &p->addr))
			return i;
	}
	return NULL;
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

/* Whether the address can be one with the network's length; else a warning. */
static bool is_usable(struct draft *t, const struct draft_network *n, const struct fact_address *a)
{
	struct prefix p = a->address;
	char text[PREFIX_TEXT_MAX];

	if (n)
		p.len = p.addr.family == n->subnet.addr.family ? n->subnet.len : n->subnet6.len;
	if (draft_is_host(&p))
		return true;
	return diags_add(t->found, DIAG_WARNING, a->loc, NULL,
			 "%s is not an address that an interface can have: left out",
			 prefix_print(&p, text));
}

static struct draft_iface *iface_of(const struct draft_node *node, const struct draft_network *n,
				    const char *source_name)
{
	ptr_array_foreach(struct draft_iface, i, node->ifaces) {
		if (i->network == n && g_str_equal(i->source_name, source_name))
			return i;
	}
	return NULL;
}

/* Warns when another interface of the node has the address in that network. */
static bool is_own_twice(struct draft *t, const struct draft_node *node,
			 const struct draft_network *n, const char *source_name,
			 const struct fact_address *a)
{
	char text[ADDR_TEXT_MAX];

	ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
		if (i->network != n || !draft_iface_has(i, &a->address.addr))
			continue;
		diags_add(t->found, DIAG_WARNING, a->loc, "an address is there once in a network",
			  "'%s' and '%s' of '%s' both have %s: left out at '%s'", i->source_name,
			  source_name, node->name, addr_print(&a->address.addr, text), source_name);
		return true;
	}
	return false;
}

struct draft_iface *draft_add_address(struct draft *t, struct draft_node *node,
				      const char *source_name, const struct fact_address *a)
{
	const struct draft_network *n;
	struct draft_iface *i = same_link(t, node, source_name, &a->address);
	struct prefix p = a->address;

	if (!is_usable(t, NULL, a) || (!i && overlaps_own(t, node, a)))
		return NULL;
	n = i ? i->network : draft_join_network(t, node, a);
	if (!is_usable(t, n, a) || (!i && other_iface_overlaps(t, node, n, a)) ||
	    is_own_twice(t, node, n, source_name, a))
		return NULL;
	if (!i)
		i = iface_of(node, n, source_name);
	if (!i)
		i = draft_iface_new(node, source_name, n);
	p.len = p.addr.family == n->subnet.addr.family ? n->subnet.len : n->subnet6.len;
	g_array_append_val(i->addresses, p);
	return i;
}

/* The network of a host address: that of the interface's other addresses, or of what is on link to
 * it: its gateway, the other end of its line, another host.  NULL: neither has one. */
static const struct draft_network *wire_of(const struct draft *t, const struct draft_node *node,
					   const struct fact_iface *source,
					   const struct fact_address *a)
{
	const struct facts *f = node->facts;
	struct draft_node *owner = NULL;
	const struct draft_iface *i =
		addr_is_set(&a->peer) ? draft_owner(t, NULL, &a->peer, &owner) : NULL;

	ptr_array_foreach(const struct draft_iface, own, node->ifaces) {
		if (own->source == source)
			return own->network;
	}
	for (guint k = 0; k < f->routes->len && !i; k++) {
		const struct fact_route *r = f->routes->pdata[k];
		const struct addr *end = addr_is_set(&r->via) ? &r->via : &r->to.addr;
		bool is_host = addr_is_set(&r->via) || r->to.len == addr_bits(&r->to.addr);

		if (is_host && g_strcmp0(r->dev, source->name) == 0 && !facts_is_link_local(end))
			i = draft_owner(t, NULL, end, &owner);
	}
	return i && owner != node ? i->network : NULL;
}

/* Warns when another node has the address in that network. */
static bool is_taken(struct draft *t, const struct draft_node *node, const struct draft_network *n,
		     const struct fact_address *a)
{
	const struct draft_node *other = taken_by(t, n, node, &a->address.addr);
	char text[ADDR_TEXT_MAX];

	return other &&
	       !diags_add(t->found, DIAG_WARNING, a->loc, "an address is there once in a network",
			  "'%s' and '%s' both have %s: left out at '%s'", other->name, node->name,
			  addr_print(&a->address.addr, text), node->name);
}

/* The interface's line ends at the peer of its host address; a line has one other end. */
static void set_peer(const struct draft_node *node, struct draft_iface *i,
		     const struct fact_address *a)
{
	if (!addr_is_set(&i->peer) && a->peer.family == a->address.addr.family &&
	    !draft_node_has(node, &a->peer) && !draft_connected(node, &a->peer, NULL))
		i->peer = a->peer;
}

/* A host address: within a known subnet it gets that one's length. */
static struct draft_iface *add_host_address(struct draft *t, struct draft_node *node,
					    const struct fact_iface *source,
					    const struct fact_address *a)
{
	const struct draft_network *n = NULL;
	struct fact_address guess = *a;
	struct draft_iface *i = NULL;

	if (!is_usable(t, NULL, a))
		return NULL;
	for (guint k = 0; k < t->networks->len && !n; k++)
		n = network_contains(t->networks->pdata[k], &a->address.addr) ?
			    t->networks->pdata[k] :
			    NULL;
	guess.guessed = n;
	if (n || !(n = wire_of(t, node, source, a))) {
		i = draft_add_address(t, node, source->name, &guess);
		if (i && !n)
			set_peer(node, i, a);
		return i;
	}
	i = iface_of(node, n, source->name);
	if (is_taken(t, node, n, a) || overlaps_own(t, node, a) ||
	    is_own_twice(t, node, n, source->name, a) ||
	    (!i && other_iface_overlaps(t, node, n, a)))
		return NULL;
	if (!i)
		i = draft_iface_new(node, source->name, n);
	g_array_append_val(i->addresses, a->address);
	set_peer(node, i, a);
	return i;
}

/* Where only the subnet is known, an address is chosen. */
static struct draft_iface *add_unknown_address(struct draft *t, struct draft_node *node,
					       const struct fact_iface *source,
					       const struct fact_address *a)
{
	struct fact_address guess = *a;
	struct draft_iface *i = NULL;
	char subnet[PREFIX_TEXT_MAX], text[ADDR_TEXT_MAX];

	if (draft_free_address(t, NULL, &a->address, true, &guess.address.addr))
		i = draft_add_address(t, node, source->name, &guess);
	diags_add(t->found, DIAG_WARNING, a->loc, "import 'ip addr' or 'Get-NetIPAddress', too",
		  "the input does not say which address '%s' has in %s: %s%s", source->name,
		  prefix_print(&a->address, subnet),
		  i ? addr_print(&guess.address.addr, text) : "left out", i ? " is a guess" : "");
	if (i)
		i->note = "guess: the address";
	return i;
}

/* In the order of adding. */
enum address_kind { ADDRESS_KNOWN, ADDRESS_GUESSED, ADDRESS_HOST, ADDRESS_UNKNOWN, ADDRESS_KINDS };

static enum address_kind kind_of_address(const struct fact_address *a)
{
	if (a->unknown)
		return ADDRESS_UNKNOWN;
	if (a->guessed)
		return ADDRESS_GUESSED;
	return a->address.len == addr_bits(&a->address.addr) ? ADDRESS_HOST : ADDRESS_KNOWN;
}

static struct draft_iface *add_address(struct draft *t, struct draft_node *node,
				       const struct fact_iface *source,
				       const struct fact_address *a)
{
	enum address_kind kind = kind_of_address(a);

	if (kind == ADDRESS_HOST)
		return add_host_address(t, node, source, a);
	if (kind == ADDRESS_UNKNOWN)
		return add_unknown_address(t, node, source, a);
	return draft_add_address(t, node, source->name, a);
}

static void add_source_address(struct draft *t, struct draft_node *node,
			       const struct fact_iface *source, const struct fact_address *a)
{
	struct draft_iface *i = add_address(t, node, source, a);

	if (!i)
		return;
	i->up = source->up;
	i->source = source;
	if (!i->note)
		i->note = source->note;
}

/* IPv4 first: a network has an IPv4 subnet, and an IPv6 one beside it. */
static void add_addresses(struct draft *t, struct draft_node *node, enum address_kind kind)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (guint f = 0; f < G_N_ELEMENTS(families); f++) {
		ptr_array_foreach(const struct fact_iface, source, node->facts->ifaces) {
			for (guint n = 0; !source->left_out && n < source->addresses->len; n++) {
				const struct fact_address *a =
					&g_array_index(source->addresses, struct fact_address, n);

				if (kind_of_address(a) == kind &&
				    a->address.addr.family == families[f])
					add_source_address(t, node, source, a);
			}
		}
	}
}

void draft_addresses(struct draft *t)
{
	for (unsigned kind = 0; kind < ADDRESS_KINDS; kind++) {
		for (guint k = 0; k < t->nodes->len; k++)
			add_addresses(t, t->nodes->pdata[k], (enum address_kind)kind);
	}
}
