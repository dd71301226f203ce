/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of names, servers, accounts and hosts. */
#include "tests/mutation/draw.h"

/* --- names ------------------------------------------------------------------------------------ */

static const struct node *dns_node(struct draw *d)
{
	const struct node *n = one_of(d, d->m->nodes);

	for (guint tries = 0; tries < d->m->nodes->len && !node_service(n, SERVICE_DNS); tries++)
		n = one_of(d, d->m->nodes);
	return node_service(n, SERVICE_DNS) ? n : NULL;
}

static const struct dns_record *some_record(struct draw *d, const struct node **ret_node)
{
	*ret_node = dns_node(d);
	return *ret_node ? one_of(d, node_service(*ret_node, SERVICE_DNS)->dns.records) : NULL;
}

/* An address of some node, or of nobody. */
static struct addr some_address(struct draw *d)
{
	struct addr a = node_address(one_of(d, d->m->nodes));

	if (lot(d, 2) == 0)
		a.bytes[addr_bits(&a) / 8 - 1] = UNUSED_HOST;
	return a;
}

/* Clients look for their server by several names. Where the last of them is gone, each is one that
 * is missing. */
static void truth_record(struct draw *d, const struct dns_record *r)
{
	static const struct {
		const char *start, *also;
	} names[] = {{"sipinternal.", "_sipinternaltls._tcp."}, {"sipexternal.", "_sip._tls."}};

	truth_object(d, r->name);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *also = g_strconcat(names[i].also, d->m->domain, NULL);

		if (g_str_has_prefix(r->name, names[i].start))
			truth_object(d, also);
	}
}

bool draw_remove_record(struct draw *d)
{
	const struct node *n;
	const struct dns_record *r = some_record(d, &n);

	if (!r)
		return false;
	g_string_printf(d->change, "remove-record: {node: %s, name: %s}", n->name, r->name);
	truth_node(d, n->name);
	truth_record(d, r);
	return true;
}

bool draw_set_record(struct draw *d)
{
	const struct node *n;
	const struct dns_record *r = some_record(d, &n);
	struct addr a = some_address(d);
	char buf[ADDR_TEXT_MAX];

	if (!r || r->target)
		return false;
	g_string_printf(d->change, "set-record: {node: %s, name: %s, a: \"%s\"}", n->name, r->name,
			addr_print(&a, buf));
	truth_node(d, n->name);
	truth_object(d, r->name);
	return true;
}

bool draw_add_host(struct draw *d)
{
	const struct node *n = some_node(d), *dns;
	const struct dns_record *r = some_record(d, &dns);
	struct addr a = some_address(d);
	char buf[ADDR_TEXT_MAX];

	if (!r || r->target)
		return false;
	g_string_printf(d->change, "add-host: {node: %s, name: %s, a: \"%s\"}", n->name, r->name,
			addr_print(&a, buf));
	truth_node(d, n->name);
	truth_object(d, r->name);
	return true;
}

bool draw_remove_host(struct draw *d)
{
	const struct node *n = some_node(d);
	const struct dns_record *r = one_of(d, n->hosts);

	if (!r)
		return false;
	g_string_printf(d->change, "remove-host: {node: %s, name: %s}", n->name, r->name);
	truth_node(d, n->name);
	truth_object(d, r->name);
	return true;
}

/* A name server: one that there is, or an address of nobody. */
static struct addr some_resolver(struct draw *d)
{
	const struct node *n = dns_node(d);

	return n && lot(d, 3) > 0 ? node_address(n) : some_address(d);
}

bool draw_set_resolvers(struct draw *d)
{
	const struct node *n = d->ends[lot(d, 2)];
	struct addr a = some_resolver(d);
	char buf[ADDR_TEXT_MAX];

	g_string_printf(d->change, "set-resolvers: {node: %s, servers: [\"%s\"]}", n->name,
			addr_print(&a, buf));
	truth_node(d, n->name);
	truth_object(d, "resolvers");
	truth_address(d, &a);
	return true;
}

