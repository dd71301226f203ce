/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links, addresses, routes, rules and neighbours, over rtnetlink. */
#include "testbed/exec/inspect_parts.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netlink/cache.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>

#define LOOPBACK 1 /* always the first of a namespace */

G_STATIC_ASSERT((int)KERNEL_ROUTE_UNICAST == RTN_UNICAST &&
		(int)KERNEL_ROUTE_XRESOLVE == RTN_XRESOLVE);

/* The kernel's tables of one namespace, as they were at one moment each. */
struct tables {
	node_state *node;
	struct nl_sock *sock;
	struct nl_cache *links, *addresses, *routes, *routes6, *rules, *neighbours;
	bool ipv6; /* an interface has an IPv6 address that was given to it; else nothing of IPv6 is
		      told */
};

static void tables_clear(struct tables *t)
{
	struct nl_cache *const caches[] = {t->links,   t->addresses, t->routes,
					   t->routes6, t->rules,     t->neighbours};

	for (gsize i = 0; i < G_N_ELEMENTS(caches); i++)
		nl_cache_free(caches[i]);
	nl_socket_free(t->sock);
}

/* Link-local and multicast: every interface has them, and no plan makes them. */
static bool is_own_business(struct nl_addr *a)
{
	const guint8 *bytes = nl_addr_get_binary_addr(a);

	return nl_addr_get_family(a) == AF_INET6 && nl_addr_get_len(a) == 16 &&
	       (bytes[0] == 0xff || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80));
}

/* Whether the kernel made the address: a link-local one, of the hardware address (RFC 4291 appendix
 * A), or of a tunnel. */
static bool is_made_by_kernel(const struct tables *t, struct rtnl_addr *a)
{
	struct nl_addr *local = rtnl_addr_get_local(a);
	struct rtnl_link *link = rtnl_link_get(t->links, rtnl_addr_get_ifindex(a));
	const guint8 *bytes = nl_addr_get_binary_addr(local);
	bool made =
		is_own_business(local) && !(link && rtnl_link_get_arptype(link) == ARPHRD_ETHER &&
					    !(bytes[11] == 0xff && bytes[12] == 0xfe));

	if (link)
		rtnl_link_put(link);
	return made;
}

static bool is_told(const struct tables *t, struct nl_addr *a)
{
	int family = a ? nl_addr_get_family(a) : AF_UNSPEC;

	return family == AF_INET || (family == AF_INET6 && t->ipv6 && !is_own_business(a));
}

static bool has_ipv6(const struct tables *t)
{
	for (struct nl_object *o = nl_cache_get_first(t->addresses); o; o = nl_cache_get_next(o)) {
		struct rtnl_addr *a = (struct rtnl_addr *)o;

		if (rtnl_addr_get_family(a) == AF_INET6 && rtnl_addr_get_ifindex(a) != LOOPBACK &&
		    !is_made_by_kernel(t, a))
			return true;
	}
	return false;
}

/* A socket of its own: that of the namespace numbers its requests otherwise than libnl. */
static gboolean tables_read(struct tables *t, GError **error)
{
	int rc;

	*t = (struct tables){.sock = nl_socket_alloc()};
	rc = nl_connect(t->sock, NETLINK_ROUTE);
	if (rc == 0)
		rc = rtnl_link_alloc_cache(t->sock, AF_UNSPEC, &t->links);
	if (rc == 0)
		rc = rtnl_addr_alloc_cache(t->sock, &t->addresses);
	if (rc == 0)
		rc = rtnl_route_alloc_cache(t->sock, AF_INET, 0, &t->routes);
	t->ipv6 = rc == 0 && has_ipv6(t);
	if (rc == 0 && t->ipv6)
		rc = rtnl_route_alloc_cache(t->sock, AF_INET6, 0, &t->routes6);
	if (rc == 0)
		rc = rtnl_rule_alloc_cache(t->sock, AF_INET, &t->rules);
	if (rc == 0)
		rc = rtnl_neigh_alloc_cache(t->sock, &t->neighbours);
	return rc == 0 || inspect_fail(error, "links and routes", nl_geterror(rc));
}

/* --- one object each; false: it is left out --------------------------------------------------- */

struct addr inspect_address(struct nl_addr *a)
{
	struct addr address = {.family = a ? nl_addr_get_family(a) : AF_UNSPEC};

	if (!a || nl_addr_get_len(a) * 8 != addr_bits(&address))
		return (struct addr){.family = 0};
	memcpy(address.bytes, nl_addr_get_binary_addr(a), nl_addr_get_len(a));
	return address;
}

