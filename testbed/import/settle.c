/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/facts.h"

#include <string.h>

/* Theory of operation.
 *
 * A routing table tells of addresses only indirectly, and often it takes two texts to read one line
 * of it: which interfaces are in a VRF is in `ip addr`, which subnet an address is in may be in
 * `netstat -rn`.  So parsers write down lines as they are, and this is done when all are read:
 *
 * 1. A VRF is a router of its own: its interfaces and routes become the facts of another node.
 * 2. Of a tunnel both ends are needed (tunnels.c); others are left out.
 * 3. An own address and the smallest subnet on link at the same interface that contains it make an
 * address with a prefix length.  Without such a subnet it is a host address.  A subnet in which the
 * node has no address shows that there is one, but not which.
 * 4. What a topology cannot have is taken away, each with a warning: policy rules that ask for more
 * than a source and an interface, tables that no other rule names, and routes by interfaces that
 * are left out.
 *
 * Which of several routes to one destination is the best is decided later, among those that can be
 * written (draft_routes). */

/* --- VRFs ------------------------------------------------------------------------------------- */

static struct facts *vrf_facts(GPtrArray *all, struct facts *f, const struct fact_iface *i,
			       diags *d)
{
	g_autofree char *name = g_strdup_printf("%.40s-%.20s", f->node, i->master);
	struct facts *own;

	g_strcanon(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_", '-');
	for (guint k = 0; k < all->len; k++) {
		own = all->pdata[k];
		if (g_str_equal(own->node, name))
			return own;
	}
	own = facts_new(name, i->loc);
	g_ptr_array_add(own->notes, g_strdup_printf("VRF %s of %s", i->master, f->node));
	g_ptr_array_add(all, own);
	diags_add(d, DIAG_WARNING, i->loc, "a VRF has interfaces and routes of its own",
		  "VRF '%s' of '%s' is written as a node of its own, '%s'", i->master, f->node,
		  name);
	return own;
}

/* Whether the route is in the VRF: its interface is, or its table is the VRF's. */
static bool is_in_vrf(const struct fact_route *r, const struct fact_iface *i, const char *table)
{
	if (r->dev)
		return g_str_equal(r->dev, i->name);
	return r->table && (g_str_equal(r->table, i->master) || g_strcmp0(r->table, table) == 0);
}

static void move_to_vrf(struct facts *f, guint index, struct facts *own)
{
	struct fact_iface *i = g_ptr_array_steal_index(f->ifaces, index);
	const char *table = facts_find(f, i->master)->table;

	g_ptr_array_add(own->ifaces, i);
	for (guint k = f->routes->len; k-- > 0;) {
		struct fact_route *r = f->routes->pdata[k];

		if (!is_in_vrf(r, i, table))
			continue;
		g_clear_pointer(&r->table, g_free);
		g_ptr_array_insert(own->routes, 0, g_ptr_array_steal_index(f->routes, k));
	}
	for (guint k = f->links->len; k-- > 0;) {
		if (g_str_equal(((struct fact_link *)f->links->pdata[k])->dev, i->name))
			g_ptr_array_insert(own->links, 0, g_ptr_array_steal_index(f->links, k));
	}
	g_clear_pointer(&i->master, g_free); /* it is in no VRF of that node */
}

static void split_vrfs(GPtrArray *all, struct facts *f, diags *d)
{
	for (guint k = 0; k < f->ifaces->len;) {
		const struct fact_iface *i = f->ifaces->pdata[k];
		const struct fact_iface *vrf = facts_find(f, i->master);

		if (vrf && vrf != i && vrf->is_vrf && i->addresses->len > 0)
			move_to_vrf(f, k, vrf_facts(all, f, i, d));
		else
			k++;
	}
}

/* --- addresses -------------------------------------------------------------------------------- */

/* A default route on link of Windows, and the halves of all addresses on any system, are what a VPN
 * client adds. */
static bool is_of_vpn_client(const struct facts *f, const struct fact_route *r)
{
	return r->dev && !r->table && !r->type &&
	       (r->to.len == 1 || (r->to.len == 0 && f->windows && !addr_is_set(&r->via)));
}

static void leave_out_vpn_clients(struct facts *f, diags *d)
{
	ptr_array_foreach(const struct fact_route, r, f->routes) {
		struct fact_iface *i =
			is_of_vpn_client(f, r) ? facts_iface(f, r->dev, r->loc, d) : NULL;

		if (!i || i->left_out)
			continue;
		i->left_out = r->to.len == 1 ?
				      "a VPN client's, with one half of all addresses" :
				      "a VPN client's or a modem's, with the default route on "
				      "link";
		diags_add(d, DIAG_WARNING, i->loc,
			  "the network is written as it is while no VPN is connected; 'tunnels' in "
			  "docs/FORMATS.md has VPNs",
			  "'%s' is left out: it is %s", i->name, i->left_out);
	}
}

/* Devices that are tunnels by the name that their driver gives them, where nothing else tells. */
static bool is_tunnel_name(const char *name)
{
	static const char *const drivers[] = {"utun", "ipsec", "gif",	    "stf",     "tun",
					      "wg",   "tap",   "tailscale", "nordlynx"};

	for (guint k = 0; name && k < G_N_ELEMENTS(drivers); k++) {
		const char *rest = name + strlen(drivers[k]);

		if (g_str_has_prefix(name, drivers[k]) && *rest &&
		    strspn(rest, G_CSET_DIGITS) == strlen(rest))
			return true;
	}
	return false;
}

static void leave_out_tunnel(struct facts *f, const char *dev, struct loc loc, diags *d)
{
	struct fact_iface *i = is_tunnel_name(dev) ? facts_iface(f, dev, loc, d) : NULL;

	if (!i || i->left_out || i->has_type)
		return;
	i->left_out = "a tunnel, by its name";
	i->tunnel = "wireguard";
}

static void leave_out_tunnels(struct facts *f, diags *d)
{
	ptr_array_foreach(const struct fact_route, r, f->routes)
		leave_out_tunnel(f, r->dev, r->loc, d);
	ptr_array_foreach(const struct fact_link, l, f->links)
		leave_out_tunnel(f, l->dev, l->loc, d);
	ptr_array_foreach(const struct fact_iface, i, f->ifaces)
		leave_out_tunnel(f, i->name, i->loc, d);
}

/* Those whose other end is unknown. */
static void drop_tunnels(const struct facts *f, diags *d)
{
	ptr_array_foreach(const struct fact_iface, i, f->ifaces) {
		if (!i->left_out || !i->tunnel)
			continue;
		g_array_set_size(i->addresses, 0);
		diags_add(d, DIAG_WARNING, i->loc,
			  "import the router at its other end, too, or write it under 'tunnels', "
			  "docs/FORMATS.md",
			  "'%s' is %s: left out", i->name, i->left_out);
	}
}

static void rename_dev(char **dev, const char *from, const char *to)
{
	if (g_strcmp0(*dev, from) != 0)
		return;
	g_free(*dev);
	*dev = g_strdup(to);
}

/* One text may name an interface by its number, another one by its name: an own address that both
 * have shows that it is the same. */
static void join_names(struct facts *f)
{
	ptr_array_foreach(const struct fact_link, l, f->links) {
		const struct fact_iface *i = l->own ? facts_owner(f, &l->to.addr) : NULL;
		g_autofree char *other = g_strdup(l->dev);

		if (!i || facts_find(f, other))
			continue;
		ptr_array_foreach(struct fact_link, link, f->links)
			rename_dev(&link->dev, other, i->name);
		ptr_array_foreach(struct fact_route, route, f->routes)
			rename_dev(&route->dev, other, i->name);
	}
}

/* Whether the node has an address of its own in the prefix at that interface, and no subnet for it.
 */
static bool has_lone_address(const struct facts *f, const char *dev, const struct prefix *to)
{
	bool any = false;

	ptr_array_foreach(const struct fact_link, l, f->links) {
		if (!g_str_equal(l->dev, dev))
			continue;
		if (!l->own && prefix_overlaps(&l->to, to))
			return false;
		any = any || (l->own && prefix_contains(to, &l->to.addr));
	}
	return any;
}

/* A router's advertisement makes an IPv6 subnet a route on link, with a metric of its own. */
static void find_advertised_subnets(struct facts *f, diags *d)
{
	for (guint k = f->routes->len; k-- > 0;) {
		const struct fact_route *r = f->routes->pdata[k];

		const struct fact_iface *i = facts_find(f, r->dev);

		if (addr_is_set(&r->via) || r->type || r->table || !r->dev || r->to.len != 64 ||
		    r->to.addr.family != AF_INET6 || (i && i->left_out) ||
		    !has_lone_address(f, r->dev, &r->to))
			continue;
		facts_link(f, &(struct fact_link){.dev = r->dev, .to = r->to, .loc = r->loc}, d);
		g_ptr_array_remove_index(f->routes, k);
	}
}

/* The smallest subnet on link at the interface that contains the address; else a host's length. */
static uint8_t length_of(const struct facts *f, const char *dev, const struct addr *a)
{
	uint8_t length = 0;

	ptr_array_foreach(const struct fact_link, l, f->links) {
		if (!l->own && g_str_equal(l->dev, dev) && prefix_contains(&l->to, a))
			length = MAX(length, l->to.len);
	}
	return length > 0 ? length : addr_bits(a);
}

static bool has_address_in(const struct facts *f, const struct prefix *subnet)
{
	ptr_array_foreach(const struct fact_iface, i, f->ifaces) {
		for (guint n = 0; n < i->addresses->len; n++) {
			if (prefix_contains(subnet,
					    &g_array_index(i->addresses, struct fact_address, n)
						     .address.addr))
				return true;
		}
	}
	return false;
}

static void add_link_address(struct facts *f, const struct fact_link *l, diags *d)
{
	struct fact_address a = {
		.address = l->to, .peer = l->peer, .unknown = !l->own, .loc = l->loc};
	struct fact_iface *i;

	if (l->own ? facts_owner(f, &l->to.addr) != NULL : has_address_in(f, &l->to))
		return;
	i = facts_iface(f, l->dev, l->loc, d);
	if (!i || i->left_out)
		return;
	if (l->own)
		a.address.len = length_of(f, l->dev, &l->to.addr);
	if (l->own && facts_is_broadcast(&a.address))
		facts_usual(f, "broadcast addresses");
	else
		facts_address(i, &a, d);
}

/* Own addresses first: they show which subnets have one. */
static void add_link_addresses(struct facts *f, diags *d)
{
	for (int own = 1; own >= 0; own--) {
		ptr_array_foreach(const struct fact_link, l, f->links) {
			if (l->own == own)
				add_link_address(f, l, d);
		}
	}
}

/* When nothing says an address of the node, there is still one near each gateway. */
static void guess_by_gateways(struct facts *f, diags *d)
{
	bool any = f->links->len > 0;

	for (guint k = 0; k < f->ifaces->len; k++)
		any = any || ((const struct fact_iface *)f->ifaces->pdata[k])->addresses->len > 0;
	for (guint k = 0; !any && k < f->routes->len; k++) {
		const struct fact_route *r = f->routes->pdata[k];
		struct prefix near = {r->via, r->via.family == AF_INET ? 24 : 64};
		struct fact_address a = {.unknown = true, .guessed = true, .loc = r->loc};
		struct fact_iface *i;

		a.address = prefix_network(&near);
		if (!r->dev || r->table || !addr_is_set(&r->via) || facts_is_link_local(&r->via) ||
		    has_address_in(f, &a.address))
			continue;
		i = facts_iface(f, r->dev, r->loc, d);
		if (i && !i->left_out)
			facts_address(i, &a, d);
	}
}

static void note_link_locals(struct facts *f)
{
	char text[ADDR_TEXT_MAX];

	ptr_array_foreach(const struct fact_iface, i, f->ifaces) {
		for (guint n = 0; n < i->link_locals->len; n++)
			facts_usual(f, addr_print(&g_array_index(i->link_locals, struct addr, n),
						  text));
	}
}

/* --- what is left out ------------------------------------------------------------------------- */

/* The rules that lead to a table, as " (rule: from 10.0.2.0/24)".  The caller frees. */
static char *rules_of(const struct facts *f, const char *table)
{
	GString *text = g_string_new(NULL);

	for (guint k = 0; k < f->rules->len && text->len < 160; k++) {
		const struct fact_rule *r = f->rules->pdata[k];

		if (g_strcmp0(r->table, table) == 0)
			g_string_append_printf(
				text, "%s'%s'",
				text->len > 0 ? ", " : ", which is used by the rule ", r->text);
	}
	return g_string_free(text, FALSE);
}

/* Whether a rule that is written leads to the table. */
static bool is_written_table(const struct facts *f, const char *table)
{
	ptr_array_foreach(const struct fact_rule, r, f->rules)
		if (!r->left_out && g_str_equal(r->table, table))
			return true;
	return false;
}

/* Whether the route stays; else a warning says why not. */
static bool is_kept(const struct facts *f, const struct fact_route *r, diags *d)
{
	const struct fact_iface *i = facts_find(f, r->dev);
	char to[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX];
	bool has_gateway = addr_is_set(&r->via);

	prefix_print(&r->to, to);
	addr_print(&r->via, via);
	if (r->table && !is_written_table(f, r->table)) {
		g_autofree char *rules = rules_of(f, r->table);

		return diags_add(d, DIAG_WARNING, r->loc,
				 f->rules->len > 0 ?
					 "no policy rule that is written leads to it" :
					 "import 'ip rule', too, which tells who uses it",
				 "the route to %s%s%s is left out: it is in table %s%s", to,
				 has_gateway ? " via " : "", has_gateway ? via : "", r->table,
				 rules);
	}
	if (!i || !i->left_out)
		return true;
	return diags_add(d, DIAG_WARNING, r->loc, NULL,
			 "the route to %s%s%s is left out: '%s' is %s", to,
			 has_gateway ? " via " : "", has_gateway ? via : "", i->name, i->left_out);
}

static bool has_routes(const struct facts *f, const char *table)
{
	ptr_array_foreach(const struct fact_route, r, f->routes)
		if (g_strcmp0(r->table, table) == 0)
			return true;
	return false;
}

/* Why a topology cannot have the rule; NULL: it can. */
static const char *refuse_rule(const struct facts *f, const struct fact_rule *r)
{
	const struct fact_iface *in = facts_find(f, r->in);

	if (f->windows)
		return "a strong host has a table for each interface, and no others";
	if (!r->is_plain)
		return "a policy rule has 'from', 'in' and 'table' here";
	if (r->in && (!in || in->left_out))
		return "the interface is not written";
	if (!has_routes(f, r->table))
		return "import 'ip route show table all': no route of that table is known";
	return NULL;
}

/* Marks the rules that are left out. */
static void choose_rules(const struct facts *f, diags *d)
{
	ptr_array_foreach(struct fact_rule, r, f->rules) {
		const char *why = refuse_rule(f, r);

		r->left_out = why;
		if (why)
			diags_add(d, DIAG_WARNING, r->loc, why, "the policy rule '%s' is left out",
				  r->text);
	}
}

static void settle_one(struct facts *f, diags *d)
{
	guint kept = 0;

	drop_tunnels(f, d);
	leave_out_vpn_clients(f, d);
	find_advertised_subnets(f, d);
	add_link_addresses(f, d);
	guess_by_gateways(f, d);
	note_link_locals(f);
	choose_rules(f, d);
	ptr_array_foreach(struct fact_route, r, f->routes) {
		if (is_kept(f, r, d))
			f->routes->pdata[kept++] = r;
		else
			object_free(r);
	}
	for (guint k = kept; k < f->routes->len; k++)
		f->routes->pdata[k] = NULL; /* moved or freed */
	g_ptr_array_set_size(f->routes, (int)kept);
	if (f->usual->len > 0)
		g_ptr_array_add(f->notes, g_strdup_printf("left out, as every machine has them: %s",
							  f->usual->str));
}

void facts_settle(GPtrArray *all, diags *d)
{
	for (guint k = 0; k < all->len; k++) /* it grows meanwhile */
		split_vrfs(all, all->pdata[k], d);
	ptr_array_foreach(struct facts, f, all) {
		join_names(f);
		leave_out_tunnels(f, d);
	}
	facts_join_tunnels(all);
	ptr_array_foreach(struct facts, f, all)
		settle_one(f, d);
}
