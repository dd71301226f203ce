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

/* The kernel's tables of one namespace, as they were at one moment each. */
struct tables {
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
		    !is_own_business(rtnl_addr_get_local(a)))
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

/* --- one object each; each function gives a new JSON object, or NULL for what is left out ----- */

json_t *inspect_address_json(struct nl_addr *a)
{
	char text[ADDR_TEXT_MAX];
	struct addr address = {.family = a ? nl_addr_get_family(a) : AF_UNSPEC};

	if (!a || nl_addr_get_len(a) * 8 != addr_bits(&address))
		return json_null();
	memcpy(address.bytes, nl_addr_get_binary_addr(a), nl_addr_get_len(a));
	return json_string(addr_print(&address, text));
}

/* The whole of 0.0.0.0/0 has no bytes. */
static json_t *prefix_json(struct nl_addr *a)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix p = {.addr.family = nl_addr_get_family(a),
			   .len = (uint8_t)nl_addr_get_prefixlen(a)};

	memcpy(p.addr.bytes, nl_addr_get_binary_addr(a),
	       MIN(nl_addr_get_len(a), addr_bits(&p.addr) / 8));
	return json_string(prefix_print(&p, text));
}

static json_t *device_json(const struct tables *t, int ifindex)
{
	char name[IFNAMSIZ];

	return ifindex > 0 && rtnl_link_i2name(t->links, ifindex, name, sizeof name) ?
		       json_string(name) :
		       json_null();
}

