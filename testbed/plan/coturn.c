/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of coturn when it takes the place of our own A/V Edge.  There are two
 * processes: one process has one relay address, and allocations that are made over TCP need another
 * (a client drops a second relay candidate that has the address of the first).  coturn may relay to
 * the same peers as our own Edge.  That its relays may reach each other, but no other port of the
 * Edge, is a rule of the Edge's input (nft.c), as coturn knows no ports of peers. */
#include "testbed/plan/build.h"

/* Never relayed to: RFC 6890 and multicast, and what stands for IPv4 addresses in IPv6 (RFC 4291
 * section 2.5.5, RFC 6052, RFC 3056, RFC 4380). */
static const char *const refused[] = {
	"0.0.0.0/8",	   "10.0.0.0/8",     "100.64.0.0/10",  "127.0.0.0/8", "169.254.0.0/16",
	"172.16.0.0/12",   "192.168.0.0/16", "224.0.0.0/3",    "::/96",	      "::ffff:0.0.0.0/96",
	"::ffff:0:0:0/96", "64:ff9b::/96",   "64:ff9b:1::/48", "2001::/32",   "2002::/16",
	"fc00::/7",	   "fe80::/10",	     "fec0::/10",      "ff00::/8",
};

/* Addresses of one family, both included. */
struct range {
	struct addr first, last;
};

/* All addresses of a prefix. */
static struct range range_of(const struct prefix *p)
{
	struct range r = {.first = prefix_network(p).addr};

	r.last = r.first;
	for (guint bit = p->len; bit < addr_bits(&r.last); bit++)
		r.last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return r;
}

/* The address after this one (`up`), or before it.  There has to be one. */
static struct addr neighbour_of(const struct addr *a, bool up)
{
	struct addr next = *a;
	uint8_t turns = up ? 0xff : 0;

	for (guint i = addr_bits(a) / 8; i-- > 0;) {
		next.bytes[i] = (uint8_t)(next.bytes[i] + (up ? 1 : -1));
		if (a->bytes[i] != turns)
			break;
	}
	return next;
}

/* Appends one line that allows or denies (`setting`) these peers. */
static void put_range(GString *out, const char *setting, const struct range *r)
{
	char first[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX];

	g_string_append_printf(out, "%s-peer-ip=%s-%s\n", setting, addr_print(&r->first, first),
			       addr_print(&r->last, last));
}

/* Appends lines that allow the range without the holes (struct range).  coturn looks at allowed
 * ranges first, so an address that must be refused may not lie in one. */
static void put_allowed(GString *out, struct range r, const GArray *holes)
{
	array_foreach(const struct range, hole, holes) {
		if (hole->first.family != r.first.family ||
		    addr_compare(&hole->last, &r.first) < 0 ||
		    addr_compare(&hole->first, &r.last) > 0)
			continue;
		if (addr_compare(&hole->first, &r.first) > 0)
			put_allowed(out, (struct range){r.first, neighbour_of(&hole->first, false)},
				    holes);
		if (addr_compare(&hole->last, &r.last) < 0)
			put_allowed(out, (struct range){neighbour_of(&hole->last, true), r.last},
				    holes);
		return;
	}
	put_range(out, "allowed", &r);
}

/* Appends a line that allows one of the Edge's own relay addresses (unset: none), unless it lies in
 * one of the holes. */
static void put_relay_address(GString *out, const struct addr *a, const GArray *holes)
{
	char text[ADDR_TEXT_MAX];

	array_foreach(const struct range, hole, holes)
		if (hole->first.family == a->family && addr_compare(&hole->first, a) <= 0 &&
		    addr_compare(a, &hole->last) <= 0)
			return;
	if (addr_is_set(a))
		g_string_append_printf(out, "allowed-peer-ip=%s\n", addr_print(a, text));
}

/* Appends a line with the address; nothing when it is unset. */
static void put_address(GString *out, const char *setting, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if (addr_is_set(a))
		g_string_append_printf(out, "%s=%s\n", setting, addr_print(a, text));
}

