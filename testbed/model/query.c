/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/internal.h"

#include <string.h>

/* named_find takes the first member of an object as its name. */
G_STATIC_ASSERT(offsetof(struct site, name) == 0);
G_STATIC_ASSERT(offsetof(struct network, name) == 0);
G_STATIC_ASSERT(offsetof(struct iface, name) == 0);
G_STATIC_ASSERT(offsetof(struct fw_rule, name) == 0);
G_STATIC_ASSERT(offsetof(struct nat_rule, name) == 0);
G_STATIC_ASSERT(offsetof(struct dns_record, name) == 0);
G_STATIC_ASSERT(offsetof(struct nrpt_rule, namespace) == 0);
G_STATIC_ASSERT(offsetof(struct node, name) == 0);
G_STATIC_ASSERT(offsetof(struct tunnel, name) == 0);
G_STATIC_ASSERT(offsetof(struct conference, name) == 0);
G_STATIC_ASSERT(offsetof(struct scenario, name) == 0);

void *named_find(const GPtrArray *objects, const char *name)
{
	for (guint i = 0; name && i < objects->len; i++) {
		char **object = g_ptr_array_index(objects, i);

		if (*object && strcmp(*object, name) == 0)
			return object;
	}
	return NULL;
}

void named_error(diags *d, struct loc loc, const char *what, const char *name,
		 const GPtrArray *objects)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *hint = NULL;

	for (guint i = 0; i < objects->len; i++) {
		char **object = g_ptr_array_index(objects, i);

		if (*object)
			g_ptr_array_add(names, *object);
	}
	g_ptr_array_add(names, NULL);
	hint = reader_hint(name, (const char *const *)names->pdata);
	diags_add(d, DIAG_ERROR, loc, hint, "no %s '%s'", what, name);
}

const struct scenario *model_scenario(const model *m, const char *name)
{
	return named_find(m->scenarios, name);
}

const struct node *model_node(const model *m, const char *name)
{
	return named_find(m->nodes, name);
}

const struct network *model_network(const model *m, const char *name)
{
	return named_find(m->networks, name);
}

const struct site *model_site(const model *m, const char *name)
{
	return named_find(m->sites, name);
}

const struct iface *node_iface(const struct node *n, const char *name)
{
	return named_find(n->interfaces, name);
}

const struct tunnel *model_tunnel_at(const model *m, const char *node, const char *iface,
				     guint *ret_end)
{
	for (guint i = 0; node && iface && i < m->tunnels->len; i++) {
		const struct tunnel *t = m->tunnels->pdata[i];

		for (guint e = 0; e < G_N_ELEMENTS(t->ends); e++) {
			if (g_strcmp0(t->ends[e].node_name, node) != 0 ||
			    g_strcmp0(t->ends[e].iface, iface) != 0)
				continue;
			if (ret_end)
				*ret_end = e;
			return t;
		}
	}
	return NULL;
}

bool tunnel_is_udp(enum tunnel_kind kind)
{
	return kind == TUNNEL_WIREGUARD || kind == TUNNEL_VXLAN;
}

unsigned tunnel_overhead_bytes(enum tunnel_kind kind, int family)
{
	enum {
		IPV4 = 20,
		IPV6 = 40,
		UDP = 8,
		WIREGUARD = 32,
		VXLAN = 8,
		ETHERNET = 14,
		GRE_KEY = 8
	};
	static const unsigned own_bytes[TUNNEL_KIND_COUNT] = {
		[TUNNEL_WIREGUARD] = UDP + WIREGUARD,
		[TUNNEL_VXLAN] = UDP + VXLAN + ETHERNET,
		[TUNNEL_GRE] = GRE_KEY,
		[TUNNEL_IPIP] = 0,
	};

	return own_bytes[kind] + (family == AF_INET6 ? IPV6 : IPV4);
}

const struct impairment *tunnel_impairment(const struct tunnel *t, guint end)
{
	return t->ends[end].impair ? t->ends[end].impair : t->impair;
}

const struct impairment *iface_impairment(const struct iface *f)
{
	return f->impair ? f->impair : f->network->impair;
}

