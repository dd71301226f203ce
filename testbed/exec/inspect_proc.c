/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters, sysctls and listening sockets, from /proc of the namespace that the thread is in, and
 * from sock_diag. */
#include "testbed/exec/inspect_parts.h"
#include "testbed/exec/sock_diag.h"

#include <netinet/tcp.h>
#include <unistd.h>

static char *inspect_read_proc(const char *path, GError **error)
{
	g_autoptr(GError) inner = NULL;
	char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, &inner))
		inspect_fail(error, path, inner->message);
	return text;
}

/* What is 0 is left out. */
static void add_counter(node_state *n, const char *name, gint64 value)
{
	const struct kernel_counter c = {value != 0 ? node_state_text(n, name) : NULL, value};

	if (value != 0)
		g_array_append_val(n->counters, c);
}

/* "Ip: InReceives OutNoRoutes" and below it "Ip: 12 3"; the counters are "IpInReceives",
 * "IpOutNoRoutes". */
static void add_counters(node_state *n, const char *names_line, const char *values_line)
{
	g_auto(GStrv) names = g_strsplit(names_line, " ", -1),
		      values = g_strsplit(values_line, " ", -1);
	gsize length = strlen(names[0]);

	if (length == 0 || g_strcmp0(names[0], values[0]) != 0)
		return;
	names[0][length - 1] = '\0'; /* the colon */
	for (guint i = 1; names[i] && values[i]; i++) {
		g_autofree char *name = g_strconcat(names[0], names[i], NULL);

		add_counter(n, name, g_ascii_strtoll(values[i], NULL, 10));
	}
}

/* A line each: "Ip6OutNoRoutes   3". */
static gboolean put_counters6(node_state *n, GError **error)
{
	g_autofree char *text = inspect_read_proc("/proc/thread-self/net/snmp6", error);
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

	for (guint i = 0; lines && lines[i]; i++) {
		char name[64];
		long long value;

		if (sscanf(lines[i], "%63s %lld", name, &value) == 2)
			add_counter(n, name, value);
	}
	return lines != NULL;
}

gboolean inspect_put_counters(node_state *n, GError **error)
{
	static const char *const paths[] = {"/proc/thread-self/net/snmp",
					    "/proc/thread-self/net/netstat"};

	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autofree char *text = inspect_read_proc(paths[i], error);
		g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

		if (!lines)
			return FALSE;
		for (guint k = 0; lines[k] && lines[k + 1]; k += 2)
			add_counters(n, lines[k], lines[k + 1]);
	}
	return !node_state_tells_ipv6(n) || put_counters6(n, error);
}

static gboolean read_sysctl(const char *path, unsigned *ret, GError **error)
{
	g_autofree char *text = inspect_read_proc(path, error);

	*ret = text ? (unsigned)g_ascii_strtoull(text, NULL, 10) : 0;
	return text != NULL;
}

static gboolean read_rp_filter(const char *iface, unsigned *ret, GError **error)
{
	g_autofree char *path = g_strdup_printf("/proc/sys/net/ipv4/conf/%s/rp_filter", iface);

	return read_sysctl(path, ret, error);
}

gboolean inspect_put_sysctls(node_state *n, GError **error)
{
	unsigned forward, forward6 = 0;

	if (!read_sysctl("/proc/sys/net/ipv4/ip_forward", &forward, error) ||
	    !read_rp_filter("all", &n->rp_filter_all, error))
		return FALSE;
	array_foreach(struct kernel_link, link, n->links)
		if (!read_rp_filter(link->name, &link->rp_filter, error))
			return FALSE;
	if (node_state_tells_ipv6(n) &&
	    !read_sysctl("/proc/sys/net/ipv6/conf/all/forwarding", &forward6, error))
		return FALSE;
	n->ipv4_forward = forward != 0;
	n->ipv6_forward = forward6 != 0;
	return TRUE;
}

/* --- who listens ------------------------------------------------------------------------------ */