/* Appends what is never relayed to, and the Edge's own addresses that are no relays. */
static void put_refused(GString *out, const struct edge_service *e)
{
	for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
		struct prefix p;
		struct range r;

		prefix_parse(refused[i], &p);
		r = range_of(&p);
		if (p.addr.family == AF_INET || addr_is_set(&e->av6))
			put_range(out, "denied", &r);
	}
	put_address(out, "denied-peer-ip", &e->internal);
	put_address(out, "denied-peer-ip", &e->access);
	if (!addr_is_set(&e->av6))
		return;
	put_address(out, "denied-peer-ip", &e->internal6);
	put_address(out, "denied-peer-ip", &e->access6);
}

/* Appends which peers coturn may relay to: those of the Edge's relay_to without relay_not_to, and
 * the relay addresses themselves. */
static void put_peers(GString *out, const struct edge_service *e)
{
	g_autoptr(GArray) holes = g_array_new(FALSE, FALSE, sizeof(struct range));
	const struct addr *const internal[] = {&e->internal, &e->internal6};

	put_refused(out, e);
	array_foreach(const struct prefix, p, e->relay_not_to) {
		struct range r = range_of(p);

		put_range(out, "denied", &r);
		g_array_append_val(holes, r);
	}
	put_relay_address(out, &e->av, holes);
	put_relay_address(out, &e->av_tcp, holes);
	put_relay_address(out, &e->av6, holes);
	put_relay_address(out, &e->av_tcp6, holes);
	for (gsize i = 0; i < G_N_ELEMENTS(internal); i++) {
		struct range r = {*internal[i], *internal[i]};

		g_array_append_val(holes, r);
	}
	array_foreach(const struct prefix, p, e->relay_to)
		if (p->addr.family == AF_INET || addr_is_set(&e->av6))
			put_allowed(out, range_of(p), holes);
}

/* One coturn process: it takes clients over one transport, so `setting` turns the other one off. */
struct transport {
	const char *name, *setting;
};
static const struct transport transports[] = {{"coturn-udp", "no-tcp"}, {"coturn-tcp", "no-udp"}};

#define STUN_PORT 3478
#define RELAYS_TOTAL 4096u /* as of our own (edge/av_edge.c) */

/* The addresses of one process's relays. */
struct relays {
	const struct addr *v4, *v6; /* v6 unset: none */
	const struct addr *public;  /* that clients see in place of v4, behind a NAT; unset: none */
};

/* Appends where the process listens and relays. */
static void put_addresses(GString *out, const struct edge_service *e, const struct transport *t,
			  const struct relays *r)
{
	char text[ADDR_TEXT_MAX], more[ADDR_TEXT_MAX];

	put_address(out, "listening-ip", &e->internal);
	if (!addr_equal(&e->av, &e->internal))
		put_address(out, "listening-ip", &e->av);
	if (addr_is_set(&e->av6)) {
		put_address(out, "listening-ip", &e->internal6);
		put_address(out, "listening-ip", &e->av6);
	}
	g_string_append_printf(out, "listening-port=%d\n%s\n",
			       t == &transports[0] ? STUN_PORT : e->av_tcp_port, t->setting);
	put_address(out, "relay-ip", r->v4);
	put_address(out, "relay-ip", r->v6);
	if (addr_is_set(r->public) && !addr_equal(r->public, r->v4))
		g_string_append_printf(out, "external-ip=%s/%s\n", addr_print(r->public, more),
				       addr_print(r->v4, text));
	if (addr_is_set(r->v6) && e->relay_family == RELAY_FAMILY_SAME)
		g_string_append(out, "allocation-default-address-family=keep\n");
}

/* The text of one process's configuration; the caller frees it.  lab replaces @SECRET@. */
static char *coturn_conf(const struct builder *b, const struct node *n,
			 const struct edge_service *e, const struct transport *t,
			 const struct relays *r)
{
	GString *out = g_string_new(NULL);

	put_addresses(out, e, t, r);
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
	for (gsize i = 0; i < G_N_ELEMENTS(transports); i++) {
		const struct relays r =
			i == 0 ? (struct relays){&e->av, &e->av6, &e->av_public} :
				 (struct relays){&e->av_tcp, &e->av_tcp6, &e->av_tcp_public};

		builder_add_file(b, n,
				 g_strdup_printf("/run/testbed/%s/%s.conf", n->name,
						 transports[i].name),
				 coturn_conf(b, n, e, &transports[i], &r));
	}
}