const struct impairment *node_impairment(const model *m, const struct node *n, const char *iface)
{
	const struct iface *f = node_iface(n, iface);
	guint end;
	const struct tunnel *t = f ? NULL : model_tunnel_at(m, n->name, iface, &end);
	const struct impairment *i = f ? iface_impairment(f) : t ? tunnel_impairment(t, end) : NULL;

	return impairment_is_none(i) ? NULL : i;
}

bool model_is_impaired(const model *m)
{
	ptr_array_foreach(const struct node, n, m->nodes)
		ptr_array_foreach(const struct iface, f, n->interfaces)
			if (!impairment_is_none(iface_impairment(f)))
				return true;
	ptr_array_foreach(const struct tunnel, t, m->tunnels)
		for (guint end = 0; end < G_N_ELEMENTS(t->ends); end++)
			if (!impairment_is_none(tunnel_impairment(t, end)))
				return true;
	return false;
}

bool node_has_link(const model *m, const struct node *n, const char *iface)
{
	return node_iface(n, iface) || model_tunnel_at(m, n->name, iface, NULL);
}

bool model_has_place(const model *m, const char *place)
{
	g_auto(GStrv) part = g_strsplit(place, ":", 2);
	const struct node *n = part[0] ? model_node(m, part[0]) : NULL;

	return n && (!part[1] || node_has_link(m, n, part[1]));
}

const char *model_nearest_node(const model *m, const char *name)
{
	g_autofree const char **names = g_new0(const char *, m->nodes->len + 1);

	for (guint i = 0; i < m->nodes->len; i++)
		names[i] = ((const struct node *)m->nodes->pdata[i])->name;
	return diag_nearest(name, names);
}

/* "no node 'edg' (did you mean 'edge'?)"; the caller frees. */
static char *no_node_text(const model *m, const char *name)
{
	const char *near = model_nearest_node(m, name);

	return near ? g_strdup_printf("no node '%s' (did you mean '%s'?)", name, near) :
		      g_strdup_printf("no node '%s'", name);
}

char *model_no_place(const model *m, const char *place)
{
	g_auto(GStrv) part = g_strsplit(place, ":", 2);
	const struct node *n = part[0] ? model_node(m, part[0]) : NULL;
	g_autoptr(GString) ifaces = g_string_new(NULL);

	if (!n || !part[1])
		return no_node_text(m, part[0] ? part[0] : place);
	for (guint i = 0; i < n->interfaces->len; i++)
		g_string_append_printf(ifaces, "%s%s", i > 0 ? ", " : "",
				       ((const struct iface *)n->interfaces->pdata[i])->name);
	ptr_array_foreach(const struct tunnel, t, m->tunnels)
		for (guint k = 0; k < 2; k++)
			if (g_str_equal(t->ends[k].node_name, n->name))
				g_string_append_printf(ifaces, "%s%s", ifaces->len > 0 ? ", " : "",
						       t->ends[k].iface);
	return g_strdup_printf("node '%s' has no interface '%s' (there are: %s)", n->name, part[1],
			       ifaces->str);
}

bool policy_rule_equal(const struct policy_rule *a, const struct policy_rule *b)
{
	return prefix_equal(&a->from, &b->from) && a->table == b->table &&
	       g_strcmp0(a->in_iface, b->in_iface) == 0;
}

unsigned route_metric(const struct route *r)
{
	return r->metric == 0 && r->to.addr.family == AF_INET6 ? ROUTE_METRIC_IPV6 : r->metric;
}

bool route_excludes(const struct route *a, const struct route *b)
{
	return prefix_equal(&a->to, &b->to) && a->table == b->table &&
	       route_metric(a) == route_metric(b);
}

const struct service *node_declared_service(const struct node *n, enum service_kind kind)
{
	ptr_array_foreach(const struct service, service, n->services)
		if (service->kind == kind)
			return service;
	return NULL;
}

const struct service *node_service(const struct node *n, enum service_kind kind)
{
	const struct service *service = node_declared_service(n, kind);

	return service && service->enabled ? service : NULL;
}

bool node_shows_certificate(const struct node *n)
{
	return node_declared_service(n, SERVICE_FRONTEND) ||
	       node_declared_service(n, SERVICE_EDGE) ||
	       node_declared_service(n, SERVICE_REVERSE_PROXY);
}

struct addr node_address(const struct node *n)
{
	const struct iface *first =
		n->interfaces->len > 0 ? g_ptr_array_index(n->interfaces, 0) : NULL;

