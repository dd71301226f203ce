/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The servers and clients that `import --complete` adds. */
#include "testbed/import/complete.h"

/* --- networks --------------------------------------------------------------------------------- */

static bool is_unused(const struct draft *t, const struct prefix *p)
{
	for (guint k = 0; k < t->networks->len; k++) {
		if (prefix_overlaps(&((struct draft_network *)t->networks->pdata[k])->subnet, p))
			return false;
	}
	ptr_array_foreach(const struct draft_node, node, t->nodes) {
		for (guint n = 0; n < node->routes->len; n++) {
			const struct prefix *to =
				&g_array_index(node->routes, struct draft_route, n).to;

			if (!prefix_is_default(to) && prefix_overlaps(to, p))
				return false;
		}
	}
	return true;
}

const struct draft_network *complete_network(struct completion *c, bool is_public)
{
	/* RFC 5737, RFC 2544; RFC 1918, RFC 6598. */
	static const char *const subnets[2][7] = {
		{"10.255.0.0/24", "172.31.255.0/24", "192.168.255.0/24", "10.254.0.0/24",
		 "100.127.255.0/24", "172.16.255.0/24", "10.253.0.0/24"},
		{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/24",
		 "198.19.0.0/24", "198.18.1.0/24", "198.19.1.0/24"}};
	struct fact_address a = {.loc = {g_intern_static_string("--complete"), 1, 1}};
	bool found = false;

	for (guint k = 0; k < G_N_ELEMENTS(subnets[0]) && !found; k++)
		found = prefix_parse(subnets[is_public][k], &a.address) &&
			is_unused(c->t, &a.address);
	if (found)
		return draft_join_network(c->t, NULL, &a);
	diags_add(c->t->found, DIAG_ERROR, a.loc, "import without --complete",
		  "every subnet that could be added is used already");
	return NULL;
}

/* --- roles ------------------------------------------------------------------------------------ */

static const struct draft_iface *iface_named(const struct draft_node *node, const char *name)
{
	ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
		if (name && g_str_equal(i->name, name))
			return i;
	}
	return NULL;
}

static bool is_private(const struct draft_iface *i)
{
	return addr_is_private(&i->network->subnet.addr);
}

static bool has_ipv4(const struct draft_iface *i)
{
	array_foreach(const struct prefix, p, i->addresses)
		if (p->addr.family == AF_INET && p->len < 32)
			return true;
	return false;
}

/* An Edge has two interfaces, and the default route by the public one. */
static void find_edge(struct completion *c, guint nodes)
{
	for (guint k = 0; k < nodes && !c->edge; k++) {
		struct draft_node *node = c->t->nodes->pdata[k];
		const struct draft_route *r = draft_default_route(node);
		const struct draft_iface *out = r ? iface_named(node, r->dev) : NULL;

		for (guint n = 0; out && !node->forwarding && n < node->ifaces->len; n++) {
			const struct draft_iface *in = node->ifaces->pdata[n];

			if (in == out || !has_ipv4(in) || !has_ipv4(out) || !is_private(in) ||
			    is_private(out) || out->network->subnet.len > 29)
				continue;
			c->edge = node;
			c->edge_in = in;
			c->edge_out = out;
			break;
		}
	}
}

/* A node that was made of a relayed candidate is the outer side of an Edge. */
static void find_relay(struct completion *c, guint nodes)
{
	for (guint k = 0; k < nodes && !c->edge; k++) {
		struct draft_node *node = c->t->nodes->pdata[k];
		const struct draft_iface *i = node->ifaces->pdata[0];

		if (!node->is_relay || !node->inferred || !has_ipv4(i))
			continue;
		c->edge = node;
		c->edge_out = i;
		c->is_av = true;
	}
}

/* Until the interface has three addresses: Access Edge, A/V Edge, A/V Edge over TCP. */
static void add_edge_addresses(struct completion *c)
{
	const struct draft_network *n = c->edge_out->network;
	struct prefix p = {.len = n->subnet.len};
	guint have = 0;

	for (guint k = 0; k < c->edge_out->addresses->len; k++)
		have += g_array_index(c->edge_out->addresses, struct prefix, k).addr.family ==
			AF_INET;
	for (; have < 3; have++) {
		if (draft_free_address(c->t, n, &n->subnet, false, &p.addr))
			g_array_append_val(c->edge_out->addresses, p);
	}
}

