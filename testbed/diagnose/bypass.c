/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/bypass.h"

#include "testbed/diagnose/fix_rules.h"
#include "testbed/diagnose/published.h"
#include "testbed/walk/walk.h"

#include <string.h>

#define CLIENT_PORT 49152 /* RFC 6335 section 6 */
#define DNS_PORT 53
#define STUN_PORT 3478

/* What a bypass is derived from. */
struct way_around {
	const knet *net;
	const struct node *end;	     /* whose call fails */
	const struct tunnel *tunnel; /* that its packets go through */
	int far;		     /* the tunnel's other end */
	const char *domain;	     /* of the users */
	struct addr dns;	     /* of the public name server */
	GPtrArray *clients;	     /* const struct node *: of the site */
	GPtrArray *networks;	     /* const struct network *: behind the tunnel */
	GArray *resolvers; /* struct addr: behind the tunnel, and still asked for other names */
};

/* --- what the packets show -------------------------------------------------------------------- */

/* The first tunnel on the way, and the end where the packet leaves it; NULL: there is none. */
static const struct tunnel *tunnel_on_way(const model *m, const walk *w, int *ret_far)
{
	ptr_array_foreach(const struct hop, h, w->hops) {
		guint end;
		const struct tunnel *t = model_tunnel_at(m, h->node, h->out, &end);

		if (!t)
			continue;
		*ret_far = 1 - (int)end;
		return t;
	}
	return NULL;
}

/* Whether packets get there and back without a tunnel. */
static bool reaches_outside(const struct way_around *w, const model *m, const struct node *from,
			    const struct addr *to, enum ip_proto proto, uint16_t port)
{
	const struct flow flow = {.node = from->name,
				  .dst = *to,
				  .proto = proto,
				  .sport = CLIENT_PORT,
				  .dport = port};
	struct walk_pair *p = walk_both(w->net, &flow);
	int far;
	bool reached =
		p->back && p->back->end == WALK_DELIVERED && !tunnel_on_way(m, p->forward, &far);

	walk_pair_free(p);
	return reached;
}

/* Finds the leg between a client and the Edge, through a tunnel, that was lost. */
static bool find_end(const model *m, const struct finding *f, struct way_around *ret)
{
	ptr_array_foreach(const struct leg, l, f->legs) {
		const struct node *n = l->from ? model_node(m, l->from) : NULL;
		bool lost = l->walk->forward->end != WALK_DELIVERED ||
			    (l->walk->back && l->walk->back->end != WALK_DELIVERED);

		if (!n || !n->endpoint || !n->site || !lost)
			continue;
		ret->tunnel = tunnel_on_way(m, l->walk->forward, &ret->far);
		ret->end = n;
		return ret->tunnel != NULL;
	}
	return false;
}

/* --- what the topology has -------------------------------------------------------------------- */

static const char *domain_of(const struct node *n)
{
	const char *at = n->endpoint->user ? strchr(n->endpoint->user, '@') : NULL;

	return at ? at + 1 : NULL;
}

static bool has_record(const struct node *server, const char *name)
{
	const struct service *s = node_service(server, SERVICE_DNS);

	for (guint i = 0; s && i < s->dns.records->len; i++)
		if (g_ascii_strcasecmp(((const struct dns_record *)s->dns.records->pdata[i])->name,
				       name) == 0)
			return true;
	return false;
}

/* Finds a name server that knows where users from outside sign in (MS-SIPRE; RFC 2782) and can
 * be reached without the tunnel. */
static bool find_public_dns(const model *m, struct way_around *w)
{
	g_autofree char *external = g_strdup_printf("_sip._tls.%s", w->domain);

	ptr_array_foreach(const struct node, n, m->nodes) {
		struct addr a = node_address(n);

		if (!has_record(n, external) || !addr_is_set(&a) ||
		    !reaches_outside(w, m, w->end, &a, PROTO_UDP, DNS_PORT))
			continue;
		w->dns = a;
		return true;
	}
	return false;
}