	const struct prefix *p = first ? iface_prefix(first, AF_UNSPEC) : NULL;

	return p ? p->addr : (struct addr){.family = 0};
}

bool node_answers_by_card(const struct node *n)
{
	ptr_array_foreach(const struct iface, f, n->interfaces)
		ptr_array_foreach(const struct iface, other, n->interfaces)
			if (other != f && other->network == f->network)
				return true;
	return n->host_model == HOST_STRONG;
}

const struct prefix *iface_prefix(const struct iface *f, int family)
{
	const struct prefix *local = NULL;

	array_foreach(const struct prefix, p, f->addresses) {
		if (family != AF_UNSPEC && p->addr.family != family)
			continue;
		if (!addr_is_link_local6(&p->addr))
			return p;
		local = local ? local : p;
	}
	return local;
}

const struct addr *iface_peer(const struct iface *f, const struct prefix *address)
{
	array_foreach(const struct prefix, p, f->addresses)
		if (p->addr.family == f->peer.family && p->len == addr_bits(&p->addr))
			return addr_equal(&p->addr, &address->addr) ? &f->peer : NULL;
	return NULL;
}

const struct prefix *node_prefix_on(const model *m, const struct node *n, const char *iface,
				    int family)
{
	const struct iface *f = node_iface(n, iface);
	const struct prefix *p = f ? iface_prefix(f, family) : NULL;
	guint end;
	const struct tunnel *t = f ? NULL : model_tunnel_at(m, n->name, iface, &end);

	if (t && (family == AF_UNSPEC || t->ends[end].address.addr.family == family))
		p = &t->ends[end].address;
	return p;
}

struct addr node_address6(const struct node *n)
{
	for (guint i = 0; i < n->interfaces->len; i++) {
		const struct prefix *p = iface_prefix(n->interfaces->pdata[i], AF_INET6);

		if (p && !addr_is_link_local6(&p->addr))
			return p->addr;
	}
	return (struct addr){.family = 0};
}

bool node_has_family(const struct node *n, int family)
{
	ptr_array_foreach(const struct iface, f, n->interfaces)
		if (iface_prefix(f, family))
			return true;
	return false;
}

bool iface_has_address(const struct iface *f, const struct addr *a)
{
	for (guint i = 0; i < f->addresses->len; i++)
		if (addr_equal(&g_array_index(f->addresses, struct prefix, i).addr, a))
			return true;
	return false;
}

unsigned node_route_table(const struct node *n, const char *iface)
{
	for (guint i = 0; n->host_model == HOST_STRONG && i < n->interfaces->len; i++)
		if (g_strcmp0(((const struct iface *)n->interfaces->pdata[i])->name, iface) == 0)
			return ROUTE_TABLE_STRONG + i;
	return 0;
}

const struct iface *node_route_iface(const struct node *n, const struct route *r)
{
	if (r->dev)
		return node_iface(n, r->dev);
	ptr_array_foreach(const struct iface, f, n->interfaces)
		array_foreach(const struct prefix, p, f->addresses)
			if (prefix_contains(p, &r->via))
				return f;
	return NULL;
}

bool node_has_address(const struct node *n, const struct addr *a)
{
	for (guint i = 0; i < n->interfaces->len; i++)
		if (iface_has_address(n->interfaces->pdata[i], a))
			return true;
	return false;
}

const struct node *model_owner(const model *m, const struct addr *a)
{
	for (guint i = 0; i < m->nodes->len; i++)
		if (node_has_address(m->nodes->pdata[i], a))
			return m->nodes->pdata[i];
	return NULL;
}

const struct node *model_server(const model *m, enum service_kind kind)
{
	for (guint i = 0; i < m->nodes->len; i++)
		if (node_service(m->nodes->pdata[i], kind))
			return m->nodes->pdata[i];
	return NULL;
}

const struct nat_rule *node_masquerade(const struct node *n, const char *iface)
{
	for (guint i = 0; iface && i < n->nat->len; i++) {
		const struct nat_rule *r = n->nat->pdata[i];

		if (r->kind == NAT_MASQUERADE && g_strcmp0(r->out_iface, iface) == 0)
			return r;
	}
	return NULL;
}

bool port_ranges_contain(const GArray *ranges, uint16_t port)
{
	array_foreach(const struct port_range, r, ranges)
		if (port >= r->first && port <= r->last)
			return true;
	return false;
}

