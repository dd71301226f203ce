/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_service.h"

#include <string.h>

/* --- who is who ------------------------------------------------------------------------------- */

static bool is_public_address(const struct node *n, const struct addr *a)
{
	const struct service *s = node_declared_service(n, SERVICE_EDGE);

	return s && (addr_equal(&s->edge.access_public, a) || addr_equal(&s->edge.av_public, a) ||
		     addr_equal(&s->edge.av_tcp_public, a));
}

const struct node *service_owner(const model *m, const struct addr *a)
{
	for (guint i = 0; i < m->nodes->len; i++)
		if (is_public_address(m->nodes->pdata[i], a))
			return m->nodes->pdata[i];
	return model_owner(m, a);
}

/* The names of a node's services, with the address that each should have. */
static bool has_name(const struct node *n, const char *name, struct addr *ret)
{
	const struct service *f = node_declared_service(n, SERVICE_FRONTEND),
			     *x = node_declared_service(n, SERVICE_EDGE);
	const struct {
		const char *name;
		const struct addr *address;
	} rows[] = {
		{f ? f->frontend.fqdn : NULL, f ? &f->frontend.address : NULL},
		{x ? x->edge.fqdn : NULL, x ? &x->edge.internal : NULL},
		{x ? x->edge.av_fqdn : NULL, x ? &x->edge.av_public : NULL},
		{x ? x->edge.access_fqdn : NULL, x ? &x->edge.access_public : NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (!rows[i].name || g_ascii_strcasecmp(rows[i].name, name) != 0)
			continue;
		*ret = *rows[i].address;
		return true;
	}
	return false;
}

const struct node *service_named(const model *m, const char *name, struct addr *ret_address)
{
	for (guint i = 0; i < m->nodes->len; i++)
		if (has_name(m->nodes->pdata[i], name, ret_address))
			return m->nodes->pdata[i];
	return NULL;
}

const struct node *service_node_of(const model *m, const char *agent)
{
	g_auto(GStrv) parts = g_strsplit(agent, "/", 2);

	return parts[0] ? model_node(m, parts[0]) : NULL;
}

const struct node *service_frontend_of(const struct evidence *e, const char *end)
{
	const struct heard *h = cause_event(e, end, EVENT_SIGNED_IN, NULL);
	const char *text = h ? event_text(json_object_get(h->event, "server"), "address") : NULL;
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

/* What should listen there, if anything of this node should. */
static struct listener listener_at(const struct node *n, const struct addr *a, enum ip_proto proto,
				   json_int_t port)
{
	const struct service *edge = node_declared_service(n, SERVICE_EDGE);
	struct listener l = {.address = *a,
			     .proto = proto,
			     .port = (uint16_t)port,
			     .service = SERVICE_KIND_COUNT,
			     .part = EDGE_PART_COUNT};

	for (guint i = 0; i < G_N_ELEMENTS(ports); i++) {
		if (ports[i].proto != proto || ports[i].port != port ||
		    !node_declared_service(n, ports[i].service))
			continue;
		l.service = ports[i].service;
		l.part = ports[i].part;
		return l;
	}
	if (edge && proto == PROTO_TCP && port == 443) {
		l.service = SERVICE_EDGE;
		l.part = addr_equal(a, &edge->edge.access) ||
					 addr_equal(a, &edge->edge.access_public) ||
					 addr_equal(a, &edge->edge.access6) ?
				 EDGE_ACCESS :
				 EDGE_AV;
	}
	return l;
}

/* A socket that waits at every address of its node. */
static bool is_wildcard(const struct addr *a)
{
	static const struct addr any;

	return memcmp(a->bytes, any.bytes, sizeof any.bytes) == 0;
}

/* By the state of the kernel: does a socket wait there?  When the state does not say, one does. */
static bool listens(const struct evidence *e, const struct node *n, const struct addr *a,
		    enum ip_proto proto, json_int_t port)
{
	const node_state *state = netstate_node(e->state, n->name);
	const GArray *list = state ? state->listeners : NULL;

	for (guint i = 0; list && i < list->len; i++) {
		const struct kernel_listener *l = &g_array_index(list, struct kernel_listener, i);

		/* behind a 1:1 NAT the address is another one */
		if (l->proto == proto && l->port == port &&
		    (is_wildcard(&l->address) || addr_equal(&l->address, a) ||
		     !node_has_address(n, a)))
			return true;
	}
	return list == NULL;
}

bool cause_no_listener(const struct evidence *e, struct finding *f, const char *from,
		       const char *address, enum ip_proto proto, json_int_t port)
{
	const char *words = proto == PROTO_UDP ? "UDP" : "TCP";
	g_autofree char *service = NULL;
	const struct node *owner;
	struct addr a;

	if (!address || !addr_parse(address, &a) || !(owner = service_owner(e->model, &a)) ||
	    listens(e, owner, &a, proto, port))
		return false;
	f->code = CAUSE_NO_LISTENER;
	f->node = g_strdup(owner->name);
	f->subject = (struct subject){.kind = SUBJECT_LISTENER,
				      .listener = listener_at(owner, &a, proto, port)};
	service = listener_service(&f->subject.listener);
	f->other = g_strdup(from);
	f->why = g_strdup_printf("nothing listens at %s, %s port %d%s%s%s", address, words,
				 (int)port, service ? ", where the service '" : "",
				 service ? service : "", service ? "' should" : "");
	cause_prove(f, "the kernel of %s has no socket for %s %s:%d", owner->name, words, address,
		    (int)port);
	return true;
}

/* The question comes to the address; what becomes of the answer is not asked. */
static bool arrives(const struct evidence *e, const char *from, const char *address,
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
	bool nobody = f->code == CAUSE_UNKNOWN && arrives(e, from, address, proto, port) &&
		      cause_no_listener(e, f, from, address, proto, port);

	return cause_walk_to(e, f, from, what, address, proto, port) || nobody;
}

/* --- certificates ----------------------------------------------------------------------------- */

static const struct {
	enum reason reason;
	enum cause_code code;
} flaws[] = {
	{REASON_TLS_UNTRUSTED, CAUSE_TLS_UNTRUSTED},
	{REASON_TLS_REVOKED, CAUSE_TLS_UNTRUSTED},
	{REASON_TLS_INSECURE, CAUSE_TLS_UNTRUSTED},
	{REASON_TLS_BAD_CERTIFICATE, CAUSE_TLS_UNTRUSTED},
	{REASON_TLS_NAME_MISMATCH, CAUSE_TLS_NAME_MISMATCH},
	{REASON_TLS_EXPIRED, CAUSE_TLS_EXPIRED},
	{REASON_TLS_NOT_YET_VALID, CAUSE_TLS_EXPIRED},
};

enum cause_code cause_of_certificate(enum reason r)
{
	for (guint i = 0; i < G_N_ELEMENTS(flaws); i++)
		if (flaws[i].reason == r)
			return flaws[i].code;
	return CAUSE_UNKNOWN;
}

bool cause_by_certificate(struct finding *f, const json_t *event, const char *at,
			  const char *refuser)
{
	enum cause_code code = cause_of_certificate(foreign_reason(event));
	const char *words = event_text(event, "reason");

	if (code == CAUSE_UNKNOWN)
		return false;
	f->code = code;
	f->node = g_strdup(at);
	f->subject.kind = SUBJECT_CERTIFICATE;
	f->subject.name = foreign_subject(event);
	f->why = g_strdup_printf("%s: %s", cause_text(f->code), words);
	cause_prove(f, "%s refused the certificate of %s: %s", refuser, at, words);
	return true;
}

/* The other side did not trust us: it said why. */
static bool refused_by_other_side(const struct evidence *e, struct finding *f,
				  const struct tried *t, const struct node *owner)
{
	const struct node *us = model_node(e->model, t->from);

	for (const struct heard *h = NULL;
	     us && (h = cause_event(e, NULL, EVENT_TLS_REFUSED, h));) {
		const char *peer = event_text(h->event, "peer"),
			   *reason = event_text(h->event, "reason");
		struct addr a;

		if (service_node_of(e->model, h->agent) != owner || !peer || !reason ||
		    !addr_parse(peer, &a) || !node_has_address(us, &a))
			continue;
		if (cause_by_certificate(f, h->event, us->name, owner->name))
			return true;
	}
	return false;
}

/* The Edge was told another name than its Front End's certificate carries. */
static void set_next_hop_cause(struct finding *f, const struct node *edge, const char *reason)
{
	const struct service *s = node_declared_service(edge, SERVICE_EDGE);

	f->code = CAUSE_SIP_NO_ROUTE;
	f->node = g_strdup(edge->name);
	f->subject = subject_setting(SETTING_NEXT_HOP_FQDN, NULL);
	f->why = g_strdup_printf("it takes nobody for its next hop but '%s': %s",
				 s && s->edge.next_hop_fqdn ? s->edge.next_hop_fqdn : "", reason);
}

bool cause_refused_server(const struct evidence *e, struct finding *f)
{
	for (const struct heard *h = NULL; (h = cause_event(e, NULL, EVENT_TLS_REFUSED, h));) {
		const char *peer = event_text(h->event, "peer"),
			   *reason = event_text(h->event, "reason");
		const struct node *refuser = service_node_of(e->model, h->agent), *them;
		struct addr a;

		if (!refuser || !peer || !reason || !addr_parse(peer, &a) ||
		    !(them = service_owner(e->model, &a)))
			continue;
		if (cause_by_certificate(f, h->event, them->name, refuser->name))
			return true;
		if (foreign_reason(h->event) != REASON_TLS_NOT_NEXT_HOP)
			continue;
		set_next_hop_cause(f, refuser, reason);
		cause_prove(f, "%s turned %s (%s) away: %s", h->agent, them->name, peer, reason);
		return true;
	}
	return false;
}

/* --- connections ------------------------------------------------------------------------------ */

struct tried cause_tried(const char *from, const json_t *event)
{
	const json_t *server = json_object_get(event, "server");
	const json_t *place = server ? server : event;
	const char *peer = event_text(event, "peer");

	return (struct tried){
		.from = from,
		.name = peer ? peer : event_text(place, "name"),
		.address = event_text(place, "address"),
		.port = json_integer_value(json_object_get(place, "port")),
		.event = event,
		.code = foreign_reason(event),
		.reason = event_text(event, "reason"),
	};
}

/* A server that calls another by a name which nobody has: it was told the wrong one. */
static bool wrong_next_hop(const struct evidence *e, struct finding *f, const struct tried *t)
{
	const struct node *us = model_node(e->model, t->from);
	const struct service *edge = us ? node_declared_service(us, SERVICE_EDGE) : NULL;
	struct addr a;

	if (!edge || service_named(e->model, t->name, &a))
		return false;
	f->code = CAUSE_SIP_NO_ROUTE;
	f->node = g_strdup(t->from);
	f->subject = subject_setting(SETTING_NEXT_HOP_FQDN, NULL);
	f->why = g_strdup_printf("its next hop is '%s', and no Front End has that name", t->name);
	return true;
}

/* What it looks like when the other side does not trust us. */
static bool broke_in_handshake(const struct tried *t)
{
	return t->code == REASON_TLS_FAILED || t->code == REASON_CONNECTION_RESET;
}

/* The address is right, or there is none to compare it with; something is wrong on the way or at
 * its end. */
static bool on_the_way(const struct evidence *e, struct finding *f, const struct tried *t)
{
	const struct node *owner;
	struct addr a;

	if (!addr_parse(t->address, &a))
		return false;
	owner = service_owner(e->model, &a);
	if (owner && broke_in_handshake(t) && refused_by_other_side(e, f, t, owner))
		return true;
	return cause_walk_to_server(e, f, t->from, "the server", t->address, PROTO_TCP, t->port) ||
	       cause_no_listener(e, f, t->from, t->address, PROTO_TCP, t->port);
}

static bool is_server(const struct node *n)
{
	return node_declared_service(n, SERVICE_FRONTEND) || node_declared_service(n, SERVICE_EDGE);
}

static bool reaches(const struct evidence *e, const char *from, const struct addr *a,
		    json_int_t port)
{
	const struct flow flow = {.node = from,
				  .dst = *a,
				  .proto = PROTO_TCP,
				  .sport = CLIENT_PORT,
				  .dport = (uint16_t)port};
	struct walk_pair *p = e->walk(e->net, &flow);
	bool both = p->back && p->back->end == WALK_DELIVERED;

	walk_pair_free(p);
	return both;
}

/* The address that the name should have can be reached from here, the one that was given can't: it
 * is for others. */
static bool is_for_others(const struct evidence *e, const struct tried *t, const struct addr *given)
{
	const struct node *right;
	struct addr a;

	return e->state && (right = service_named(e->model, t->name, &a)) &&
	       !addr_equal(&a, given) && !reaches(e, t->from, given, t->port) &&
	       reaches(e, t->from, &a, node_declared_service(right, SERVICE_EDGE) ? 443 : 5061);
}

/* A name that leads to a machine which is no such server, or to a server that is not for those who
 * ask. */
static bool leads_astray(const struct evidence *e, struct finding *f, const struct tried *t)
{
	const struct node *owner;
	struct addr a;

	if (!addr_parse(t->address, &a))
		return false;
	owner = service_owner(e->model, &a);
	return (!owner || !is_server(owner) ||
		listener_at(owner, &a, PROTO_TCP, t->port).service == SERVICE_KIND_COUNT ||
		is_for_others(e, t, &a)) &&
	       cause_wrong_answer(e, f, t->from, t->name, t->address);
}

bool cause_by_connection(const struct evidence *e, struct finding *f, const struct tried *t)
{
	const struct node *owner;
	struct addr a;
	bool found;

	if (!t->name || !t->reason)
		return false;
	if (!t->address) {
		found = wrong_next_hop(e, f, t) || cause_by_name(e, f, t->from, t->name, NULL);
	} else if (leads_astray(e, f, t)) {
		found = true;
	} else {
		owner = addr_parse(t->address, &a) ? service_owner(e->model, &a) : NULL;
		if (owner && cause_by_certificate(f, t->event, owner->name, t->from))
			return true;
		found = on_the_way(e, f, t);
	}
	if (found)
		cause_prove(f, "%s had no connection to %s: %s", t->from, t->name, t->reason);
	return found;
}
