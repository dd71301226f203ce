/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters, sysctls and who listens: what /proc tells of the namespace that the thread is in. */
#include "testbed/exec/inspect_parts.h"

char *inspect_read_proc(const char *path, GError **error)
{
	g_autoptr(GError) inner = NULL;
	char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, &inner))
		inspect_fail(error, path, inner->message);
	return text;
}

/* "Ip: InReceives OutNoRoutes" and below it "Ip: 12 3"; the counters are "IpInReceives",
 * "IpOutNoRoutes". */
static void add_counters(json_t *counters, const char *names_line, const char *values_line)
{
	g_auto(GStrv) names = g_strsplit(names_line, " ", -1),
		      values = g_strsplit(values_line, " ", -1);
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
bool inspect_tells_ipv6(const json_t *node)
{
	const json_t *links = json_object_get(node, "links"), *link, *address;
	size_t i, k;

	json_array_foreach(links, i, link)
		json_array_foreach(json_object_get(link, "addresses"), k, address)
			if (strchr(json_string_value(address), ':'))
				return true;
	return false;
}

/* A line each: "Ip6OutNoRoutes   3". */
static gboolean put_counters6(json_t *counters, GError **error)
{
	g_autofree char *text = inspect_read_proc("/proc/thread-self/net/snmp6", error);
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

	for (guint i = 0; lines && lines[i]; i++) {
		char name[64];
		long long value;

		if (sscanf(lines[i], "%63s %lld", name, &value) == 2 && value != 0)
			json_object_set_new(counters, name, json_integer(value));
	}
	return lines != NULL;
}

gboolean inspect_put_counters(json_t *node, GError **error)
{
	static const char *const paths[] = {"/proc/thread-self/net/snmp",
					    "/proc/thread-self/net/netstat"};
	json_t *counters = json_object();

	json_object_set_new(node, "counters", counters);
	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autofree char *text = inspect_read_proc(paths[i], error);
		g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

		if (!lines)
			return FALSE;
		for (guint k = 0; lines[k] && lines[k + 1]; k += 2)
			add_counters(counters, lines[k], lines[k + 1]);
	}
	return !inspect_tells_ipv6(node) || put_counters6(counters, error);
}

static gboolean put_sysctl(json_t *to, const char *name, const char *path, GError **error)
{
	g_autofree char *text = inspect_read_proc(path, error);

	return text &&
	       json_object_set_new(to, name, json_integer(g_ascii_strtoll(text, NULL, 10))) == 0;
}

static gboolean put_rp_filter(json_t *to, const char *interface, GError **error)
{
	g_autofree char *path = g_strdup_printf("/proc/sys/net/ipv4/conf/%s/rp_filter", interface);

	return put_sysctl(to, interface, path, error);
}

gboolean inspect_put_sysctls(json_t *node, GError **error)
{
	const json_t *links = json_object_get(node, "links"), *link;
	json_t *rp_filter = json_object(), *sysctl = json_pack("{s:o}", "rp_filter", rp_filter);
	size_t i;

	json_object_set_new(node, "sysctl", sysctl);
	if (!put_sysctl(sysctl, "ip_forward", "/proc/sys/net/ipv4/ip_forward", error) ||
	    !put_rp_filter(rp_filter, "all", error))
		return FALSE;
	json_array_foreach(links, i, link)
		if (!put_rp_filter(rp_filter, json_string_value(json_object_get(link, "name")),
				   error))
			return FALSE;
	return !inspect_tells_ipv6(node) ||
	       put_sysctl(sysctl, "ip6_forward", "/proc/sys/net/ipv6/conf/all/forwarding", error);
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
static json_t *listener_json(const char *line, bool tcp)
{
	unsigned port, peer_port, state;
	char hex[33], text[ADDR_TEXT_MAX];
	struct addr address;

	if (sscanf(line, " %*u: %32[0-9A-F]:%4X %*32[0-9A-F]:%4X %2X", hex, &port, &peer_port,
		   &state) != 4)
		return NULL;
	if ((tcp ? state != 0x0a : peer_port != 0) || !read_words(hex, &address))
		return NULL;
	addr_print(&address, text);
	return json_pack("{s:s, s:s, s:i}", "proto", tcp ? "tcp" : "udp", "address", text, "port",
			 (int)port);
}

gboolean inspect_put_listeners(json_t *node, GError **error)
{
	static const char *const paths[] = {"/proc/thread-self/net/udp",
					    "/proc/thread-self/net/tcp",
					    "/proc/thread-self/net/udp6",
					    "/proc/thread-self/net/tcp6"};
	gsize n = inspect_tells_ipv6(node) ? 4 : 2;
	json_t *list = json_array();

	json_object_set_new(node, "listeners", list);
	for (gsize i = 0; i < n; i++) {
		g_autofree char *text = inspect_read_proc(paths[i], error);
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