/* The kernel writes an address as words of four bytes, as they lie in memory. */
static bool read_words(const char *hex, struct addr *ret)
{
	gsize words = strlen(hex) / 8;

	*ret = (struct addr){.family = words == 1 ? AF_INET : AF_INET6};
	for (gsize i = 0; i < words; i++) {
		unsigned word;

		if (i > 3 || sscanf(hex + 8 * i, "%8X", &word) != 1)
			return false;
		memcpy(ret->bytes + 4 * i, &word, 4);
	}
	return words == 1 || words == 4;
}

/* A line of /proc/net/tcp or udp, "0: 0A01000A:13C5 00000000:0000 0A ...": a TCP socket that
 * listens (state 0A), a UDP socket that is connected to nobody. */
static bool read_listener(const char *line, enum ip_proto proto, struct kernel_listener *ret)
{
	unsigned port, peer_port, state;
	char hex[33];

	if (sscanf(line, " %*u: %32[0-9A-F]:%4X %*32[0-9A-F]:%4X %2X", hex, &port, &peer_port,
		   &state) != 4)
		return false;
	ret->proto = proto;
	ret->port = (uint16_t)port;
	return (proto == PROTO_TCP ? state == 0x0a : peer_port == 0) &&
	       read_words(hex, &ret->address);
}

/* What a file of /proc tells. */
static gboolean put_proc_listeners(GArray *listeners, const char *path, enum ip_proto proto,
				   GError **error)
{
	g_autofree char *text = inspect_read_proc(path, error);
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
	struct kernel_listener one;

	for (guint i = 0; lines && lines[i]; i++)
		if (read_listener(lines[i], proto, &one))
			g_array_append_val(listeners, one);
	return lines != NULL;
}

static void add_tcp_listener(const struct inet_diag_msg *socket, gpointer user_data)
{
	struct kernel_listener one = {.proto = PROTO_TCP,
				      .address.family = socket->idiag_family,
				      .port = g_ntohs(socket->id.idiag_sport)};

	memcpy(one.address.bytes, socket->id.idiag_src, socket->idiag_family == AF_INET ? 4 : 16);
	g_array_append_val((GArray *)user_data, one);
}

/* The kernel's order is that of a hash with a random seed. */
static gint compare_listeners(gconstpointer a, gconstpointer b)
{
	const struct kernel_listener *x = a, *y = b;
	int order = x->address.family - y->address.family;

	if (order == 0)
		order = (int)x->proto - (int)y->proto;
	if (order == 0)
		order = (int)x->port - (int)y->port;
	return order != 0 ? order : addr_compare(&x->address, &y->address);
}

/* A kernel without sock_diag has /proc. */
static gboolean put_tcp_listeners(GArray *listeners, guint8 family, GError **error)
{
	int fd = sock_diag_open(0);
	guint before = listeners->len;
	bool told = fd >= 0 &&
		    sock_diag_each(fd, family, 1u << TCP_LISTEN, add_tcp_listener, listeners);

	if (fd >= 0)
		close(fd);
	if (told)
		return TRUE;
	g_array_set_size(listeners, before);
	return put_proc_listeners(listeners,
				  family == AF_INET ? "/proc/thread-self/net/tcp" :
						      "/proc/thread-self/net/tcp6",
				  PROTO_TCP, error);
}

gboolean inspect_put_listeners(node_state *n, GError **error)
{
	gboolean ok;

	n->listeners = g_array_new(FALSE, TRUE, sizeof(struct kernel_listener));
	ok = put_proc_listeners(n->listeners, "/proc/thread-self/net/udp", PROTO_UDP, error) &&
	     put_tcp_listeners(n->listeners, AF_INET, error);
	if (ok && node_state_tells_ipv6(n))
		ok = put_proc_listeners(n->listeners, "/proc/thread-self/net/udp6", PROTO_UDP,
					error) &&
		     put_tcp_listeners(n->listeners, AF_INET6, error);
	g_array_sort(n->listeners, compare_listeners);
	return ok;
}
