/* coturn in the A/V Edge's place: two processes, because one process has one relay address and
 * allocations born over TCP need another (a client drops a second relay candidate that has the address
 * of the first).  The peers it relays to are those our own Edge would.
 */
#include "testbed/plan/build.h"

/* Refused in any case; IPv4, for a relay address is IPv4 (RFC 6890 and the multicast range). */
static const char *const refused[] = {
	"0.0.0.0-0.255.255.255",       "10.0.0.0-10.255.255.255",     "100.64.0.0-100.127.255.255",
	"127.0.0.0-127.255.255.255",   "169.254.0.0-169.254.255.255", "172.16.0.0-172.31.255.255",
	"192.168.0.0-192.168.255.255", "224.0.0.0-255.255.255.255",
};

static guint32 ipv4_number(const struct addr *a)
{
	return (guint32)a->bytes[0] << 24 | (guint32)a->bytes[1] << 16 | (guint32)a->bytes[2] << 8 |
	       a->bytes[3];
}

static void put_range(GString *out, guint32 first, guint32 last)
{
	if (first <= last)
		g_string_append_printf(out, "allowed-peer-ip=%u.%u.%u.%u-%u.%u.%u.%u\n", first >> 24,
				       first >> 16 & 255, first >> 8 & 255, first & 255, last >> 24,
				       last >> 16 & 255, last >> 8 & 255, last & 255);
}

/* coturn asks its allowed ranges first, so the Edge's own address must not lie in one. */
static void put_allowed(GString *out, const struct prefix *p, const struct addr *own)
{
	struct prefix net = prefix_network(p);
	guint32 first = ipv4_number(&net.addr);
	guint32 last = net.len == 0 ? G_MAXUINT32 : first | (guint32)((1ull << (32 - net.len)) - 1);

	if (net.addr.family != AF_INET)
		return;
	if (!prefix_contains(&net, own)) {
		put_range(out, first, last);
		return;
	}
	if (ipv4_number(own) > first)
		put_range(out, first, ipv4_number(own) - 1);
	if (ipv4_number(own) < last)
		put_range(out, ipv4_number(own) + 1, last);
}

static void put_peers(GString *out, const struct edge_service *e)
{
	char text[ADDR_TEXT_MAX];

	for (gsize i = 0; i < G_N_ELEMENTS(refused); i++)
		g_string_append_printf(out, "denied-peer-ip=%s\n", refused[i]);
	g_string_append_printf(out, "denied-peer-ip=%s\n", addr_print(&e->internal, text));
	g_string_append_printf(out, "denied-peer-ip=%s\n", addr_print(&e->access, text));
	g_string_append_printf(out, "allowed-peer-ip=%s\n", addr_print(&e->av, text));
	g_string_append_printf(out, "allowed-peer-ip=%s\n", addr_print(&e->av_tcp, text));
	for (guint i = 0; e->relay_to && i < e->relay_to->len; i++)
		put_allowed(out, &g_array_index(e->relay_to, struct prefix, i), &e->internal);
}

struct transport {
	const char *name, *setting;
	unsigned port;
};
static const struct transport transports[] = {
	{ "coturn-udp", "no-tcp", 3478 },
	{ "coturn-tcp", "no-udp", 443 },
};

static char *conf(const struct builder *b, const struct node *n, const struct edge_service *e,
		  const struct transport *t, const struct addr *relay, const struct addr *public)
{
	GString *out = g_string_new(NULL);
	char text[ADDR_TEXT_MAX], more[ADDR_TEXT_MAX];

	g_string_append_printf(out, "listening-ip=%s\n", addr_print(&e->internal, text));
	g_string_append_printf(out, "listening-ip=%s\n", addr_print(&e->av, text));
	g_string_append_printf(out, "listening-port=%u\n%s\nrelay-ip=%s\n", t->port, t->setting,
			       addr_print(relay, text));
	if (addr_is_set(public) && !addr_equal(public, relay))
		g_string_append_printf(out, "external-ip=%s/%s\n", addr_print(public, more), text);
	g_string_append_printf(out, "min-port=%u\nmax-port=%u\nrealm=%s\n", e->relay_ports.first,
			       e->relay_ports.last, b->m->domain);
	g_string_append(
		out,
		"fingerprint\nlt-cred-mech\nuse-auth-secret\nstatic-auth-secret=@SECRET@\nno-tls\nno-dtls\n"
		"no-cli\nno-rfc5780\nno-multicast-peers\nlog-file=stdout\nsimple-log\n");
	g_string_append_printf(out, "pidfile=/run/testbed/%s/%s.pid\nuserdb=/run/testbed/%s/%s.db\n", n->name,
			       t->name, n->name, t->name);
	put_peers(out, e);
	return g_string_free(out, FALSE);
}

void build_coturn_files(struct builder *b, const struct node *n)
{
	const struct service *s = node_service(n, SERVICE_EDGE);

	if (!s || g_strcmp0(s->edge.engine, "coturn") != 0)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(transports); i++)
		builder_add_file(b, n,
				 g_strdup_printf("/run/testbed/%s/%s.conf", n->name, transports[i].name),
				 conf(b, n, &s->edge, &transports[i], i == 0 ? &s->edge.av : &s->edge.av_tcp,
				      i == 0 ? &s->edge.av_public : &s->edge.av_tcp_public));
}