static bool edge_is_open(const model *m, const struct way_around *w)
{
	const struct node *edge = model_media_edge(m, w->end);
	const struct service *s = edge ? node_service(edge, SERVICE_EDGE) : NULL;

	return s &&
	       reaches_outside(w, m, w->end, &s->edge.access_public, PROTO_TCP,
			       published_access_port(m, &s->edge)) &&
	       reaches_outside(w, m, w->end, &s->edge.av_public, PROTO_UDP, STUN_PORT);
}

static bool has_rule_for(const struct node *n, const char *domain)
{
	ptr_array_foreach(const struct nrpt_rule, r, n->nrpt)
		if (r->namespace[0] == '.' && g_ascii_strcasecmp(r->namespace + 1, domain) == 0)
			return true;
	return false;
}

/* False: some of them go around the tunnel already. */
static bool find_clients(const model *m, struct way_around *w)
{
	ptr_array_foreach(const struct node, n, m->nodes) {
		if (!n->endpoint || g_strcmp0(n->site, w->end->site) != 0)
			continue;
		if (has_rule_for(n, w->domain))
			return false;
		g_ptr_array_add(w->clients, (gpointer)(guintptr)n);
	}
	return w->clients->len > 0;
}

/* Whether a client or a service is on the network. */
static bool is_peopled(const model *m, const struct network *network)
{
	ptr_array_foreach(const struct node, n, m->nodes)
		for (guint k = 0; (n->endpoint || n->services->len > 0) && k < n->interfaces->len;
		     k++)
			if (((const struct iface *)n->interfaces->pdata[k])->network == network)
				return true;
	return false;
}

static bool is_behind(const struct tunnel_end *end, const struct network *network)
{
	array_foreach(const struct prefix, p, end->prefixes)
		if (p->len <= network->subnet.len && prefix_contains(p, &network->subnet.addr))
			return true;
	return false;
}

static void find_networks(const model *m, struct way_around *w)
{
	ptr_array_foreach(struct network, n, m->networks)
		if (g_strcmp0(n->site, w->end->site) != 0 && is_peopled(m, n) &&
		    is_behind(&w->tunnel->ends[w->far], n))
			g_ptr_array_add(w->networks, n);
}

static bool is_known(const GArray *addresses, const struct addr *a)
{
	for (guint i = 0; i < addresses->len; i++)
		if (addr_equal(&g_array_index(addresses, struct addr, i), a))
			return true;
	return false;
}

static void find_resolvers(struct way_around *w)
{
	ptr_array_foreach(const struct node, n, w->clients) {
		array_foreach(const struct addr, a, n->resolvers)
			for (guint j = 0; j < w->networks->len; j++)
				if (prefix_contains(&((const struct network *)w->networks->pdata[j])
							     ->subnet,
						    a) &&
				    !is_known(w->resolvers, a))
					g_array_append_val(w->resolvers, *a);
	}
}

/* --- in words --------------------------------------------------------------------------------- */

static char *names_of(const struct way_around *w)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < w->clients->len; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
				       ((const struct node *)w->clients->pdata[i])->name);
	return g_string_free(text, FALSE);
}

static char *networks_of(const struct way_around *w, const char *separator)
{
	GString *text = g_string_new(NULL);
	char p[PREFIX_TEXT_MAX];

	for (guint i = 0; i < w->networks->len; i++) {
		struct prefix network =
			prefix_network(&((const struct network *)w->networks->pdata[i])->subnet);

		g_string_append_printf(text, "%s%s", i > 0 ? separator : "",
				       prefix_print(&network, p));
	}
	return g_string_free(text, FALSE);
}

static char *resolvers_of(const struct way_around *w)
{
	GString *text = g_string_new(NULL);
	char a[ADDR_TEXT_MAX];

	for (guint i = 0; i < w->resolvers->len; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
				       addr_print(&g_array_index(w->resolvers, struct addr, i), a));
	return g_string_free(text, FALSE);
}

