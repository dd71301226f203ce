#include "testbed/exec/inspect.h"

#include "testbed/exec/linux.h"

#include <arpa/inet.h>
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
	bool ipv6; /* an interface has an IPv6 address that was given to it; else nothing of IPv6 is told */
};

static gboolean fail(GError **error, const char *what, const char *words)
{
	g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "read %s: %s", what, words);
	return FALSE;
}

static void tables_clear(struct tables *t)
{
	struct nl_cache *const caches[] = { t->links, t->addresses, t->routes, t->routes6, t->rules, t->neighbours };

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

	*t = (struct tables){ .sock = nl_socket_alloc() };
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
	return rc == 0 || fail(error, "links and routes", nl_geterror(rc));
}

/* --- one object each; each function gives a new JSON object, or NULL for what is left out ------------- */

static json_t *address_json(struct nl_addr *a)
{
	char text[ADDR_TEXT_MAX];
	struct addr address = { .family = a ? nl_addr_get_family(a) : AF_UNSPEC };

	if (!a || nl_addr_get_len(a) * 8 != addr_bits(&address))
		return json_null();
	memcpy(address.bytes, nl_addr_get_binary_addr(a), nl_addr_get_len(a));
	return json_string(addr_print(&address, text));
}

/* The whole of 0.0.0.0/0 has no bytes. */
static json_t *prefix_json(struct nl_addr *a)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix p = { .addr.family = nl_addr_get_family(a), .len = (uint8_t)nl_addr_get_prefixlen(a) };

	memcpy(p.addr.bytes, nl_addr_get_binary_addr(a), MIN(nl_addr_get_len(a), addr_bits(&p.addr) / 8));
	return json_string(prefix_print(&p, text));
}