bool draw_add_nrpt(struct draw *d)
{
	const struct node *n = d->ends[lot(d, 2)];
	struct addr a = some_resolver(d);
	char buf[ADDR_TEXT_MAX];

	g_string_printf(d->change, "add-nrpt: {node: %s, namespace: .%s, servers: [\"%s\"]}",
			n->name, d->m->domain, addr_print(&a, buf));
	truth_node(d, n->name);
	g_ptr_array_add(d->objects, g_strconcat(".", d->m->domain, NULL));
	truth_address(d, &a);
	return true;
}

bool draw_remove_nrpt(struct draw *d)
{
	const struct node *n = d->ends[lot(d, 2)];
	const struct nrpt_rule *r = one_of(d, n->nrpt);

	if (!r)
		return false;
	g_string_printf(d->change, "remove-nrpt: {node: %s, namespace: %s}", n->name, r->namespace);
	truth_node(d, n->name);
	truth_object(d, r->namespace);
	truth_object(d, "resolvers");
	return true;
}

/* --- servers and accounts --------------------------------------------------------------------- */

static const struct node *server_node(struct draw *d, enum service_kind *ret_kind)
{
	for (guint tries = 0; tries < 4 * d->m->nodes->len; tries++) {
		const struct node *n = one_of(d, d->m->nodes);

		*ret_kind = lot(d, SERVICE_KIND_COUNT);
		if (node_service(n, *ret_kind))
			return n;
	}
	return NULL;
}

bool draw_stop_service(struct draw *d)
{
	enum service_kind kind;
	const struct node *n = server_node(d, &kind);

	if (!n)
		return false;
	g_string_printf(d->change, "stop-service: {node: %s, service: %s", n->name,
			service_kind_name(kind));
	if (kind == SERVICE_EDGE && lot(d, 3) > 0)
		g_string_append_printf(d->change, ", part: %s",
				       edge_part_name(lot(d, EDGE_PART_COUNT)));
	g_string_append_c(d->change, '}');
	truth_node(d, n->name);
	return true;
}

static const struct node *node_with(struct draw *d, enum service_kind wanted)
{
	enum service_kind kind;
	const struct node *n = server_node(d, &kind);

	return n && kind == wanted ? n : NULL;
}

bool draw_set_certificate(struct draw *d)
{
	static const char *const keys[] = {"issuer: other", "validity: expired",
					   "validity: not-yet", "names: [other.example.org]"};
	enum service_kind kind;
	const struct node *n = server_node(d, &kind);

	if (!n || kind == SERVICE_DNS)
		return false;
	g_string_printf(d->change, "set-certificate: {node: %s, %s}", n->name, ONE_TEXT(d, keys));
	truth_node(d, n->name);
	return true;
}

bool draw_set_edge(struct draw *d)
{
	static const struct {
		const char *key, *value;
	} keys[] = {
		{"relays_per_user", "0"},	 {"credential_lifetime", "0s"},
		{"mras_secret", "own"},		 {"domain", "example.org"},
		{"relay_not_to", "[0.0.0.0/0]"}, {"relay_ports", "40000-40100"},
		{"next_hop_port", "5062"},	 {"next_hop_fqdn", "other.example.org"},
	};
	const struct node *n = node_with(d, SERVICE_EDGE);
	guint i = lot(d, G_N_ELEMENTS(keys));

	if (!n)
		return false;
	g_string_printf(d->change, "set-edge: {node: %s, %s: %s}", n->name, keys[i].key,
			keys[i].value);
	truth_node(d, n->name);
	return true;
}

bool draw_set_frontend(struct draw *d)
{
	static const char *const keys[] = {"media_relay: false", "domain: example.org"};
	const struct node *n = node_with(d, SERVICE_FRONTEND);

	if (!n)
		return false;
	g_string_printf(d->change, "set-frontend: {node: %s, %s}", n->name, ONE_TEXT(d, keys));
	truth_node(d, n->name);
	return true;
}

