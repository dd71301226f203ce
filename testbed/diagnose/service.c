/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/service.h"

#include "testbed/diagnose/cause_walk.h"
#include "testbed/diagnose/published.h"

#include <string.h>

#define SIP_TLS_PORT 5061

/* --- who is who ------------------------------------------------------------------------------- */

/* Whether clients outside reach the node's reverse proxy at that address. */
static bool is_proxy_address(const model *m, const struct node *n, const struct addr *a)
{
	const struct service *s = node_declared_service(n, SERVICE_REVERSE_PROXY);
	struct addr published;

	if (!s)
		return false;
	published = published_proxy_address(m, &s->proxy);
	return addr_equal(&published, a) || addr_equal(&s->proxy.address, a);
}

static bool is_public_address(const struct node *n, const struct addr *a)
{
	const struct service *s = node_declared_service(n, SERVICE_EDGE);

	return s && (addr_equal(&s->edge.access_public, a) || addr_equal(&s->edge.av_public, a) ||
		     addr_equal(&s->edge.av_tcp_public, a));
}

const struct node *service_owner(const model *m, const struct addr *a)
{
	for (guint i = 0; i < m->nodes->len; i++)
		if (is_public_address(m->nodes->pdata[i], a) ||
		    is_proxy_address(m, m->nodes->pdata[i], a))
			return m->nodes->pdata[i];
	return model_owner(m, a);
}

/* A name of a service, with the addresses that it should have; unset: none of that family. */
struct named {
	const char *name;
	struct addr v4, v6;
};

#define NAMES_MAX 4

/* Those of a node; returns how many. */
static guint names_of(const struct node *n, struct named names[static NAMES_MAX])
{
	const struct service *f = node_declared_service(n, SERVICE_FRONTEND),
			     *x = node_declared_service(n, SERVICE_EDGE);
	guint count = 0;

	if (f)
		names[count++] =
			(struct named){f->frontend.fqdn, f->frontend.address, f->frontend.address6};
	if (!x)
		return count;
	names[count++] = (struct named){x->edge.fqdn, x->edge.internal, x->edge.internal6};
	names[count++] = (struct named){x->edge.av_fqdn, x->edge.av_public, x->edge.av6};
	names[count++] =
		(struct named){x->edge.access_fqdn, x->edge.access_public, x->edge.access6};
	return count;
}

/* Whether the name is that of a host in the domain: "lyncdiscover." and "contoso.com". */
static bool is_host_in(const char *name, const char *host, const char *domain)
{
	gsize length = strlen(host);

	return g_ascii_strncasecmp(name, host, length) == 0 &&
	       g_ascii_strcasecmp(name + length, domain) == 0;
}

/* The same of web sites: of a Front End the internal one, of a proxy those that it publishes. */
static bool find_web_name(const model *m, const struct node *n, const char *name, struct named *ret)
{
	const struct service *f = node_declared_service(n, SERVICE_FRONTEND),
			     *p = node_declared_service(n, SERVICE_REVERSE_PROXY);

	if (f && f->frontend.web.exist &&
	    (is_host_in(name, WEB_NAME_INTERNAL, f->frontend.domain) ||
	     g_ascii_strcasecmp(name, f->frontend.web.internal) == 0)) {
		*ret = (struct named){name, f->frontend.address, f->frontend.address6};
		return true;
	}
	for (guint i = 0; p && i < p->proxy.names->len; i++) {
		if (g_ascii_strcasecmp(p->proxy.names->pdata[i], name) != 0)
			continue;
		*ret = (struct named){name, published_proxy_address(m, &p->proxy), {0}};
		return true;
	}
	return false;
}

/* What should have this name; false: nothing on the node. */
static bool find_name(const model *m, const struct node *n, const char *name, struct named *ret)
{
	struct named names[NAMES_MAX];
	guint count = names_of(n, names);

	for (guint i = 0; i < count; i++) {
		if (g_ascii_strcasecmp(names[i].name, name) != 0)
			continue;
		*ret = names[i];
		return true;
	}
	return find_web_name(m, n, name, ret);
}

const struct node *service_named(const model *m, const char *name, struct addr *ret_address)
{
	struct named found;

	for (guint i = 0; i < m->nodes->len; i++) {
		if (!find_name(m, m->nodes->pdata[i], name, &found))
			continue;
		*ret_address = found.v4;
		return m->nodes->pdata[i];
	}
	return NULL;
}

bool service_for_clients(const model *m, bool inside, struct meeting *ret)
{
	ptr_array_foreach(const struct node, n, m->nodes) {
		const struct service *f = node_declared_service(n, SERVICE_FRONTEND),
				     *e = node_declared_service(n, SERVICE_EDGE);

		if (inside && f)
			*ret = (struct meeting){f->frontend.fqdn, f->frontend.address,
						SIP_TLS_PORT};
		else if (!inside && e)
			*ret = (struct meeting){e->edge.access_fqdn, e->edge.access_public,
						published_access_port(m, &e->edge)};
		else
			continue;
		return true;
	}
	return false;
}