static json_t *device_json(const struct tables *t, int ifindex)
{
	char name[IFNAMSIZ];

	return ifindex > 0 && rtnl_link_i2name(t->links, ifindex, name, sizeof name) ? json_string(name)
											 : json_null();
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

static json_t *link_json(const struct tables *t, struct nl_object *o)
{
	struct rtnl_link *link = (struct rtnl_link *)o;
	int ifindex = rtnl_link_get_ifindex(link);

	if (ifindex == LOOPBACK || ifindex >= EXEC_HIDDEN_IFINDEX)
		return NULL;
	return json_pack("{s:s, s:i, s:b, s:b, s:b, s:i, s:I, s:I, s:I, s:I, s:o}", "name", rtnl_link_get_name(link), "ifindex", ifindex,
			 "up", (rtnl_link_get_flags(link) & IFF_UP) != 0, "carrier", rtnl_link_get_carrier(link) != 0, "ethernet",
			 rtnl_link_get_arptype(link) == ARPHRD_ETHER, "mtu", (int)rtnl_link_get_mtu(link), "rx_packets",
			 (json_int_t)rtnl_link_get_stat(link, RTNL_LINK_RX_PACKETS), "rx_bytes",
			 (json_int_t)rtnl_link_get_stat(link, RTNL_LINK_RX_BYTES), "tx_packets",
			 (json_int_t)rtnl_link_get_stat(link, RTNL_LINK_TX_PACKETS), "tx_bytes",
			 (json_int_t)rtnl_link_get_stat(link, RTNL_LINK_TX_BYTES), "addresses", addresses_json(t, ifindex));
}

/* Routes that share their load over several hops are not made by any plan: the first stands for all.  An IPv6 route
 * that refuses has the loopback as its interface. */
static json_t *route_json(const struct tables *t, struct nl_object *o)
{
	struct rtnl_route *route = (struct rtnl_route *)o;
	struct rtnl_nexthop *hop = rtnl_route_get_nnexthops(route) > 0 ? rtnl_route_nexthop_n(route, 0) : NULL;
	int ifindex = hop ? rtnl_route_nh_get_ifindex(hop) : 0;
	bool by_loopback = ifindex == LOOPBACK, refuses = rtnl_route_get_type(route) >= RTN_BLACKHOLE;
	char type[32];

	if (!is_told(t, rtnl_route_get_dst(route)) || rtnl_route_get_table(route) == RT_TABLE_LOCAL ||
	    (by_loopback && !refuses))
		return NULL;
	return json_pack("{s:o, s:o, s:o, s:i, s:i, s:s}", "to", prefix_json(rtnl_route_get_dst(route)), "via",
			 address_json(hop ? rtnl_route_nh_get_gateway(hop) : NULL), "dev", by_loopback ? json_null() : device_json(t, ifindex),
			 "table", (int)rtnl_route_get_table(route), "metric", (int)rtnl_route_get_priority(route),
			 "type", nl_rtntype2str(rtnl_route_get_type(route), type, sizeof type));
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

	if ((family != AF_INET && !(family == AF_INET6 && t->ipv6)) || rtnl_rule_get_prio(rule) == 0)
		return NULL;
	json = json_pack("{s:i, s:o, s:i, s:s}", "pref", (int)rtnl_rule_get_prio(rule), "from",
			 from ? prefix_json(from) : json_null(), "table", (int)rtnl_rule_get_table(rule), "action",
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
	return json_pack("{s:o, s:o, s:s}", "address", address_json(rtnl_neigh_get_dst(neighbour)), "dev",
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

/* --- /proc, as the thread sees it inside the namespace ------------------------------------------------ */

static char *read_proc(const char *path, GError **error)
{
	g_autoptr(GError) inner = NULL;
	char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, &inner))
		fail(error, path, inner->message);
	return text;
}

/* "Ip: InReceives OutNoRoutes" and below it "Ip: 12 3"; the counters are "IpInReceives", "IpOutNoRoutes". */
static void add_counters(json_t *counters, const char *names_line, const char *values_line)
{
	g_auto(GStrv) names = g_strsplit(names_line, " ", -1), values = g_strsplit(values_line, " ", -1);
	gsize length = strlen(names[0]);

	if (length == 0 || g_strcmp0(names[0], values[0]) != 0)
		return;
	names[0][length - 1] = '\0'; /* the colon */
	for (guint i = 1; names[i] && values[i]; i++) {
		g_autofree char *name = g_strconcat(names[0], names[i], NULL);
		gint64 value = g_ascii_strtoll(values[i], NULL, 10);

		if (value != 0)
			json_object_set_new(counters, name, json_integer(value));
	}
}

/* Whether something of IPv6 is told of the node. */
static bool tells_ipv6(const json_t *node)
{
	const json_t *links = json_object_get(node, "links"), *link, *address;
	size_t i, k;

	json_array_foreach (links, i, link)
		json_array_foreach (json_object_get(link, "addresses"), k, address)
			if (strchr(json_string_value(address), ':'))
				return true;
	return false;
}

/* A line each: "Ip6OutNoRoutes   3". */
static gboolean put_counters6(json_t *counters, GError **error)
{
	g_autofree char *text = read_proc("/proc/thread-self/net/snmp6", error);
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

	for (guint i = 0; lines && lines[i]; i++) {
		char name[64];
		long long value;

		if (sscanf(lines[i], "%63s %lld", name, &value) == 2 && value != 0)
			json_object_set_new(counters, name, json_integer(value));
	}
	return lines != NULL;
}

static gboolean put_counters(json_t *node, GError **error)
{
	static const char *const paths[] = { "/proc/thread-self/net/snmp", "/proc/thread-self/net/netstat" };
	json_t *counters = json_object();

	json_object_set_new(node, "counters", counters);
	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autofree char *text = read_proc(paths[i], error);
		g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

		if (!lines)
			return FALSE;
		for (guint k = 0; lines[k] && lines[k + 1]; k += 2)
			add_counters(counters, lines[k], lines[k + 1]);
	}
	return !tells_ipv6(node) || put_counters6(counters, error);
}

static gboolean put_sysctl(json_t *to, const char *name, const char *path, GError **error)
{
	g_autofree char *text = read_proc(path, error);

	return text && json_object_set_new(to, name, json_integer(g_ascii_strtoll(text, NULL, 10))) == 0;
}

static gboolean put_rp_filter(json_t *to, const char *interface, GError **error)
{
	g_autofree char *path = g_strdup_printf("/proc/sys/net/ipv4/conf/%s/rp_filter", interface);

	return put_sysctl(to, interface, path, error);
}

static gboolean put_sysctls(json_t *node, GError **error)
{
	const json_t *links = json_object_get(node, "links"), *link;
	json_t *rp_filter = json_object(), *sysctl = json_pack("{s:o}", "rp_filter", rp_filter);
	size_t i;

	json_object_set_new(node, "sysctl", sysctl);
	if (!put_sysctl(sysctl, "ip_forward", "/proc/sys/net/ipv4/ip_forward", error) ||
	    !put_rp_filter(rp_filter, "all", error))
		return FALSE;
	json_array_foreach (links, i, link)
		if (!put_rp_filter(rp_filter, json_string_value(json_object_get(link, "name")), error))
			return FALSE;
	return !tells_ipv6(node) || put_sysctl(sysctl, "ip6_forward", "/proc/sys/net/ipv6/conf/all/forwarding", error);
}

/* --- who listens ------------------------------------------------------------------------------------------ */

/* The kernel writes an address as words of four bytes, as they lie in memory. */
static bool read_words(const char *hex, struct addr *ret)
{
	gsize words = strlen(hex) / 8;

	*ret = (struct addr){ .family = words == 1 ? AF_INET : AF_INET6 };
	for (gsize i = 0; i < words; i++) {
		unsigned word;

		if (i > 3 || sscanf(hex + 8 * i, "%8X", &word) != 1)
			return false;
		memcpy(ret->bytes + 4 * i, &word, 4);
	}
	return words == 1 || words == 4;
}

/* A line of /proc/net/tcp or udp, "0: 0A01000A:13C5 00000000:0000 0A ...": a TCP socket that listens (state 0A), a UDP
 * socket that is connected to nobody. */
static json_t *listener_json(const char *line, bool tcp)
{
	unsigned port, peer_port, state;
	char hex[33], text[ADDR_TEXT_MAX];
	struct addr address;

	if (sscanf(line, " %*u: %32[0-9A-F]:%4X %*32[0-9A-F]:%4X %2X", hex, &port, &peer_port, &state) != 4)
		return NULL;
	if ((tcp ? state != 0x0a : peer_port != 0) || !read_words(hex, &address))
		return NULL;
	addr_print(&address, text);
	return json_pack("{s:s, s:s, s:i}", "proto", tcp ? "tcp" : "udp", "address", text, "port", (int)port);
}

static gboolean put_listeners(json_t *node, GError **error)
{
	static const char *const paths[] = { "/proc/thread-self/net/udp", "/proc/thread-self/net/tcp", "/proc/thread-self/net/udp6",
					     "/proc/thread-self/net/tcp6" };
	gsize n = tells_ipv6(node) ? 4 : 2;
	json_t *list = json_array();

	json_object_set_new(node, "listeners", list);
	for (gsize i = 0; i < n; i++) {
		g_autofree char *text = read_proc(paths[i], error);
		g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

		for (guint k = 0; lines && lines[k]; k++) {
			json_t *listener = listener_json(lines[k], i % 2 == 1);

			if (listener)
				json_array_append_new(list, listener);
		}
		if (!lines)
			return FALSE;
	}
	return TRUE;
}

/* --- nftables ------------------------------------------------------------------------------------------ */

/* `... counter packets N bytes N ... comment "NAME"`; NULL: a line without one of the two. */
static json_t *nft_rule_json(const char *line, const char *table, const char *chain)
{
	const char *counter = strstr(line, "counter packets "), *comment = counter ? strstr(counter, " comment \"") : NULL;
	unsigned long long packets, bytes;
	g_autofree char *name = NULL;

	if (!comment || sscanf(counter, "counter packets %llu bytes %llu", &packets, &bytes) != 2)
		return NULL;
	comment += strlen(" comment \"");
	name = g_strndup(comment, strcspn(comment, "\""));
	return json_pack("{s:s, s:s, s:s, s:I, s:I}", "table", table, "chain", chain, "name", name, "packets",
			 (json_int_t)packets, "bytes", (json_int_t)bytes);
}

/* "table inet NAME {", "chain NAME {" and rules, as `nft list ruleset` writes them. */
static void put_nft_rules(json_t *list, const char *ruleset)
{
	g_auto(GStrv) lines = g_strsplit(ruleset, "\n", -1);
	g_autofree char *table = g_strdup(""), *chain = g_strdup("");

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit(g_strstrip(*line), " ", 4);
		guint n = g_strv_length(words);
		json_t *rule;

		if (n == 4 && g_str_equal(words[0], "table")) {
			g_free(table);
			table = g_strdup(words[2]);
		} else if (n == 3 && g_str_equal(words[0], "chain")) {
			g_free(chain);
			chain = g_strdup(words[1]);
		} else if ((rule = nft_rule_json(*line, table, chain))) {
			json_array_append_new(list, rule);
		}
	}
}