static json_t *addresses_json(const struct tables *t, int ifindex)
{
	json_t *list = json_array();

	for (struct nl_object *o = nl_cache_get_first(t->addresses); o; o = nl_cache_get_next(o)) {
		struct rtnl_addr *a = (struct rtnl_addr *)o;

		if (rtnl_addr_get_ifindex(a) == ifindex && is_told(t, rtnl_addr_get_local(a)))
			json_array_append_new(list, prefix_json(rtnl_addr_get_local(a)));
	}
	return list;
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

static json_t *link_json(const struct tables *t, struct nl_object *o)
{
	struct rtnl_link *link = (struct rtnl_link *)o;
	int ifindex = rtnl_link_get_ifindex(link);

	if (ifindex == LOOPBACK || ifindex >= EXEC_HIDDEN_IFINDEX || is_fallback_device(link))
		return NULL;
	return json_pack("{s:s, s:i, s:b, s:b, s:b, s:i, s:I, s:I, s:I, s:I, s:o}", "name",
			 rtnl_link_get_name(link), "ifindex", ifindex, "up",
			 (rtnl_link_get_flags(link) & IFF_UP) != 0, "carrier",
			 rtnl_link_get_carrier(link) != 0, "ethernet",
			 rtnl_link_get_arptype(link) == ARPHRD_ETHER, "mtu",
			 (int)rtnl_link_get_mtu(link), "rx_packets",
			 (json_int_t)rtnl_link_get_stat(link, RTNL_LINK_RX_PACKETS), "rx_bytes",
			 (json_int_t)rtnl_link_get_stat(link, RTNL_LINK_RX_BYTES), "tx_packets",
			 (json_int_t)rtnl_link_get_stat(link, RTNL_LINK_TX_PACKETS), "tx_bytes",
			 (json_int_t)rtnl_link_get_stat(link, RTNL_LINK_TX_BYTES), "addresses",
			 addresses_json(t, ifindex));
}

/* Routes that share their load over several hops are not made by any plan: the first stands for
 * all.  An IPv6 route that refuses has the loopback as its interface.  What the kernel has learned
 * of one host (its path MTU, RFC 1191) comes among its routes, marked as cloned, and is none. */
static json_t *route_json(const struct tables *t, struct nl_object *o)
{
	struct rtnl_route *route = (struct rtnl_route *)o;
	struct rtnl_nexthop *hop =
		rtnl_route_get_nnexthops(route) > 0 ? rtnl_route_nexthop_n(route, 0) : NULL;
	int ifindex = hop ? rtnl_route_nh_get_ifindex(hop) : 0;
	bool by_loopback = ifindex == LOOPBACK,
	     refuses = rtnl_route_get_type(route) >= RTN_BLACKHOLE;
	char type[32];

	if (!is_told(t, rtnl_route_get_dst(route)) ||
	    (rtnl_route_get_flags(route) & RTM_F_CLONED) != 0 ||
	    rtnl_route_get_table(route) == RT_TABLE_LOCAL || (by_loopback && !refuses))
		return NULL;
	return json_pack("{s:o, s:o, s:o, s:i, s:i, s:s}", "to",
			 prefix_json(rtnl_route_get_dst(route)), "via",
			 inspect_address_json(hop ? rtnl_route_nh_get_gateway(hop) : NULL), "dev",
			 by_loopback ? json_null() : device_json(t, ifindex), "table",
			 (int)rtnl_route_get_table(route), "metric",
			 (int)rtnl_route_get_priority(route), "type",
			 nl_rtntype2str(rtnl_route_get_type(route), type, sizeof type));
}

static const char *action_name(uint8_t action)
{
	static const char *const names[] = {
		[FR_ACT_TO_TBL] = "lookup",
		[FR_ACT_BLACKHOLE] = "blackhole",
		[FR_ACT_UNREACHABLE] = "unreachable",
		[FR_ACT_PROHIBIT] = "prohibit",
	};

	return action < G_N_ELEMENTS(names) && names[action] ? names[action] : "other";
}

/* libnl asks for the rules of all families, whatever it is told. */
static json_t *rule_json(const struct tables *t, struct nl_object *o)
{
	struct rtnl_rule *rule = (struct rtnl_rule *)o;
	struct nl_addr *from = rtnl_rule_get_src(rule);
	int family = rtnl_rule_get_family(rule);
	json_t *json;

	if ((family != AF_INET && !(family == AF_INET6 && t->ipv6)) ||
	    rtnl_rule_get_prio(rule) == 0)
		return NULL;
	json = json_pack("{s:i, s:o, s:i, s:s}", "pref", (int)rtnl_rule_get_prio(rule), "from",
			 from ? prefix_json(from) : json_null(), "table",
			 (int)rtnl_rule_get_table(rule), "action",
			 action_name(rtnl_rule_get_action(rule)));
	if (family == AF_INET6)
		json_object_set_new(json, "family", json_string("inet6"));
	return json;
}

/* Multicast and the like need no answer: the kernel calls them NOARP. */
static json_t *neighbour_json(const struct tables *t, struct nl_object *o)
{
	struct rtnl_neigh *neighbour = (struct rtnl_neigh *)o;
	int state = rtnl_neigh_get_state(neighbour);
	char name[32];

	if (!is_told(t, rtnl_neigh_get_dst(neighbour)) || state <= 0 || (state & NUD_NOARP) != 0)
		return NULL;
	return json_pack("{s:o, s:o, s:s}", "address",
			 inspect_address_json(rtnl_neigh_get_dst(neighbour)), "dev",
			 device_json(t, rtnl_neigh_get_ifindex(neighbour)), "state",
			 rtnl_neigh_state2str(state, name, sizeof name));
}

static json_t *list_json(const struct tables *t, struct nl_cache *cache,
			 json_t *(*func)(const struct tables *t, struct nl_object *o))
{
	json_t *list = json_array();

	for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
		json_t *item = func(t, o);

		if (item)
			json_array_append_new(list, item);
	}
	return list;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Takes `more` over. */
static void extend_list(json_t *list, json_t *more)
{
	json_array_extend(list, more);
	json_decref(more);
}

gboolean inspect_put_tables(json_t *node, GError **error)
{
	struct tables t;
	gboolean ok = tables_read(&t, error);

	if (ok) {
		json_object_set_new(node, "links", list_json(&t, t.links, link_json));
		json_object_set_new(node, "routes", list_json(&t, t.routes, route_json));
		if (t.ipv6)
			extend_list(json_object_get(node, "routes"),
				    list_json(&t, t.routes6, route_json));
		json_object_set_new(node, "rules", list_json(&t, t.rules, rule_json));
		json_object_set_new(node, "neighbours",
				    list_json(&t, t.neighbours, neighbour_json));
	}
	tables_clear(&t);
	return ok;
}