bool service_has(const model *m, const char *name, const struct addr *a)
{
	struct named found;

	for (guint i = 0; i < m->nodes->len; i++)
		if (find_name(m, m->nodes->pdata[i], name, &found) &&
		    (addr_equal(&found.v4, a) || addr_equal(&found.v6, a)))
			return true;
	return false;
}

const struct node *service_node_of(const model *m, const char *agent)
{
	g_auto(GStrv) parts = g_strsplit(agent, "/", 2);

	return parts[0] ? model_node(m, parts[0]) : NULL;
}

const struct node *service_frontend_of(const struct evidence *e, const char *end)
{
	const struct heard *h = evidence_event(e, end, EVENT_SIGNED_IN, NULL);
	const char *text = h ? member_text(json_object_get(h->event, "server"), "address") : NULL;
	const struct node *server;
	const struct service *edge;
	struct addr a;

	if (!text || !addr_parse(text, &a) || !(server = service_owner(e->model, &a)))
		return NULL;
	edge = node_declared_service(server, SERVICE_EDGE);
	return edge && !node_declared_service(server, SERVICE_FRONTEND) ?
		       model_node(e->model, edge->edge.next_hop) :
		       server;
}

/* --- who should listen where ------------------------------------------------------------------ */

static const struct {
	enum ip_proto proto;
	uint16_t port;
	enum service_kind service;
	enum edge_part part;
} ports[] = {
	{PROTO_UDP, 53, SERVICE_DNS, EDGE_PART_COUNT},
	{PROTO_TCP, 5061, SERVICE_FRONTEND, EDGE_PART_COUNT},
	{PROTO_TCP, 5061, SERVICE_EDGE, EDGE_ACCESS},
	{PROTO_TCP, 5062, SERVICE_EDGE, EDGE_MRAS},
	{PROTO_UDP, 3478, SERVICE_EDGE, EDGE_AV},
};

/* An Edge listens for other servers inside only. */
static bool is_outside(const struct service *edge, const struct addr *a, enum edge_part part)
{
	const struct edge_service *x = edge ? &edge->edge : NULL;

	return x && (part == EDGE_ACCESS || part == EDGE_MRAS) && !addr_equal(a, &x->internal) &&
	       !addr_equal(a, &x->internal6);
}

/* Whether the Access Edge is reached at that address and port. */
static bool is_access(const model *m, const struct edge_service *e, const struct addr *a,
		      json_int_t port)
{
	return ((addr_equal(a, &e->access) || addr_equal(a, &e->access6)) &&
		port == e->access_port) ||
	       (addr_equal(a, &e->access_public) && port == published_access_port(m, e));
}

/* The service of the node whose web site or proxy is reached there; SERVICE_KIND_COUNT: none. */
static enum service_kind web_service_at(const model *m, const struct node *n, const struct addr *a,
					json_int_t port)
{
	const struct service *f = node_declared_service(n, SERVICE_FRONTEND);

	if (f && f->frontend.web.exist &&
	    (port == f->frontend.web.internal_port || port == f->frontend.web.external_port) &&
	    (addr_equal(a, &f->frontend.address) || addr_equal(a, &f->frontend.address6)))
		return SERVICE_FRONTEND;
	return port == REVERSE_PROXY_PORT && is_proxy_address(m, n, a) ? SERVICE_REVERSE_PROXY :
									 SERVICE_KIND_COUNT;
}

struct listener service_at(const model *m, const struct node *n, const struct addr *a,
			   enum ip_proto proto, json_int_t port)
{
	const struct service *edge = node_declared_service(n, SERVICE_EDGE);
	struct listener l = {.address = *a,
			     .proto = proto,
			     .port = (uint16_t)port,
			     .service = SERVICE_KIND_COUNT,
			     .part = EDGE_PART_COUNT};

	for (guint i = 0; i < G_N_ELEMENTS(ports); i++) {
		if (ports[i].proto != proto || ports[i].port != port ||
		    !node_declared_service(n, ports[i].service) ||
		    is_outside(edge, a, ports[i].part))
			continue;
		l.service = ports[i].service;
		l.part = ports[i].part;
		return l;
	}
	if (proto == PROTO_TCP)
		l.service = web_service_at(m, n, a, port);
	if (l.service != SERVICE_KIND_COUNT)
		return l;
	if (edge && proto == PROTO_TCP && is_access(m, &edge->edge, a, port)) {
		l.service = SERVICE_EDGE;
		l.part = EDGE_ACCESS;
	} else if (edge && proto == PROTO_TCP && port == edge->edge.av_tcp_port) {
		l.service = SERVICE_EDGE;
		l.part = EDGE_AV;
	}
	return l;
}