/* A node to which no ruleset was given has none: nobody else can load any.  Read as text: libnftables 1.0.6
 * has no JSON for statements that update a map, and says so on standard error.  Without the elements of sets: a
 * busy NAT has thousands. */
static gboolean put_nft(json_t *node, struct linux_room *r, const struct space *s, GError **error)
{
	json_t *list = json_array();
	struct nft_ctx *nft;
	gboolean ok;

	json_object_set_new(node, "nft", list);
	if (!s->has_rules)
		return TRUE;
	nft = nft_open(r, error);
	if (!nft)
		return FALSE;
	nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_TERSE);
	ok = nft_run_cmd_from_buffer(nft, "list ruleset") == 0;
	if (ok)
		put_nft_rules(list, nft_ctx_get_output_buffer(nft));
	else
		fail(error, "rules", nft_ctx_get_error_buffer(nft));
	nft_close(r, nft);
	return ok;
}

/* --- all of it ----------------------------------------------------------------------------------------- */

/* Takes `more` over. */
static void extend_list(json_t *list, json_t *more)
{
	json_array_extend(list, more);
	json_decref(more);
}

static gboolean put_tables(json_t *node, GError **error)
{
	struct tables t;
	gboolean ok = tables_read(&t, error);

	if (ok) {
		json_object_set_new(node, "links", list_json(&t, t.links, link_json));
		json_object_set_new(node, "routes", list_json(&t, t.routes, route_json));
		if (t.ipv6)
			extend_list(json_object_get(node, "routes"), list_json(&t, t.routes6, route_json));
		json_object_set_new(node, "rules", list_json(&t, t.rules, rule_json));
		json_object_set_new(node, "neighbours", list_json(&t, t.neighbours, neighbour_json));
	}
	tables_clear(&t);
	return ok;
}

json_t *exec_inspect(exec *x, const char *node, GError **error)
{
	struct linux_room *r = (struct linux_room *)x;
	json_t *state;
	gboolean ok;

	/* only the linux room has namespaces */
	if (exec_netns_fd(x, node) < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "there is no node '%s'", node);
		return NULL;
	}
	state = json_pack("{s:I}", "time_us", (json_int_t)g_get_monotonic_time());
	ok = room_enter(r, room_space(r, node, error), error) && put_tables(state, error) &&
	     put_counters(state, error) && put_nft(state, r, room_space(r, node, error), error) &&
	     put_sysctls(state, error) && put_listeners(state, error);
	x->room->leave(x);
	if (!ok) {
		g_prefix_error(error, "inspect %s: ", node);
		g_clear_pointer(&state, json_decref);
	}
	return state;
}