uint16_t nat_forward_inside(const struct nat_rule *forward, uint16_t port)
{
	if (!port_ranges_contain(forward->ports, port))
		return 0;
	return forward->to_port != 0 ? forward->to_port : port;
}

uint16_t nat_forward_outside(const struct nat_rule *forward, uint16_t port)
{
	if (forward->to_port == 0)
		return port_ranges_contain(forward->ports, port) ? port : 0;
	return port == forward->to_port && forward->ports->len > 0 ?
		       g_array_index(forward->ports, struct port_range, 0).first :
		       0;
}

const struct nat_rule *node_forward(const struct node *n, const struct addr *outside,
				    enum ip_proto proto, uint16_t port)
{
	ptr_array_foreach(const struct nat_rule, r, n->nat)
		if (r->kind == NAT_FORWARD && r->proto == proto &&
		    addr_equal(&r->outside, outside) && nat_forward_inside(r, port) != 0)
			return r;
	return NULL;
}

guint model_count_endpoints(const model *m)
{
	guint count = 0;

	for (guint i = 0; i < m->nodes->len; i++)
		count += ((const struct node *)m->nodes->pdata[i])->endpoint != NULL;
	return count;
}

const struct node *model_media_edge(const model *m, const struct node *endpoint)
{
	const struct site *site = endpoint->site ? model_site(m, endpoint->site) : NULL;

	if (endpoint->endpoint && endpoint->endpoint->media_edge)
		return model_node(m, endpoint->endpoint->media_edge);
	if (site && site->media_edge)
		return model_node(m, site->media_edge);
	ptr_array_foreach(const struct node, node, m->nodes)
		if (node_declared_service(
			    node, SERVICE_EDGE)) /* users are bound to a stopped one all the same */
			return node;
	return NULL;
}

const struct frontend_service *model_next_hop(const model *m, const char *node)
{
	const struct node *n = node ? model_node(m, node) : NULL;
	const struct service *s = n ? node_declared_service(n, SERVICE_FRONTEND) : NULL;

	return s ? &s->frontend : NULL;
}

/* --- expectations ----------------------------------------------------------------------------- */

/* Whether a selector is "*", the endpoint's name or its site's. */
static bool selects(const model *m, const GPtrArray *selectors, const char *endpoint)
{
	const struct node *node = model_node(m, endpoint);

	ptr_array_foreach(const char, selector, selectors)
		if (strcmp(selector, "*") == 0 || strcmp(selector, endpoint) == 0 ||
		    (node && node->site && strcmp(selector, node->site) == 0))
			return true;
	return false;
}

static bool expect_matches(const model *m, const struct expect *e, const char *a, const char *b)
{
	return (selects(m, e->between, a) && selects(m, e->and, b)) ||
	       (selects(m, e->between, b) && selects(m, e->and, a));
}

/* Whether one pair of organiser and participant, of a conference of that medium, fits the rule. */
static bool expect_matches_conference(const model *m, const struct expect *e, const char *organiser,
				      enum media media)
{
	ptr_array_foreach(const struct conference, c, m->conferences) {
		if (strcmp(c->organiser, organiser) != 0 || !(c->media_mask & (1u << media)))
			continue;
		for (guint j = 0; j < c->participants->len; j++) {
			if (expect_matches(m, e, organiser, g_ptr_array_index(c->participants, j)))
				return true;
		}
	}
	return false;
}

const struct expect *scenario_expect(const model *m, const struct scenario *sc, const char *a,
				     const char *b, enum media media)
{
	for (guint i = sc->expects->len; i > 0; i--) {
		const struct expect *e = g_ptr_array_index(sc->expects, i - 1);

		if (!(e->media_mask & (1u << media)))
			continue;
		if (b ? expect_matches(m, e, a, b) : expect_matches_conference(m, e, a, media))
			return e;
	}
	return NULL;
}

struct prefix model_prefix_of(const model *m, const struct addr *a)
{
	ptr_array_foreach(const struct network, n, m->networks) {
		if (prefix_contains(&n->subnet, a))
			return n->subnet;
		if (prefix_contains(&n->subnet6, a))
			return n->subnet6;
	}
	return (struct prefix){.addr = *a, .len = addr_bits(a)};
}
