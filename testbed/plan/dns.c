/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Name resolution: the dnsmasq configuration of a DNS server or of a client with NRPT rules, and
 * every node's resolv.conf and hosts. */
#include "testbed/plan/build.h"

/* The node's DNS service; NULL: it has none. */
static const struct dns_service *dns_of(const struct node *n)
{
	const struct service *s = node_service(n, SERVICE_DNS);

	return s ? &s->dns : NULL;
}

/* Whether the node needs dnsmasq: as a DNS server, or to apply NRPT rules. */
static bool runs_dnsmasq(const struct node *n)
{
	return dns_of(n) || n->nrpt->len > 0;
}

/* Appends: nothing from the machine's files, no cache between a query and its answer, and only the
 * addresses listed here and below. */
static void put_dnsmasq_basics(GString *out)
{
	g_string_append(out, "port=53\nbind-interfaces\nno-resolv\nno-hosts\nno-poll\nno-"
			     "negcache\ncache-size=0\n"
			     "listen-address=127.0.0.1\n");
}

/* Appends the addresses of all interfaces that are up. */
static void put_listen_addresses(GString *out, const struct node *n)
{
	char text[ADDR_TEXT_MAX];

	ptr_array_foreach(const struct iface, f, n->interfaces)
		for (guint a = 0; f->up && a < f->addresses->len; a++)
			g_string_append_printf(
				out, "listen-address=%s\n",
				addr_print(&g_array_index(f->addresses, struct prefix, a).addr,
					   text));
}

/* Appends an SRV record, or an address record when it has no target. */
static void put_record(GString *out, const struct dns_record *r)
{
	char text[ADDR_TEXT_MAX];

	if (r->target)
		g_string_append_printf(out, "srv-host=%s,%s,%u,%u,%u\n", r->name, r->target,
				       r->port, r->priority, r->weight);
	else
		g_string_append_printf(out, "host-record=%s,%s\n", r->name,
				       addr_print(&r->a, text));
}

/* Appends the zones, the forwarder and the records of a DNS server. */
static void put_dns_service(GString *out, const struct node *n, const struct dns_service *dns)
{
	char text[ADDR_TEXT_MAX];

	put_listen_addresses(out, n);
	for (guint i = 0; i < dns->zones->len; i++)
		g_string_append_printf(out, "local=/%s/\n", (const char *)dns->zones->pdata[i]);
	if (addr_is_set(&dns->forward))
		g_string_append_printf(out, "server=%s\n", addr_print(&dns->forward, text));
	for (guint i = 0; i < dns->records->len; i++)
		put_record(out, dns->records->pdata[i]);
}

/* The domain of an NRPT rule.  dnsmasq matches whole labels, so a leading dot is left out. */
static const char *nrpt_domain(const struct nrpt_rule *r)
{
	return r->namespace[0] == '.' ? r->namespace + 1 : r->namespace;
}

/* Appends the server for each domain of the NRPT rules, then the servers for all other names.  A
 * rule without servers means that its names do not exist. */
static void put_nrpt(GString *out, const struct node *n)
{
	char text[ADDR_TEXT_MAX];

	ptr_array_foreach(const struct nrpt_rule, r, n->nrpt) {
		if (r->servers->len == 0)
			g_string_append_printf(out, "local=/%s/\n", nrpt_domain(r));
		for (guint s = 0; s < r->servers->len; s++)
			g_string_append_printf(
				out, "server=/%s/%s\n", nrpt_domain(r),
				addr_print(&g_array_index(r->servers, struct addr, s), text));
	}
	for (guint i = 0; i < n->resolvers->len; i++)
		g_string_append_printf(out, "server=%s\n",
				       addr_print(&g_array_index(n->resolvers, struct addr, i),
						  text));
}

/* The text of the node's dnsmasq configuration; the caller frees it. */
static char *dnsmasq_conf(const struct node *n)
{
	const struct dns_service *dns = dns_of(n);
	GString *out = g_string_new(NULL);

	put_dnsmasq_basics(out);
	if (dns)
		put_dns_service(out, n, dns);
	put_nrpt(out, n);
	return g_string_free(out, FALSE);
}

/* The text of /etc/resolv.conf; the caller frees it.  The node asks its own dnsmasq where that
 * applies NRPT rules, or where no other server is named. */
static char *resolv_conf(const struct node *n)
{
	GString *out = g_string_new(NULL);
	char text[ADDR_TEXT_MAX];

	if (runs_dnsmasq(n) && (n->nrpt->len > 0 || n->resolvers->len == 0))
		g_string_append(out, "nameserver 127.0.0.1\n");
	else
		for (guint i = 0; i < n->resolvers->len; i++)
			g_string_append_printf(
				out, "nameserver %s\n",
				addr_print(&g_array_index(n->resolvers, struct addr, i), text));
	return g_string_free(out, FALSE);
}

/* The text of /etc/hosts; the caller frees it. */
static char *hosts_file(const struct node *n)
{
	GString *out = g_string_new("127.0.0.1 localhost\n");
	char text[ADDR_TEXT_MAX];

	ptr_array_foreach(const struct dns_record, r, n->hosts)
		g_string_append_printf(out, "%s %s\n", addr_print(&r->a, text), r->name);
	return g_string_free(out, FALSE);
}

void build_dns_files(struct builder *b, const struct node *n)
{
	builder_add_file(b, n, g_strdup("/etc/resolv.conf"), resolv_conf(n));
	builder_add_file(b, n, g_strdup("/etc/hosts"), hosts_file(n));
	if (runs_dnsmasq(n))
		builder_add_file(b, n, g_strdup_printf("/run/testbed/%s/dnsmasq.conf", n->name),
				 dnsmasq_conf(n));
}

void build_dns_process(struct builder *b, const struct node *n)
{
	struct op *op;

	if (!runs_dnsmasq(n))
		return;
	op = builder_add(b, OP_DAEMON, n->name, n->loc);
	op->process.name = g_strdup_printf("%s/dnsmasq", n->name);
	op->process.role = g_strdup("dnsmasq");
	op->process.argv = g_new0(char *, 5);
	op->process.argv[0] = g_strdup("dnsmasq");
	/* --no-daemon also keeps it from changing user and capabilities, of which it has none. */
	op->process.argv[1] = g_strdup("--no-daemon");
	op->process.argv[2] = g_strdup_printf("--conf-file=/run/testbed/%s/dnsmasq.conf", n->name);
	op->process.argv[3] = g_strdup("--log-facility=-");
}