/* Beside the Edge or, where its outer network is full, in the one that was added. */
static void add_proxy(struct completion *c)
{
	c->proxy = complete_node(c, "proxy",
				 "a reverse proxy, by which clients outside find their server");
	c->proxy_out = complete_join(c, c->proxy, "ext", c->edge_out->network, NULL);
	if (!c->proxy_out)
		c->proxy_out = complete_join(c, c->proxy, "ext", c->outside, NULL);
	complete_join(c, c->proxy, "int", c->inside, NULL);
}

void complete_servers(struct completion *c, guint nodes)
{
	find_edge(c, nodes);
	c->inside = c->edge ? c->edge_in->network : complete_network(c, false);
	if (!c->inside)
		return;
	if (!c->edge) {
		complete_join(c, c->core, "office", c->inside, NULL);
		find_relay(c, nodes);
	}
	c->server = complete_node(c, "server", "Front End and internal DNS");
	complete_join(c, c->server, "eth0", c->inside, NULL);
	c->public_dns = complete_node(c, "dns-public", "public DNS");
	complete_join(c, c->public_dns, "eth0", c->outside, NULL);
	if (!c->edge)
		c->edge = complete_node(c, "edge", "an Edge with two interfaces");
	if (!c->edge_out)
		c->edge_out = complete_join(c, c->edge, "ext", c->outside, NULL);
	if (!c->edge_in) {
		c->edge->windows = true;
		c->edge_in = complete_join(c, c->edge, "int", c->inside, NULL);
	}
	add_edge_addresses(c);
	add_proxy(c);
}

/* --- what they run ---------------------------------------------------------------------------- */

static const char *address_text(const struct draft_iface *i, guint index,
				char buf[static ADDR_TEXT_MAX])
{
	for (guint n = 0; n < i->addresses->len; n++) {
		const struct addr *a = &g_array_index(i->addresses, struct prefix, n).addr;

		if (a->family == AF_INET && index-- == 0)
			return addr_print(a, buf);
	}
	return address_text(i, 0, buf);
}

static const struct addr *primary_address(const struct draft_node *node)
{
	const struct draft_iface *i = node->ifaces->pdata[0];

	return &g_array_index(i->addresses, struct prefix, 0).addr;
}

static void G_GNUC_PRINTF(2, 3) add_line(struct draft_node *node, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	g_ptr_array_add(node->more, g_strdup_vprintf(format, list));
	va_end(list);
}

static void run_server(const struct completion *c)
{
	char own[ADDR_TEXT_MAX], edge[ADDR_TEXT_MAX], dns[ADDR_TEXT_MAX];
	struct draft_node *s = c->server;

	address_text(s->ifaces->pdata[0], 0, own);
	address_text(c->edge_in, 0, edge);
	address_text(c->public_dns->ifaces->pdata[0], 0, dns);
	add_line(s, "resolvers: [%s]", own);
	add_line(s, "services:");
	add_line(s, "  - frontend: {fqdn: fe.example.com, web: {}}");
	add_line(s, "  - dns:");
	add_line(s, "      zones: [example.com]");
	add_line(s, "      forward: %s", dns);
	add_line(s, "      records:");
	add_line(s, "        - {name: fe.example.com, a: %s}", own);
	add_line(s, "        - {name: lyncdiscoverinternal.example.com, a: %s}", own);
	add_line(s, "        - {name: edge.example.com, a: %s}", edge);
	add_line(s,
		 "        - {name: _sipinternaltls._tcp.example.com, target: fe.example.com, port: "
		 "5061}");
}

static void run_public_dns(const struct completion *c)
{
	char access[ADDR_TEXT_MAX], av[ADDR_TEXT_MAX], web[ADDR_TEXT_MAX];
	struct draft_node *s = c->public_dns;

	address_text(c->proxy_out, 0, web);
	add_line(s, "services:");
	add_line(s, "  - dns:");
	add_line(s, "      zones: [example.com]");
	add_line(s, "      records:");
	add_line(s, "        - {name: sip.example.com, a: %s}",
		 address_text(c->edge_out, c->is_av ? 1 : 0, access));
	add_line(s, "        - {name: av.example.com, a: %s}",
		 address_text(c->edge_out, c->is_av ? 0 : 1, av));
	add_line(s, "        - {name: lyncdiscover.example.com, a: %s}", web);
	add_line(s, "        - {name: web.example.com, a: %s}", web);
	add_line(s, "        - {name: _sip._tls.example.com, target: sip.example.com, port: 443}");
}