/* The whole of 0.0.0.0/0 has no bytes. */
static struct prefix prefix_of(struct nl_addr *a)
{
	struct prefix p = {.addr.family = nl_addr_get_family(a),
			   .len = (uint8_t)nl_addr_get_prefixlen(a)};

	memcpy(p.addr.bytes, nl_addr_get_binary_addr(a),
	       MIN(nl_addr_get_len(a), addr_bits(&p.addr) / 8));
	return p;
}

/* NULL: none. */
static const char *device_of(const struct tables *t, int ifindex)
{
	char name[IFNAMSIZ];

	return ifindex > 0 && rtnl_link_i2name(t->links, ifindex, name, sizeof name) ?
		       node_state_text(t->node, name) :
		       NULL;
}

static void put_addresses(const struct tables *t, int ifindex, GArray *list)
{
	for (struct nl_object *o = nl_cache_get_first(t->addresses); o; o = nl_cache_get_next(o)) {
		struct rtnl_addr *a = (struct rtnl_addr *)o;
		struct prefix p;

		if (rtnl_addr_get_ifindex(a) != ifindex || is_made_by_kernel(t, a) ||
		    (rtnl_addr_get_family(a) == AF_INET6 && !t->ipv6))
			continue;
		p = prefix_of(rtnl_addr_get_local(a));
		g_array_append_val(list, p);
	}
}

/* Where a kernel has loaded modules for tunnels it puts one device of each kind into every
 * namespace (net.core.fb_tunnels_only_for_init_net), down, by names of its own. */
static bool is_fallback_device(struct rtnl_link *link)
{
	static const char *const names[] = {"tunl0",   "gre0",	  "gretap0", "erspan0",	 "sit0",
					    "ip_vti0", "ip6tnl0", "ip6gre0", "ip6_vti0", NULL};

	return (rtnl_link_get_flags(link) & IFF_UP) == 0 &&
	       g_strv_contains(names, rtnl_link_get_name(link));
}

static void put_link(const struct tables *t, struct rtnl_link *link)
{
	int ifindex = rtnl_link_get_ifindex(link);
	struct kernel_link *l;

	if (ifindex == LOOPBACK || ifindex >= EXEC_HIDDEN_IFINDEX || is_fallback_device(link))
		return;
	l = node_state_add_link(t->node);
	l->name = node_state_text(t->node, rtnl_link_get_name(link));
	l->ifindex = (unsigned)ifindex;
	l->up = (rtnl_link_get_flags(link) & IFF_UP) != 0;
	l->carrier = rtnl_link_get_carrier(link) != 0;
	l->ethernet = rtnl_link_get_arptype(link) == ARPHRD_ETHER;
	l->mtu_bytes = rtnl_link_get_mtu(link);
	l->rx_packets = rtnl_link_get_stat(link, RTNL_LINK_RX_PACKETS);
	l->rx_bytes = rtnl_link_get_stat(link, RTNL_LINK_RX_BYTES);
	l->tx_packets = rtnl_link_get_stat(link, RTNL_LINK_TX_PACKETS);
	l->tx_bytes = rtnl_link_get_stat(link, RTNL_LINK_TX_BYTES);
	put_addresses(t, ifindex, l->addresses);
}

/* Routes that share their load over several hops are not made by any plan: the first stands for
 * all.  An IPv6 route that refuses has the loopback as its interface.  What the kernel has learned
 * of one host (its path MTU, RFC 1191) comes among its routes, marked as cloned, and is none. */
static bool read_route(const struct tables *t, struct nl_object *o, gpointer ret)
{
	struct rtnl_route *route = (struct rtnl_route *)o;
	struct rtnl_nexthop *hop =
		rtnl_route_get_nnexthops(route) > 0 ? rtnl_route_nexthop_n(route, 0) : NULL;
	int ifindex = hop ? rtnl_route_nh_get_ifindex(hop) : 0;
	bool by_loopback = ifindex == LOOPBACK,
	     refuses = rtnl_route_get_type(route) >= RTN_BLACKHOLE;

	if (!is_told(t, rtnl_route_get_dst(route)) ||
	    (rtnl_route_get_flags(route) & RTM_F_CLONED) != 0 ||
	    rtnl_route_get_table(route) == RT_TABLE_LOCAL || (by_loopback && !refuses) ||
	    rtnl_route_get_type(route) >= KERNEL_ROUTE_TYPE_COUNT)
		return false;
	*(struct kernel_route *)ret = (struct kernel_route){
		.to = prefix_of(rtnl_route_get_dst(route)),
		.via = inspect_address(hop ? rtnl_route_nh_get_gateway(hop) : NULL),
		.dev = by_loopback ? NULL : device_of(t, ifindex),
		.table = rtnl_route_get_table(route),
		.metric = rtnl_route_get_priority(route),
		.type = (enum kernel_route_type)rtnl_route_get_type(route),
	};
	return true;
}

