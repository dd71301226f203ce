/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The servers and clients that `import --complete` adds. */
#include "testbed/import/complete.h"

#include <string.h>

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
	array_foreach(const struct edge_role, r, t->edges)
		if (prefix_contains(p, &r->access_outside) || prefix_contains(p, &r->av_outside))
			return false;
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

			if (in == out || (in->source && in->source->joined) || !has_ipv4(in) ||
			    !has_ipv4(out) || !is_private(in) || is_private(out) ||
			    out->network->subnet.len > 29)
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

/* Gives a server its interface in the inner network.  false with an error: that one is full. */
static bool join_inside(struct completion *c, struct draft_node *node, const char *name)
{
	struct loc loc = {g_intern_static_string("--complete"), 1, 1};
	char text[PREFIX_TEXT_MAX];

	return complete_join(c, node, name, c->inside, NULL) ||
	       diags_add(c->t->found, DIAG_ERROR, loc,
			 "import the Front End's own export, too, or import without --complete",
			 "no address is free for '%s' in %s, the inner network", node->name,
			 prefix_print(&c->inside->subnet, text));
}

/* Beside the Edge or, where its outer network is full, in the one that was added. */
static void add_proxy(struct completion *c)
{
	c->proxy = complete_node(c, "proxy",
				 "a reverse proxy, by which clients outside find their server");
	if (!is_private(c->edge_out))
		c->proxy_out = complete_join(c, c->proxy, "ext", c->edge_out->network, NULL);
	if (!c->proxy_out)
		c->proxy_out = complete_join(c, c->proxy, "ext", c->outside, NULL);
	join_inside(c, c->proxy, "int");
}

/* The first Edge of the deployment, and the Front End that it hands to. */
static void take_deployment(struct completion *c)
{
	const struct draft *t = c->t;

	if (t->edges->len > 0) {
		c->role = &g_array_index(t->edges, struct edge_role, 0);
		c->edge = c->role->node;
		c->edge_in = c->role->in;
		c->edge_out = c->role->out;
	}
	c->server = draft_next_hop(t, c->role ? c->role : &(struct edge_role){0});
	array_foreach(const struct front_end_role, role, t->front_ends) {
		if (role->node == c->server)
			c->front_end = role->pool;
	}
}

/* The pool of a Front End whose address nothing says.  NULL: there is none. */
static const struct deploy_pool *unplaced_front_end(const struct draft *t)
{
	const GPtrArray *pools = t->deployment ? t->deployment->pools : NULL;

	ptr_array_foreach(const struct deploy_pool, pool, pools)
		if (pool->is_front_end && !pool->is_director)
			return pool;
	return NULL;
}

static void set_names(struct completion *c)
{
	const struct deploy_pool *edge = c->role ? c->role->pool : NULL;
	const struct draft *t = c->t;

	c->domain = draft_domain(t);
	c->names[NAME_FRONT_END] = draft_fqdn(t, c->front_end ? c->front_end->fqdn : NULL, "fe");
	c->names[NAME_WEB] = draft_fqdn(t, c->front_end ? c->front_end->web_fqdn : NULL, "web");
	c->names[NAME_EDGE] = draft_fqdn(t, edge ? c->role->fqdn : NULL, "edge");
	c->names[NAME_ACCESS] = draft_fqdn(t, edge ? edge->access_fqdn : NULL, "sip");
	c->names[NAME_AV] = draft_fqdn(t, edge ? edge->av_fqdn : NULL, "av");
}

static bool add_server(struct completion *c)
{
	const struct deploy_pool *pool = unplaced_front_end(c->t);
	g_autofree char *name = pool ? deploy_node_name(pool->fqdn) : g_strdup("server");

	c->front_end = pool;
	c->server = complete_node(c, name, "Front End and internal DNS");
	if (pool)
		draft_site(c->t, c->server, pool);
	return join_inside(c, c->server, "eth0");
}

