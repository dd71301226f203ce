/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of coturn when it takes the place of our own A/V Edge.  There are two
 * processes: one process has one relay address, and allocations that are made over TCP need another
 * (a client drops a second relay candidate that has the address of the first).  coturn may relay to
 * the same peers as our own Edge.  That its relays may reach each other, but no other port of the
 * Edge, is a rule of the Edge's input (nft.c), as coturn knows no ports of peers. */
#include "testbed/plan/build.h"

/* Never relayed to: RFC 6890 and multicast.  Only IPv4, because relay addresses are IPv4. */
static const char *const refused[] = {
	"0.0.0.0-0.255.255.255",       "10.0.0.0-10.255.255.255",     "100.64.0.0-100.127.255.255",
	"127.0.0.0-127.255.255.255",   "169.254.0.0-169.254.255.255", "172.16.0.0-172.31.255.255",
	"192.168.0.0-192.168.255.255", "224.0.0.0-255.255.255.255",
};

/* The IPv4 address as a number in host byte order. */
static guint32 ipv4_number(const struct addr *a)
{
	return (guint32)a->bytes[0] << 24 | (guint32)a->bytes[1] << 16 | (guint32)a->bytes[2] << 8 |
	       a->bytes[3];
}

/* IPv4 addresses in host byte order, both included. */
struct range {
	guint32 first, last;
};

/* All addresses of an IPv4 prefix. */
static struct range range_of(const struct prefix *p)
{
	struct prefix net = prefix_network(p);
	guint32 first = ipv4_number(&net.addr);

	return (struct range){first, net.len == 0 ?
					     G_MAXUINT32 :
					     first | (guint32)((1ull << (32 - net.len)) - 1)};
}

/* Appends one line that allows or denies (`setting`) these peers. */
static void put_range(GString *out, const char *setting, const struct range *r)
{
	g_string_append_printf(out, "%s-peer-ip=%u.%u.%u.%u-%u.%u.%u.%u\n", setting, r->first >> 24,
			       r->first >> 16 & 255, r->first >> 8 & 255, r->first & 255,
			       r->last >> 24, r->last >> 16 & 255, r->last >> 8 & 255,
			       r->last & 255);
}

/* Appends lines that allow the range without the holes (struct range).  coturn looks at allowed
 * ranges first, so an address that must be refused may not lie in one. */
static void put_allowed(GString *out, struct range r, const GArray *holes)
{
	array_foreach(const struct range, hole, holes) {
		if (hole->last < r.first || hole->first > r.last)
			continue;
		if (hole->first > r.first)
			put_allowed(out, (struct range){r.first, hole->first - 1}, holes);
		if (hole->last < r.last)
			put_allowed(out, (struct range){hole->last + 1, r.last}, holes);
		return;
	}
	put_range(out, "allowed", &r);
}

/* Appends a line that allows the Edge's own relay address `a`, unless it lies in one of the
 * holes. */
static void put_relay_address(GString *out, const struct addr *a, const GArray *holes)
{
	char text[ADDR_TEXT_MAX];
	guint32 number = ipv4_number(a);

	array_foreach(const struct range, hole, holes)
		if (hole->first <= number && number <= hole->last)
			return;
	g_string_append_printf(out, "allowed-peer-ip=%s\n", addr_print(a, text));
}

/* Appends which peers coturn may relay to: those of the Edge's relay_to without relay_not_to, and
 * the two relay addresses themselves. */
