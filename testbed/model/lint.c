/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule looks at one network, that of a scenario, and says of each part of the file whether it is
 * in order there.  What is in order in one scenario is in order: a network may be for the nodes
 * that another scenario adds. */
#include "testbed/model/lint.h"

#include <string.h>

#define DNS_PORT 53
#define SIP_PORT 5061
#define MRAS_PORT 5062
#define STUN_PORT 3478

/* One model_lint. */
struct lint {
	const model *m; /* of the scenario that is looked at */
	const struct scenario *scenario;
	const char *const *causes;
	GHashTable *in_order; /* places, "LINE:COLUMN" */
	GPtrArray *doubts;    /* struct doubt */
	GHashTable *asked;    /* names that somebody asks for, in this scenario; in small letters */
	bool asks_anything;   /* a client of another make may ask for any name */
};

struct doubt {
	struct loc loc;
	char *message;
	const char *hint;
};

static void doubt_free(gpointer data)
{
	struct doubt *d = data;

	g_free(d->message);
	g_free(d);
}

static char *place_key(struct loc loc)
{
	return g_strdup_printf("%d:%d", loc.line, loc.col);
}

/* Notes whether a part of the file is in order; takes `message` over. */
static void judge(struct lint *l, struct loc loc, bool in_order, char *message, const char *hint)
{
	struct doubt *d;

	if (in_order) {
		g_hash_table_add(l->in_order, place_key(loc));
		g_free(message);
		return;
	}
	d = g_new0(struct doubt, 1);
	*d = (struct doubt){loc, message, hint};
	g_ptr_array_add(l->doubts, d);
}

/* --- networks and sites ----------------------------------------------------------------------- */

static void lint_networks(struct lint *l)
{
	ptr_array_foreach(const struct network, n, l->m->networks) {
		bool used = false;

		ptr_array_foreach(const struct node, node, l->m->nodes)
			ptr_array_foreach(const struct iface, f, node->interfaces)
				used = used || f->network == n;
		judge(l, n->loc, used, g_strdup_printf("no interface is on network '%s'", n->name),
		      "remove it, or put nodes on it");
	}
}

static void lint_sites(struct lint *l)
{
	ptr_array_foreach(const struct site, s, l->m->sites) {
		bool used = false;

		ptr_array_foreach(const struct node, node, l->m->nodes)
			used = used || g_strcmp0(node->site, s->name) == 0;
		judge(l, s->loc, used, g_strdup_printf("no node is at site '%s'", s->name),
		      "remove it, or add 'site' to the nodes that are there");
	}
}

/* --- names ------------------------------------------------------------------------------------ */

static void ask(struct lint *l, const char *before, const char *name)
{
	g_autofree char *whole = name ? g_strconcat(before, name, NULL) : NULL;

	if (whole)
		g_hash_table_add(l->asked, g_ascii_strdown(whole, -1));
}

/* The names that clients try in a domain (clients/discovery.c; "sip": what the product asks, too).
 */
static void ask_in_domain(struct lint *l, const char *domain)
{
	static const char *const labels[] = {WEB_NAME_INTERNAL,
					     WEB_NAME_EXTERNAL,
					     "_sipinternaltls._tcp.",
					     "_sipinternal._tcp.",
					     "_sip._tls.",
					     "sipinternal.",
					     "sip.",
					     "sipexternal."};

	for (gsize i = 0; i < G_N_ELEMENTS(labels); i++)
		ask(l, labels[i], domain);
}

static void ask_for_service(struct lint *l, const struct service *s)
{
	switch (s->kind) {
	case SERVICE_FRONTEND:
		ask(l, "", s->frontend.fqdn);
		ask_in_domain(l, s->frontend.domain);
		ask(l, "", s->frontend.web.internal);
		ask(l, "", s->frontend.web.external);
		break;
	case SERVICE_EDGE:
		ask(l, "", s->edge.fqdn);
		ask(l, "", s->edge.access_fqdn);
		ask(l, "", s->edge.av_fqdn);
		ask(l, "", s->edge.next_hop_fqdn);
		ask_in_domain(l, s->edge.domain);
		break;
	case SERVICE_REVERSE_PROXY:
		ptr_array_foreach(const char, name, s->proxy.names)
			ask(l, "", name);
		break;
	case SERVICE_DNS:
		ptr_array_foreach(const struct dns_record, r, s->dns.records)
			ask(l, "", r->target);
		break;
	case SERVICE_KIND_COUNT:
		break;
	}
}

static void lint_record(struct lint *l, const struct dns_record *r)
{
	g_autofree char *name = g_ascii_strdown(r->name, -1);

	judge(l, r->loc, l->asks_anything || g_hash_table_contains(l->asked, name),
	      g_strdup_printf("nobody asks for the name '%s'", r->name),
	      "no service, client or service record has this name");
}

