/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libnl's cache of connection tracking gives all that is told here; it asks for both families at
 * once. */
#include "testbed/exec/inspect_conntrack.h"

#include "testbed/exec/inspect_parts.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <netlink/cache.h>
#include <netlink/netfilter/ct.h>
#include <netlink/netfilter/nfnl.h>

#define COUNT_PATH "/proc/sys/net/netfilter/nf_conntrack_count"

enum side { ORIGINAL, REPLY };

/* A dump locks every bucket of the machine's one table, some milliseconds for a quarter of a
 * million, and few namespaces have a session.  A kernel that does not tell the number has to be
 * asked. */
static bool may_have_sessions(void)
{
	g_autofree char *count = NULL;

	return !g_file_get_contents(COUNT_PATH, &count, NULL, NULL) ||
	       g_ascii_strtoll(count, NULL, 10) > 0;
}

/* nfnetlink refuses a part that it does not have with EINVAL. */
static bool means_no_ctnetlink(int rc)
{
	return rc == -NLE_INVAL || rc == -NLE_OPNOTSUPP || rc == -NLE_PROTO_MISMATCH;
}

static int compare_end(struct nl_addr *a, uint16_t a_port, struct nl_addr *b, uint16_t b_port)
{
	int order = nl_addr_cmp(a, b);

	return order != 0 ? order : (int)a_port - (int)b_port;
}

/* The kernel's order is that of a hash with a random seed. */
static gint compare(gconstpointer a, gconstpointer b)
{
	const struct nfnl_ct *x = *(struct nfnl_ct *const *)a, *y = *(struct nfnl_ct *const *)b;
	int order = nfnl_ct_get_proto(x) - nfnl_ct_get_proto(y);

	if (order == 0)
		order = compare_end(nfnl_ct_get_src(x, ORIGINAL), nfnl_ct_get_src_port(x, ORIGINAL),
				    nfnl_ct_get_src(y, ORIGINAL),
				    nfnl_ct_get_src_port(y, ORIGINAL));
	if (order == 0)
		order = compare_end(nfnl_ct_get_dst(x, ORIGINAL), nfnl_ct_get_dst_port(x, ORIGINAL),
				    nfnl_ct_get_dst(y, ORIGINAL),
				    nfnl_ct_get_dst_port(y, ORIGINAL));
	return order;
}

static bool is_told(const struct nfnl_ct *ct, bool ipv6)
{
	return nfnl_ct_get_family(ct) == AF_INET || (nfnl_ct_get_family(ct) == AF_INET6 && ipv6);
}

/* Borrowed from the cache. */
static GPtrArray *sorted(struct nl_cache *cache, bool ipv6)
{
	GPtrArray *list = g_ptr_array_new();

	for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o))
		if (is_told((struct nfnl_ct *)o, ipv6))
			g_ptr_array_add(list, o);
	g_ptr_array_sort(list, compare);
	return list;
}

static const char *tcp_state_of(node_state *n, const struct nfnl_ct *ct)
{
	char name[32];

	if (!nfnl_ct_test_tcp_state(ct))
		return NULL;
	return node_state_text(n,
			       nfnl_ct_tcp_state2str(nfnl_ct_get_tcp_state(ct), name, sizeof name));
}

static struct tracked tracked_of_ct(node_state *n, const struct nfnl_ct *ct)
{
	uint32_t status = nfnl_ct_get_status(ct);

	return (struct tracked){
		.node = n->name,
		.proto = nfnl_ct_get_proto(ct),
		.tcp_state = tcp_state_of(n, ct),
		.src = inspect_address(nfnl_ct_get_src(ct, ORIGINAL)),
		.dst = inspect_address(nfnl_ct_get_dst(ct, ORIGINAL)),
		.reply_src = inspect_address(nfnl_ct_get_src(ct, REPLY)),
		.reply_dst = inspect_address(nfnl_ct_get_dst(ct, REPLY)),
		.sport = nfnl_ct_get_src_port(ct, ORIGINAL),
		.dport = nfnl_ct_get_dst_port(ct, ORIGINAL),
		.reply_sport = nfnl_ct_get_src_port(ct, REPLY),
		.reply_dport = nfnl_ct_get_dst_port(ct, REPLY),
		.replied = (status & IPS_SEEN_REPLY) != 0,
		.assured = (status & IPS_ASSURED) != 0,
		.timeout_s = nfnl_ct_get_timeout(ct),
	};
}

static int read_sessions(struct nl_cache **ret)
{
	struct nl_sock *sock = nl_socket_alloc();
	int rc = nfnl_connect(sock);

	if (rc == 0)
		rc = nfnl_ct_alloc_cache(sock, ret);
	nl_socket_free(sock);
	return rc;
}

gboolean inspect_put_sessions(node_state *n, GError **error)
{
	struct nl_cache *cache = NULL;
	g_autoptr(GPtrArray) all = NULL;
	int rc = may_have_sessions() ? read_sessions(&cache) : 0;

	if (rc != 0)
		return means_no_ctnetlink(rc) || inspect_fail(error, "sessions", nl_geterror(rc));
	if (!cache)
		return TRUE;
	all = sorted(cache, node_state_tells_ipv6(n));
	for (guint i = 0; i < MIN(all->len, INSPECT_SESSIONS_MAX); i++) {
		const struct tracked t = tracked_of_ct(n, all->pdata[i]);

		g_array_append_val(n->sessions, t);
	}
	n->sessions_left_out = all->len - MIN(all->len, INSPECT_SESSIONS_MAX);
	nl_cache_free(cache);
	return TRUE;
}