bool draw_set_proxy(struct draw *d)
{
	static const char *const keys[] = {"next_hop_port: 443", "next_hop_port: 8443",
					   "names: [lyncdiscover.%s]", "names: [other.%s]"};
	const struct node *n = node_with(d, SERVICE_REVERSE_PROXY);
	g_auto(GStrv) parts = g_strsplit(ONE_TEXT(d, keys), "%s", 2);
	g_autofree char *key = g_strjoinv(d->m->domain, parts);

	if (!n)
		return false;
	g_string_printf(d->change, "set-reverse-proxy: {node: %s, %s}", n->name, key);
	truth_node(d, n->name);
	return true;
}

/* An account is the client's and the server's. */
static void truth_account(struct draw *d, const struct node *n)
{
	truth_node(d, n->name);
	for (guint i = 0; i < d->m->nodes->len; i++) {
		const struct node *server = d->m->nodes->pdata[i];

		if (node_service(server, SERVICE_FRONTEND))
			truth_node(d, server->name);
	}
	truth_object(d, n->endpoint->user);
}

bool draw_set_password(struct draw *d)
{
	const struct node *n = d->ends[lot(d, 2)];

	g_string_printf(d->change, "set-password: {node: %s, password: by-lot}", n->name);
	truth_account(d, n);
	return true;
}

bool draw_set_account(struct draw *d)
{
	static const char *const states[] = {"disabled", "missing"};
	const struct node *n = d->ends[lot(d, 2)];

	g_string_printf(d->change, "set-account: {node: %s, account: %s}", n->name,
			ONE_TEXT(d, states));
	truth_account(d, n);
	return true;
}

/* --- hosts ------------------------------------------------------------------------------------ */

bool draw_set_host_model(struct draw *d)
{
	const struct node *n = some_node(d);

	g_string_printf(d->change, "set-host-model: {node: %s, host_model: %s}", n->name,
			n->host_model == HOST_WEAK ? "strong" : "weak");
	truth_node(d, n->name);
	return true;
}

bool draw_set_sysctl(struct draw *d)
{
	static const char *const settings[] = {
		"key: net.ipv4.conf.all.rp_filter, value: \"1\"",
		"key: net.ipv4.ip_forward, value: \"0\"",
		"key: net.ipv4.icmp_echo_ignore_all, value: \"1\"",
		"key: net.ipv4.ip_default_ttl, value: \"2\"",
	};
	const struct node *n = some_node(d);

	g_string_printf(d->change, "set-sysctl: {node: %s, %s}", n->name, ONE_TEXT(d, settings));
	truth_node(d, n->name);
	return true;
}

/* Records of an address that is gone lead nowhere. */
static void truth_records_of(struct draw *d, const struct addr *a)
{
	ptr_array_foreach(const struct node, n, d->m->nodes) {
		const struct service *s = node_service(n, SERVICE_DNS);

		for (guint i = 0; s && i < s->dns.records->len; i++) {
			const struct dns_record *r = s->dns.records->pdata[i];

			if (addr_is_set(&r->a) && addr_equal(&r->a, a))
				truth_object(d, r->name);
		}
	}
}

/* Where a NAT leads to the node, it is known by the outside address. */
static void truth_outside(struct draw *d, const struct addr *inside)
{
	ptr_array_foreach(const struct node, n, d->m->nodes)
		ptr_array_foreach(const struct nat_rule, r, n->nat)
			if (r->kind != NAT_MASQUERADE && addr_equal(&r->inside, inside)) {
				truth_address(d, &r->outside);
				truth_records_of(d, &r->outside);
			}
}

static void truth_addresses(struct draw *d, const struct node *n)
{
	for (guint i = 0; i < n->interfaces->len; i++) {
		const struct iface *f = n->interfaces->pdata[i];

		for (guint k = 0; k < f->addresses->len; k++) {
			const struct addr *a = &g_array_index(f->addresses, struct prefix, k).addr;

			truth_address(d, a);
			truth_records_of(d, a);
			truth_outside(d, a);
		}
	}
}

/* The node is gone, so any node may miss it; what it misses is one of the addresses. */
bool draw_remove_node(struct draw *d)
{
	const struct node *n = one_of(d, d->m->nodes);

	if (n->endpoint)
		return false;
	g_string_printf(d->change, "remove-node: {node: %s}", n->name);
	truth_object(d, n->name);
	truth_addresses(d, n);
	d->unmendable = true;
	return true;
}