static void lint_names(struct lint *l)
{
	g_hash_table_remove_all(l->asked);
	ask_in_domain(l, l->m->domain);
	ptr_array_foreach(const struct node, n, l->m->nodes) {
		l->asks_anything = l->asks_anything || (n->endpoint && n->endpoint->command);
		ptr_array_foreach(const struct service, s, n->services)
			ask_for_service(l, s);
	}
	ptr_array_foreach(const struct node, n, l->m->nodes) {
		ptr_array_foreach(const struct dns_record, host, n->hosts)
			lint_record(l, host);
		ptr_array_foreach(const struct service, s, n->services)
			for (guint i = 0; s->kind == SERVICE_DNS && i < s->dns.records->len; i++)
				lint_record(l, s->dns.records->pdata[i]);
	}
}

/* --- services that can be found --------------------------------------------------------------- */

static bool has_addr(const GArray *list, const struct addr *a)
{
	array_foreach(const struct addr, one, list)
		if (addr_equal(one, a))
			return true;
	return false;
}

/* Whether some node asks a name server at that address. */
static bool is_asked(const model *m, const struct addr *a)
{
	ptr_array_foreach(const struct node, n, m->nodes) {
		if (has_addr(n->resolvers, a))
			return true;
		ptr_array_foreach(const struct nrpt_rule, rule, n->nrpt)
			if (has_addr(rule->servers, a))
				return true;
		ptr_array_foreach(const struct service, s, n->services)
			if (s->kind == SERVICE_DNS && addr_equal(&s->dns.forward, a))
				return true;
	}
	return false;
}

/* Whether a record or a hosts file has the address. */
static bool is_named(const model *m, const struct addr *a)
{
	ptr_array_foreach(const struct node, n, m->nodes) {
		ptr_array_foreach(const struct dns_record, host, n->hosts)
			if (addr_equal(&host->a, a))
				return true;
		ptr_array_foreach(const struct service, s, n->services)
			for (guint i = 0; s->kind == SERVICE_DNS && i < s->dns.records->len; i++)
				if (addr_equal(&((struct dns_record *)s->dns.records->pdata[i])->a,
					       a))
					return true;
	}
	return false;
}

/* Whether the address, or one that a NAT leads there from, is named, or of a name server asked. */
static bool can_be_found(const model *m, enum service_kind kind, const struct addr *a)
{
	bool (*known)(const model *m, const struct addr *a) =
		kind == SERVICE_DNS ? is_asked : is_named;

	if (!addr_is_set(a))
		return false;
	if (known(m, a))
		return true;
	ptr_array_foreach(const struct node, n, m->nodes)
		ptr_array_foreach(const struct nat_rule, rule, n->nat)
			if (addr_is_set(&rule->inside) && addr_equal(&rule->inside, a) &&
			    known(m, &rule->outside))
				return true;
	return false;
}

static bool node_can_be_found(const model *m, const struct node *n, enum service_kind kind)
{
	ptr_array_foreach(const struct iface, f, n->interfaces)
		array_foreach(const struct prefix, p, f->addresses)
			if (can_be_found(m, kind, &p->addr))
				return true;
	return false;
}

static void lint_services(struct lint *l)
{
	ptr_array_foreach(const struct node, n, l->m->nodes) {
		ptr_array_foreach(const struct service, s, n->services) {
			bool found = node_can_be_found(l->m, n, s->kind);

			if (s->kind == SERVICE_DNS)
				judge(l, s->loc, found,
				      g_strdup_printf("nobody asks the name server '%s'", n->name),
				      "name its address in 'resolvers', 'nrpt' or 'forward'");
			else
				judge(l, s->loc, found,
				      g_strdup_printf("no client can find the service '%s' of "
						      "'%s': no name leads to it",
						      service_kind_name(s->kind), n->name),
				      "add a record, or a line of 'hosts'");
		}
	}
}

/* --- ports ------------------------------------------------------------------------------------ */