void complete_servers(struct completion *c, guint nodes)
{
	const struct draft_iface *server_iface = NULL;

	if (c->t->deployment)
		take_deployment(c);
	else
		find_edge(c, nodes);
	if (c->server)
		draft_ipv4(c->server, &server_iface);
	c->inside = server_iface ? server_iface->network :
		    c->edge	 ? c->edge_in->network :
				   complete_network(c, false);
	if (!c->inside)
		return;
	if (!c->edge && !c->t->deployment) {
		complete_join(c, c->core, "office", c->inside, NULL);
		find_relay(c, nodes);
	}
	if (!c->server && !add_server(c))
		return;
	c->server_address = draft_ipv4(c->server, NULL);
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
	if (!c->role)
		add_edge_addresses(c);
	set_names(c);
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

/* Whether the name is in the domain, as those must be that a reverse proxy publishes. */
static bool is_in_domain(const struct completion *c, const char *name)
{
	g_autofree char *tail = g_strconcat(".", c->domain, NULL),
			*lower = g_ascii_strdown(name, -1), *end = g_ascii_strdown(tail, -1);

	return g_str_has_suffix(lower, end);
}

/* The domain, and those of other names, which the company's own name servers know, too. */
static char *own_zones(const struct completion *c)
{
	static const enum role_name inner[] = {NAME_FRONT_END, NAME_EDGE};
	GString *zones = g_string_new(c->domain);

	for (guint i = 0; i < G_N_ELEMENTS(inner); i++) {
		const char *dot = strchr(c->names[inner[i]], '.');

		if (!is_in_domain(c, c->names[inner[i]]) && dot && strchr(dot + 1, '.') &&
		    !strstr(zones->str, dot + 1))
			g_string_append_printf(zones, ", %s", dot + 1);
	}
	return g_string_free(zones, FALSE);
}

static void run_server(const struct completion *c)
{
	char own[ADDR_TEXT_MAX], edge[ADDR_TEXT_MAX], dns[ADDR_TEXT_MAX];
	g_autofree char *zones = own_zones(c);
	struct draft_node *s = c->server;

	addr_print(c->server_address, own);
	address_text(c->edge_in, 0, edge);
	address_text(c->public_dns->ifaces->pdata[0], 0, dns);
	if (s->inferred)
		draft_line(s, "resolvers: [%s]", own);
	else
		s->resolver = *c->server_address;
	draft_front_end_lines(s, c->names[NAME_FRONT_END], c->front_end);
	draft_line(s, "  - dns:");
	draft_line(s, "      zones: [%s]", zones);
	draft_line(s, "      forward: %s", dns);
	draft_line(s, "      records:");
	draft_line(s, "        - {name: %s, a: %s}", c->names[NAME_FRONT_END], own);
	draft_line(s, "        - {name: lyncdiscoverinternal.%s, a: %s}", c->domain, own);
	draft_line(s, "        - {name: %s, a: %s}", c->names[NAME_EDGE], edge);
	draft_line(s,
		   "        - {name: _sipinternaltls._tcp.%s, target: %s, port: "
		   "5061}",
		   c->domain, c->names[NAME_FRONT_END]);
}

/* As it is seen outside. */
static const char *outer_text(const struct completion *c, bool av, char buf[static ADDR_TEXT_MAX])
{
	const struct edge_role *r = c->role;

	if (!r)
		return address_text(c->edge_out, av != c->is_av ? 1 : 0, buf);
	if (av)
		return addr_print(addr_is_set(&r->av_outside) ? &r->av_outside : &r->av, buf);
	return addr_print(addr_is_set(&r->access_outside) ? &r->access_outside : &r->access, buf);
}

static void run_public_dns(const struct completion *c)
{
	char outer[ADDR_TEXT_MAX], web[ADDR_TEXT_MAX];
	struct draft_node *s = c->public_dns;

	address_text(c->proxy_out, 0, web);
	draft_line(s, "services:");
	draft_line(s, "  - dns:");
	draft_line(s, "      zones: [%s]", c->domain);
	draft_line(s, "      records:");
	draft_line(s, "        - {name: %s, a: %s}", c->names[NAME_ACCESS],
		   outer_text(c, false, outer));
	if (g_ascii_strcasecmp(c->names[NAME_AV], c->names[NAME_ACCESS]) != 0)
		draft_line(s, "        - {name: %s, a: %s}", c->names[NAME_AV],
			   outer_text(c, true, outer));
	draft_line(s, "        - {name: lyncdiscover.%s, a: %s}", c->domain, web);
	if (is_in_domain(c, c->names[NAME_WEB]))
		draft_line(s, "        - {name: %s, a: %s}", c->names[NAME_WEB], web);
	draft_line(s, "        - {name: _sip._tls.%s, target: %s, port: %u}", c->domain,
		   c->names[NAME_ACCESS], c->role ? c->role->access_port : 443);
}

/* The ways to all networks that are not behind NAT. */
static void add_inner_routes(const struct completion *c, struct draft_node *edge,
			     const struct draft_iface *in)
{
	const struct addr *gateway = &complete_reach(c, in->network)->gateway;

	for (guint k = 0; addr_is_set(gateway) && k < c->t->networks->len; k++) {
		const struct draft_network *n = c->t->networks->pdata[k];

		if (n->subnet.addr.family == AF_INET && addr_is_private(&n->subnet.addr) &&
		    !complete_reach(c, n)->behind_nat)
			complete_route(edge, &n->subnet, gateway, in->name);
	}
}

/* An Edge without export knows them; an imported one, what its own routes say. */
static void add_edge_routes(const struct completion *c)
{
	if (!c->role && c->edge->inferred)
		add_inner_routes(c, c->edge, c->edge_in);
	array_foreach(const struct edge_role, r, c->t->edges)
		if (!r->has_export)
			add_inner_routes(c, r->node, r->in);
}

/* The Edge of no deployment: the first addresses of its outer interface. */
static void run_added_edge(const struct completion *c)
{
	struct edge_role r = {
		.node = c->edge, .in = c->edge_in, .out = c->edge_out, .fqdn = c->names[NAME_EDGE]};
	char text[ADDR_TEXT_MAX];

	addr_parse(address_text(c->edge_out, c->is_av ? 1 : 0, text), &r.access);
	addr_parse(address_text(c->edge_out, c->is_av ? 0 : 1, text), &r.av);
	addr_parse(address_text(c->edge_out, 2, text), &r.av_tcp);
	draft_edge_lines(&r, c->names[NAME_ACCESS], c->names[NAME_AV], c->server->name);
}

static void run_edge(const struct completion *c, struct draft_node *e)
{
	char fe[ADDR_TEXT_MAX];

	draft_line(e, "hosts: [{name: %s, a: %s}]", c->names[NAME_FRONT_END],
		   addr_print(c->server_address, fe));
	e->resolver = *draft_primary(c->public_dns);
}

/* All of the deployment; of others' Front Ends and Edges no record leads to them. */
static void run_edges(const struct completion *c)
{
	array_foreach(const struct front_end_role, role, c->t->front_ends) {
		if (role->node != c->server)
			draft_front_end_lines(role->node, role->pool->fqdn, role->pool);
	}
	if (!c->role) {
		run_edge(c, c->edge);
		run_added_edge(c);
	}
	array_foreach(const struct edge_role, r, c->t->edges) {
		const struct draft_node *hop = draft_next_hop(c->t, r);

		run_edge(c, r->node);
		draft_deployed_edge(c->t, r, hop ? hop->name : c->server->name);
	}
}

static void run_proxy(const struct completion *c)
{
	bool web = is_in_domain(c, c->names[NAME_WEB]);
	char outer[ADDR_TEXT_MAX];
	struct draft_node *p = c->proxy;

	draft_line(p, "services:");
	draft_line(p, "  - reverse-proxy:");
	draft_line(p, "      names: [lyncdiscover.%s%s%s]", c->domain, web ? ", " : "",
		   web ? c->names[NAME_WEB] : "");
	draft_line(p, "      internal: int");
	draft_line(p, "      external: ext");
	draft_line(p, "      address: %s", address_text(c->proxy_out, 0, outer));
	draft_line(p, "      next_hop: %s", c->server->name);
	if (c->front_end && c->front_end->web_port > 0 && c->front_end->web_port != 4443)
		draft_line(p, "      next_hop_port: %u", c->front_end->web_port);
}

/* Clients that are not behind NAT find the Front End itself, the others the Access Edge. */
static void run_client(const struct completion *c, struct draft_node *node, bool outside)
{
	node->resolver = outside ? *draft_primary(c->public_dns) : *c->server_address;
	draft_line(node, "endpoint: {}");
}

/* Imported hosts are clients; machines of a deployment are not. */
static guint run_hosts(const struct completion *c, guint nodes, guint *ret_outside)
{
	guint clients = 0;

	for (guint k = 0; k < nodes; k++) {
		struct draft_node *node = c->t->nodes->pdata[k];
		const struct draft_iface *i = node->ifaces->pdata[0];

		bool outside;

		if (node->forwarding || node == c->edge || node->inferred ||
		    draft_has_role(c->t, node) || draft_primary(node)->family != AF_INET)
			continue;
		outside = complete_reach(c, i->network)->behind_nat ||
			  (c->t->deployment && !is_private(i));
		run_client(c, node, outside);
		*ret_outside += outside;
		clients++;
	}
	return clients;
}

void complete_services(struct completion *c, guint nodes)
{
	guint outer = 0, clients = run_hosts(c, nodes, &outer);

	for (guint k = c->t->deployment ? 0 : clients; k < 2; k++) {
		bool outside = k == 1;
		struct draft_node *node;

		if (c->t->deployment && (outside ? outer > 0 : clients > outer))
			continue;
		node = complete_node(c, outside ? "client-outside" : "client-inside", "a client");

		complete_join(c, node, "eth0", outside ? c->outside : c->inside, NULL);
		complete_default(c, node);
		run_client(c, node, outside);
	}
	run_server(c);
	run_public_dns(c);
	add_edge_routes(c);
	run_edges(c);
	run_proxy(c);
}