/* An added Edge knows the ways to all networks that are not behind NAT; an imported one, what its
 * own routes say. */
static void add_edge_routes(const struct completion *c)
{
	const struct addr *gateway = &complete_reach(c, c->inside)->gateway;

	for (guint k = 0; c->edge->inferred && k < c->t->networks->len; k++) {
		const struct draft_network *n = c->t->networks->pdata[k];

		if (n->subnet.addr.family == AF_INET && addr_is_private(&n->subnet.addr) &&
		    !complete_reach(c, n)->behind_nat)
			complete_route(c->edge, &n->subnet, gateway, c->edge_in->name);
	}
}

static void run_edge(const struct completion *c)
{
	char fe[ADDR_TEXT_MAX], access[ADDR_TEXT_MAX], av[ADDR_TEXT_MAX], av_tcp[ADDR_TEXT_MAX];
	struct draft_node *e = c->edge;

	add_line(e, "hosts: [{name: fe.example.com, a: %s}]",
		 address_text(c->server->ifaces->pdata[0], 0, fe));
	e->resolver = *primary_address(c->public_dns);
	add_line(e, "services:");
	add_line(e, "  - edge:");
	add_line(e, "      fqdn: edge.example.com");
	add_line(e, "      access_fqdn: sip.example.com");
	add_line(e, "      av_fqdn: av.example.com");
	add_line(e, "      internal: %s", c->edge_in->name);
	add_line(e, "      external: %s", c->edge_out->name);
	add_line(e, "      access: %s", address_text(c->edge_out, c->is_av ? 1 : 0, access));
	add_line(e, "      av: %s", address_text(c->edge_out, c->is_av ? 0 : 1, av));
	add_line(e, "      av_tcp: %s", address_text(c->edge_out, 2, av_tcp));
	add_line(e, "      next_hop: %s", c->server->name);
}

static void run_proxy(const struct completion *c)
{
	char outer[ADDR_TEXT_MAX];
	struct draft_node *p = c->proxy;

	add_line(p, "services:");
	add_line(p, "  - reverse-proxy:");
	add_line(p, "      names: [lyncdiscover.example.com, web.example.com]");
	add_line(p, "      internal: int");
	add_line(p, "      external: ext");
	add_line(p, "      address: %s", address_text(c->proxy_out, 0, outer));
	add_line(p, "      next_hop: %s", c->server->name);
}

/* Clients that are not behind NAT find the Front End itself, the others the Access Edge. */
static void run_client(const struct completion *c, struct draft_node *node, bool outside)
{
	const struct draft_node *dns = outside ? c->public_dns : c->server;

	node->resolver = *primary_address(dns);
	add_line(node, "endpoint: {}");
}

/* Imported hosts are clients. */
static guint run_hosts(const struct completion *c, guint nodes)
{
	guint clients = 0;

	for (guint k = 0; k < nodes; k++) {
		struct draft_node *node = c->t->nodes->pdata[k];
		const struct draft_iface *i = node->ifaces->pdata[0];

		if (node->forwarding || node == c->edge || node->inferred ||
		    primary_address(node)->family != AF_INET)
			continue;
		run_client(c, node, complete_reach(c, i->network)->behind_nat);
		clients++;
	}
	return clients;
}

void complete_services(struct completion *c, guint nodes)
{
	guint clients = run_hosts(c, nodes);

	for (guint k = clients; k < 2; k++) {
		bool outside = k == 1;
		struct draft_node *node =
			complete_node(c, outside ? "client-outside" : "client-inside", "a client");

		complete_join(c, node, "eth0", outside ? c->outside : c->inside, NULL);
		complete_default(c, node);
		run_client(c, node, outside);
	}
	run_server(c);
	run_public_dns(c);
	add_edge_routes(c);
	run_edge(c);
	run_proxy(c);
}