static fix *fix_around(const struct way_around *w)
{
	g_autofree char *names = names_of(w), *networks = networks_of(w, ", "),
			*resolvers = resolvers_of(w);
	char dns[ADDR_TEXT_MAX];
	fix *x = fix_of("add-nrpt: {nodes: [%s], namespace: .%s, servers: [%s]}", names, w->domain,
			addr_print(&w->dns, dns));

	/* other names are still asked of the servers inside */
	for (int tcp = 0; w->resolvers->len > 0 && tcp < 2; tcp++)
		fix_add_change(x,
			       "allow: {nodes: [%s], name: bypass-dns-%s, chain: output, "
			       "dst: [%s], proto: %s, dports: [%d]}",
			       names, tcp ? "tcp" : "udp", resolvers, tcp ? "tcp" : "udp",
			       DNS_PORT);
	fix_add_change(
		x, "block: {nodes: [%s], name: bypass-not-into-tunnel, chain: output, dst: [%s]}",
		names, networks);
	fix_add_change(
		x, "block: {nodes: [%s], name: bypass-not-from-tunnel, chain: input, src: [%s]}",
		names, networks);
	return x;
}

/* On Windows a rule that blocks overrides all that allow, so the ports of DNS are left out of
 * it. */
static void add_commands(fix *x, const struct way_around *w)
{
	static const char *const protocols[] = {"TCP", "UDP"};
	g_autofree char *networks = networks_of(w, ",");
	char dns[ADDR_TEXT_MAX];

	fix_add_command(
		x, FIX_ON_WINDOWS,
		g_strdup_printf("Add-DnsClientNrptRule -Namespace \".%s\" -NameServers \"%s\"",
				w->domain, addr_print(&w->dns, dns)));
	for (guint i = 0; w->resolvers->len > 0 && i < G_N_ELEMENTS(protocols); i++)
		fix_add_command(x, FIX_ON_WINDOWS,
				g_strdup_printf("New-NetFirewallRule -DisplayName "
						"\"bypass-not-into-tunnel-%s\" -Direction Outbound "
						"-Action Block -Protocol %s -RemotePort "
						"0-%d,%d-65535 -RemoteAddress %s",
						protocols[i], protocols[i], DNS_PORT - 1,
						DNS_PORT + 1, networks));
	if (w->resolvers->len == 0)
		fix_add_command(x, FIX_ON_WINDOWS,
				g_strdup_printf("New-NetFirewallRule -DisplayName "
						"\"bypass-not-into-tunnel\" -Direction Outbound "
						"-Action Block -RemoteAddress %s",
						networks));
	fix_add_command(x, FIX_ON_WINDOWS,
			g_strdup_printf("New-NetFirewallRule -DisplayName "
					"\"bypass-not-from-tunnel\" -Direction Inbound "
					"-Action Block -RemoteAddress %s",
					networks));
}

/* --- public ----------------------------------------------------------------------------------- */

/* Clients can go around the tunnel when it is a route that their Edge lacks. */
static bool is_about_route_of_edge(const model *m, const struct finding *f)
{
	const struct node *n = f->node ? model_node(m, f->node) : NULL;

	return n && node_declared_service(n, SERVICE_EDGE) &&
	       (f->code == CAUSE_RETURN_WRONG_EGRESS || f->code == CAUSE_NO_ROUTE);
}

fix *bypass_derive(const model *m, const netstate *state, const struct finding *f)
{
	g_autoptr(knet) net = state ? knet_new(m, state) : NULL;
	struct way_around w = {.net = net,
			       .clients = g_ptr_array_new(),
			       .networks = g_ptr_array_new(),
			       .resolvers = g_array_new(FALSE, FALSE, sizeof(struct addr))};
	fix *x = NULL;

	if (net && is_about_route_of_edge(m, f) && find_end(m, f, &w) &&
	    (w.domain = domain_of(w.end)) && find_clients(m, &w) && find_public_dns(m, &w) &&
	    edge_is_open(m, &w)) {
		find_networks(m, &w);
		find_resolvers(&w);
		if (w.networks->len > 0) {
			x = fix_around(&w);
			add_commands(x, &w);
		}
	}
	g_ptr_array_unref(w.clients);
	g_ptr_array_unref(w.networks);
	g_array_unref(w.resolvers);
	return x;
}