static void put_peers(GString *out, const struct edge_service *e)
{
	g_autoptr(GArray) holes = g_array_new(FALSE, FALSE, sizeof(struct range));
	struct range internal = {ipv4_number(&e->internal), ipv4_number(&e->internal)};
	char text[ADDR_TEXT_MAX];

	for (gsize i = 0; i < G_N_ELEMENTS(refused); i++)
		g_string_append_printf(out, "denied-peer-ip=%s\n", refused[i]);
	g_string_append_printf(out, "denied-peer-ip=%s\n", addr_print(&e->internal, text));
	g_string_append_printf(out, "denied-peer-ip=%s\n", addr_print(&e->access, text));
	for (guint i = 0; i < e->relay_not_to->len; i++) {
		struct range r = range_of(&g_array_index(e->relay_not_to, struct prefix, i));

		put_range(out, "denied", &r);
		g_array_append_val(holes, r);
	}
	put_relay_address(out, &e->av, holes);
	put_relay_address(out, &e->av_tcp, holes);
	g_array_append_val(holes, internal);
	array_foreach(const struct prefix, p, e->relay_to)
		if (p->addr.family == AF_INET)
			put_allowed(out, range_of(p), holes);
}

/* One coturn process: it takes clients over one transport, so `setting` turns the other one off. */
struct transport {
	const char *name, *setting;
};
static const struct transport transports[] = {{"coturn-udp", "no-tcp"}, {"coturn-tcp", "no-udp"}};

#define STUN_PORT 3478
#define RELAYS_TOTAL 4096u /* as of our own (edge/av_edge.c) */

/* The text of one process's configuration; the caller frees it.  `public`: the address that clients
 * see in place of `relay`, behind a NAT; unset or equal: there is none.  lab replaces @SECRET@. */
static char *coturn_conf(const struct builder *b, const struct node *n,
			 const struct edge_service *e, const struct transport *t,
			 const struct addr *relay, const struct addr *public)
{
	GString *out = g_string_new(NULL);
	char text[ADDR_TEXT_MAX], more[ADDR_TEXT_MAX];

	g_string_append_printf(out, "listening-ip=%s\n", addr_print(&e->internal, text));
	if (!addr_equal(&e->av, &e->internal))
		g_string_append_printf(out, "listening-ip=%s\n", addr_print(&e->av, text));
	g_string_append_printf(out, "listening-port=%d\n%s\nrelay-ip=%s\n",
			       t == &transports[0] ? STUN_PORT : e->av_tcp_port, t->setting,
			       addr_print(relay, text));
	if (addr_is_set(public) && !addr_equal(public, relay))
		g_string_append_printf(out, "external-ip=%s/%s\n", addr_print(public, more), text);
	g_string_append_printf(out,
			       "min-port=%u\nmax-port=%u\nuser-quota=%u\n"
			       "total-quota=%u\nrealm=%s\n",
			       e->relay_ports.first, e->relay_ports.last, e->relays_per_user,
			       RELAYS_TOTAL, b->m->domain);
	g_string_append(out,
			"fingerprint\nlt-cred-mech\nuse-auth-secret\nstatic-auth-secret=@SECRET@"
			"\nno-tls\nno-dtls\nno-tcp-relay\n"
			"no-cli\nno-rfc5780\nno-multicast-peers\nlog-file=stdout\nsimple-log\n");
	g_string_append_printf(out,
			       "pidfile=/run/testbed/%s/%s.pid\nuserdb=/run/testbed/%s/%s.db\n",
			       n->name, t->name, n->name, t->name);
	put_peers(out, e);
	return g_string_free(out, FALSE);
}

const struct edge_service *coturn_edge(const struct node *n)
{
	const struct service *s = node_service(n, SERVICE_EDGE);

	return s && s->edge.parts & 1u << EDGE_AV && g_strcmp0(s->edge.engine, "coturn") == 0 ?
		       &s->edge :
		       NULL;
}

void build_coturn_files(struct builder *b, const struct node *n)
{
	const struct edge_service *e = coturn_edge(n);

	if (!e)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(transports); i++)
		builder_add_file(b, n,
				 g_strdup_printf("/run/testbed/%s/%s.conf", n->name,
						 transports[i].name),
				 coturn_conf(b, n, e, &transports[i], i == 0 ? &e->av : &e->av_tcp,
					     i == 0 ? &e->av_public : &e->av_tcp_public));
}