static enum kernel_rule_action action_of(uint8_t action)
{
	switch (action) {
	case FR_ACT_TO_TBL:
		return KERNEL_RULE_LOOKUP;
	case FR_ACT_BLACKHOLE:
		return KERNEL_RULE_BLACKHOLE;
	case FR_ACT_UNREACHABLE:
		return KERNEL_RULE_UNREACHABLE;
	case FR_ACT_PROHIBIT:
		return KERNEL_RULE_PROHIBIT;
	default:
		return KERNEL_RULE_OTHER;
	}
}

/* libnl asks for the rules of all families, whatever it is told. */
static bool read_rule(const struct tables *t, struct nl_object *o, gpointer ret)
{
	struct rtnl_rule *rule = (struct rtnl_rule *)o;
	struct nl_addr *from = rtnl_rule_get_src(rule);
	int family = rtnl_rule_get_family(rule);

	if ((family != AF_INET && !(family == AF_INET6 && t->ipv6)) ||
	    rtnl_rule_get_prio(rule) == 0)
		return false;
	*(struct kernel_rule *)ret = (struct kernel_rule){
		.pref = rtnl_rule_get_prio(rule),
		.table = rtnl_rule_get_table(rule),
		.from = from ? prefix_of(from) : (struct prefix){.len = 0},
		.in = node_state_text(t->node, rtnl_rule_get_iif(rule)),
		.action = action_of(rtnl_rule_get_action(rule)),
		.family = family,
	};
	return true;
}

/* Multicast and the like need no answer: the kernel calls them NOARP. */
static bool read_neighbour(const struct tables *t, struct nl_object *o, gpointer ret)
{
	static const int states[NEIGHBOUR_STATE_COUNT] = {
		[NEIGHBOUR_INCOMPLETE] = NUD_INCOMPLETE, [NEIGHBOUR_REACHABLE] = NUD_REACHABLE,
		[NEIGHBOUR_STALE] = NUD_STALE,		 [NEIGHBOUR_DELAY] = NUD_DELAY,
		[NEIGHBOUR_PROBE] = NUD_PROBE,		 [NEIGHBOUR_FAILED] = NUD_FAILED,
		[NEIGHBOUR_PERMANENT] = NUD_PERMANENT,
	};
	struct rtnl_neigh *neighbour = (struct rtnl_neigh *)o;
	struct kernel_neighbour *n = ret;

	if (!is_told(t, rtnl_neigh_get_dst(neighbour)))
		return false;
	n->address = inspect_address(rtnl_neigh_get_dst(neighbour));
	n->dev = device_of(t, rtnl_neigh_get_ifindex(neighbour));
	for (n->state = 0; n->state < NEIGHBOUR_STATE_COUNT; n->state++)
		if (rtnl_neigh_get_state(neighbour) == states[n->state])
			return addr_is_set(&n->address);
	return false;
}

static void put_list(const struct tables *t, struct nl_cache *cache, GArray *to,
		     bool (*func)(const struct tables *t, struct nl_object *o, gpointer ret))
{
	for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
		g_array_set_size(to, to->len + 1);
		if (!func(t, o, to->data + (gsize)(to->len - 1) * g_array_get_element_size(to)))
			g_array_set_size(to, to->len - 1);
	}
}

/* --- all of it -------------------------------------------------------------------------------- */

gboolean inspect_put_tables(node_state *n, GError **error)
{
	struct tables t;
	gboolean ok = tables_read(&t, error);

	t.node = n;
	if (ok) {
		for (struct nl_object *o = nl_cache_get_first(t.links); o; o = nl_cache_get_next(o))
			put_link(&t, (struct rtnl_link *)o);
		put_list(&t, t.routes, n->routes, read_route);
		if (t.ipv6)
			put_list(&t, t.routes6, n->routes, read_route);
		put_list(&t, t.rules, n->rules, read_rule);
		put_list(&t, t.neighbours, n->neighbours, read_neighbour);
	}
	tables_clear(&t);
	return ok;
}