bool service_expected_at(const model *m, const char *address, json_int_t port)
{
	const struct node *owner;
	struct addr a;

	return address && addr_parse(address, &a) && (owner = service_owner(m, &a)) &&
	       service_at(m, owner, &a, PROTO_TCP, port).service != SERVICE_KIND_COUNT;
}

bool service_is_turn(const model *m, const struct addr *a, uint16_t port)
{
	const struct node *owner = service_owner(m, a);

	return owner && service_at(m, owner, a, PROTO_TCP, port).part == EDGE_AV;
}

/* Whether a socket waits at every address of its node. */
static bool is_wildcard(const struct addr *a)
{
	static const struct addr any;

	return memcmp(a->bytes, any.bytes, sizeof any.bytes) == 0;
}

/* Whether a socket waits there, by the state of the kernel; true when the state does not say. */
static bool service_listens(const struct evidence *e, const struct node *n, const struct addr *a,
			    enum ip_proto proto, json_int_t port)
{
	const node_state *state = netstate_node(e->state, n->name);
	const GArray *list = state ? state->listeners : NULL;

	array_foreach(const struct kernel_listener, l, list) {
		/* behind a 1:1 NAT the socket has another address */
		if (l->proto == proto && l->port == port &&
		    (is_wildcard(&l->address) || addr_equal(&l->address, a) ||
		     !node_has_address(n, a)))
			return true;
	}
	return list == NULL;
}

/* An Edge connects to its next hop at a port that is no Front End's: its setting is wrong, not the
 * server. */
static void blame_next_hop_port(const struct evidence *e, struct finding *f, const char *from)
{
	const struct node *n = model_node(e->model, from);
	const struct service *s = n ? node_service(n, SERVICE_EDGE) : NULL;
	const struct listener *l = &f->subject.listener;

	if (!s || l->service != SERVICE_KIND_COUNT || l->proto != PROTO_TCP ||
	    l->port != s->edge.next_hop_port)
		return;
	g_free(f->node);
	g_free(f->other);
	f->other = g_strdup(s->edge.next_hop);
	f->node = g_strdup(from);
	f->subject =
		(struct subject){.kind = SUBJECT_SETTING,
				 .name = g_strdup_printf("%u", (unsigned)s->edge.next_hop_port),
				 .setting = SETTING_NEXT_HOP_PORT};
}

bool cause_no_listener(const struct evidence *e, struct finding *f, const char *from,
		       const char *address, enum ip_proto proto, json_int_t port)
{
	const char *words = proto == PROTO_UDP ? "UDP" : "TCP";
	g_autofree char *service = NULL;
	char text[ADDR_PORT_TEXT_MAX];
	const struct node *owner;
	struct addr a;

	if (!address || !addr_parse(address, &a) || !(owner = service_owner(e->model, &a)) ||
	    service_listens(e, owner, &a, proto, port))
		return false;
	f->code = CAUSE_NO_LISTENER;
	f->node = g_strdup(owner->name);
	f->subject = (struct subject){.kind = SUBJECT_LISTENER,
				      .listener = service_at(e->model, owner, &a, proto, port)};
	service = listener_service(&f->subject.listener);
	f->other = g_strdup(from);
	f->why = g_strdup_printf("nothing listens at %s, %s port %d%s%s%s", address, words,
				 (int)port, service ? ", where the service '" : "",
				 service ? service : "", service ? "' should" : "");
	finding_prove(f, "the kernel of %s has no socket for %s %s", owner->name, words,
		      addr_port_print(&a, (uint16_t)port, text));
	blame_next_hop_port(e, f, from);
	return true;
}

/* Whether the question arrives, whatever becomes of the answer. */
static bool question_arrives(const struct evidence *e, const char *from, const char *address,
			     enum ip_proto proto, json_int_t port)
{
	struct flow flow = {
		.node = from, .proto = proto, .sport = CLIENT_PORT, .dport = (uint16_t)port};
	struct walk_pair *p;
	bool there;

	if (!e->state || !address || port <= 0 || !addr_parse(address, &flow.dst))
		return false;
	p = e->walk(e->net, &flow);
	there = p->forward->end == WALK_DELIVERED;
	walk_pair_free(p);
	return there;
}

bool cause_walk_to_server(const struct evidence *e, struct finding *f, const char *from,
			  const char *what, const char *address, enum ip_proto proto,
			  json_int_t port)
{
	bool nobody = f->code == CAUSE_UNKNOWN && question_arrives(e, from, address, proto, port) &&
		      cause_no_listener(e, f, from, address, proto, port);

	return cause_walk_to(e, f, from, what, address, proto, port) || nobody;
}