static bool is_one_of(uint16_t port, const uint16_t *ports, gsize n)
{
	for (gsize i = 0; i < n; i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* Whether the service may take packets to the port, over TCP or UDP. */
static bool service_takes(const struct service *s, uint16_t port)
{
	const struct edge_service *e = &s->edge;
	const uint16_t dns[] = {DNS_PORT};
	const uint16_t proxy[] = {REVERSE_PROXY_PORT};
	const uint16_t front[] = {SIP_PORT, s->frontend.web.internal_port,
				  s->frontend.web.external_port};
	const uint16_t edge[] = {SIP_PORT, MRAS_PORT, STUN_PORT, e->access_port, e->av_tcp_port};

	switch (s->kind) {
	case SERVICE_DNS:
		return is_one_of(port, dns, G_N_ELEMENTS(dns));
	case SERVICE_FRONTEND:
		/* its MCUs take media at any other port */
		return is_one_of(port, front, G_N_ELEMENTS(front)) || port >= 1024;
	case SERVICE_EDGE:
		return is_one_of(port, edge, G_N_ELEMENTS(edge)) ||
		       (port >= e->relay_ports.first && port <= e->relay_ports.last);
	case SERVICE_REVERSE_PROXY:
		return is_one_of(port, proxy, G_N_ELEMENTS(proxy));
	case SERVICE_KIND_COUNT:
		break;
	}
	return false;
}

/* Whether something of the node may take packets to one of the ports.  Of nodes that are no servers
 * nothing is known. */
static bool node_takes(const model *m, const struct node *n, const GArray *ports, uint16_t to_port)
{
	if (n->endpoint || n->services->len == 0 || ports->len == 0)
		return true;
	ptr_array_foreach(const struct tunnel, t, m->tunnels)
		if (t->ends[0].node == n || t->ends[1].node == n)
			return true;
	array_foreach(const struct port_range, range, ports)
		for (unsigned port = range->first; port <= range->last; port++)
			ptr_array_foreach(const struct service, s, n->services)
				if (service_takes(s, to_port ? to_port : (uint16_t)port))
					return true;
	return false;
}

static void lint_forwards(struct lint *l, const struct node *router)
{
	ptr_array_foreach(const struct nat_rule, rule, router->nat) {
		const struct node *to =
			rule->kind == NAT_FORWARD ? model_owner(l->m, &rule->inside) : NULL;

		if (to)
			judge(l, rule->loc, node_takes(l->m, to, rule->ports, rule->to_port),
			      g_strdup_printf("nothing of '%s' listens at the ports that '%s' of "
					      "'%s' forwards to it",
					      to->name, rule->name, router->name),
			      "remove it, or name the service's ports");
	}
}

/* Whether one of the hosts that the rule is about may take its ports; one that names no single
 * hosts is about anybody. */
static bool rule_is_used(const model *m, const struct fw_rule *rule)
{
	bool hosts = rule->dst->len > 0;

	array_foreach(const struct prefix, p, rule->dst) {
		const struct node *n = model_owner(m, &p->addr);

		if (!n || p->len != addr_bits(&p->addr))
			return true;
		if (node_takes(m, n, rule->dports, 0))
			return true;
	}
	return !hosts;
}

static void lint_ports(struct lint *l)
{
	ptr_array_foreach(const struct node, n, l->m->nodes) {
		lint_forwards(l, n);
		ptr_array_foreach(const struct fw_rule, rule, n->firewall.rules)
			judge(l, rule->loc, rule_is_used(l->m, rule),
			      g_strdup_printf("nothing listens at the ports of rule '%s' of '%s'",
					      rule->name, n->name),
			      "remove it, or name the service's ports");
	}
}

/* --- expectations ----------------------------------------------------------------------------- */

static void lint_causes(struct lint *l)
{
	ptr_array_foreach(const struct expect, e, l->scenario->expects) {
		const char *near = e->cause ? diag_nearest(e->cause, l->causes) : NULL;

		if (!e->cause)
			continue;
		judge(l, e->loc, g_strv_contains(l->causes, e->cause),
		      g_strdup_printf("there is no cause '%s'%s%s%s", e->cause,
				      near ? "; is '" : "", near ? near : "",
				      near ? "' meant?" : ""),
		      "docs/EXPLAIN.md lists them");
	}
}

/* --- all of it -------------------------------------------------------------------------------- */

static void (*const rules[])(struct lint *l) = {lint_networks, lint_sites, lint_names,
						lint_services, lint_ports, lint_causes};

static void tell_doubts(const struct lint *l, diags *found)
{
	ptr_array_foreach(const struct doubt, d, l->doubts) {
		g_autofree char *key = place_key(d->loc);

		if (!g_hash_table_contains(l->in_order, key))
			diags_add(found, DIAG_WARNING, d->loc, d->hint, "%s", d->message);
	}
}

void model_lint(const model *m, const char *const *causes, diags *found)
{
	g_autoptr(GHashTable) in_order =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
			      asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) doubts = g_ptr_array_new_with_free_func(doubt_free);
	struct lint l = {.causes = causes, .in_order = in_order, .doubts = doubts, .asked = asked};

	ptr_array_foreach(const struct scenario, sc, m->scenarios) {
		g_autoptr(diags) unheard = diags_new();
		g_autoptr(model) network = model_instantiate(m, sc, unheard);

		if (!network)
			continue;
		l.m = network;
		l.scenario = sc;
		for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
			rules[i](&l);
	}
	tell_doubts(&l, found);
}
