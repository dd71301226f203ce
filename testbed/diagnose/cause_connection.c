/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_connection.h"

#include "testbed/diagnose/cause_name.h"
#include "testbed/diagnose/published.h"
#include "testbed/diagnose/service.h"

#define SIP_PORT 5061

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

/* Whether the event reports that `refuser` refused the certificate of node `at`; then the finding
 * is filled in. */
static bool cause_by_certificate(struct finding *f, const json_t *event, const char *at,
				 const char *refuser)
{
	enum cause_code code = cause_of_certificate(foreign_reason(event));
	const char *words = member_text(event, "reason");

	if (code == CAUSE_UNKNOWN)
		return false;
	f->code = code;
	f->node = g_strdup(at);
	f->subject.kind = SUBJECT_CERTIFICATE;
	f->subject.name = foreign_subject(event);
	f->why = g_strdup_printf("%s: %s", cause_text(f->code), words);
	return finding_prove(f, "%s refused the certificate of %s: %s", refuser, at, words);
}

/* The other server refused our certificate, and reported why. */
static bool refused_by_other_side(const struct evidence *e, struct finding *f,
				  const struct tried *t, const struct node *owner)
{
	const struct node *us = model_node(e->model, t->from);

	for (const struct heard *h = NULL;
	     us && (h = evidence_event(e, NULL, EVENT_TLS_REFUSED, h));) {
		const char *peer = member_text(h->event, "peer"),
			   *reason = member_text(h->event, "reason");
		struct addr a;

		if (service_node_of(e->model, h->agent) != owner || !peer || !reason ||
		    !addr_parse(peer, &a) || !node_has_address(us, &a))
			continue;
		if (cause_by_certificate(f, h->event, us->name, owner->name))
			return true;
	}
	return false;
}

/* The Edge is set to another name than is in its Front End's certificate. */
static void set_next_hop_cause(struct finding *f, const struct node *edge, const char *reason)
{
	const struct service *s = node_declared_service(edge, SERVICE_EDGE);

	f->code = CAUSE_SIP_NO_ROUTE;
	f->node = g_strdup(edge->name);
	f->subject = subject_setting(SETTING_NEXT_HOP_FQDN, NULL);
	f->why = g_strdup_printf("it accepts only '%s' as its next hop: %s",
				 s && s->edge.next_hop_fqdn ? s->edge.next_hop_fqdn : "", reason);
}

bool cause_refused_server(const struct evidence *e, struct finding *f)
{
	for (const struct heard *h = NULL; (h = evidence_event(e, NULL, EVENT_TLS_REFUSED, h));) {
		const char *peer = member_text(h->event, "peer"),
			   *reason = member_text(h->event, "reason");
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
		return finding_prove(f, "%s refused %s (%s): %s", h->agent, them->name, peer,
				     reason);
	}
	return false;
}

/* --- connections ------------------------------------------------------------------------------ */

struct tried cause_tried(const char *from, const json_t *event)
{
	const json_t *server = json_object_get(event, "server");
	const json_t *place = server ? server : event;
	const char *peer = member_text(event, "peer");

	return (struct tried){
		.from = from,
		.name = peer ? peer : member_text(place, "name"),
		.address = member_text(place, "address"),
		.port = member_integer(place, "port"),
		.event = event,
		.code = foreign_reason(event),
		.reason = member_text(event, "reason"),
	};
}

/* A server that calls another by a name that no server has: it is set to the wrong one. */
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

/* Whether the connection ended as it does when the other side refuses our certificate. */
static bool broke_in_handshake(const struct tried *t)
{
	return t->code == REASON_TLS_FAILED || t->code == REASON_CONNECTION_RESET;
}

/* The address is the right one, as far as is known: the cause is on the way there, or at its
 * end. */
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

bool cause_reaches(const struct evidence *e, const char *from, const struct addr *a,
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

/* Whether the address that was given can't be reached from here, and the one that the name
 * should have can: the first is for clients elsewhere. */
static bool is_for_others(const struct evidence *e, const struct tried *t, const struct addr *given)
{
	const struct node *right;
	const struct service *edge;
	struct addr a;
	json_int_t port = SIP_PORT;

	if (!e->state || !(right = service_named(e->model, t->name, &a)) || addr_equal(&a, given) ||
	    cause_reaches(e, t->from, given, t->port))
		return false;
	edge = node_declared_service(right, SERVICE_EDGE);
	if (edge)
		port = published_access_port(e->model, &edge->edge);
	else if (service_at(e->model, right, &a, PROTO_TCP, t->port).service != SERVICE_KIND_COUNT)
		port = t->port;
	return cause_reaches(e, t->from, &a, port);
}

/* Whether the certificate of the node is made for its own names. */
static bool shows_own_names(const struct node *n)
{
	return n && n->certificate.names->len == 0;
}

/* Whether what ended the connection is said, or done, by who took it: in the handshake, or after
 * it. */
static bool was_taken(const struct evidence *e, const struct tried *t, const struct addr *given)
{
	return t->code == REASON_CONNECTION_CLOSED || t->code == REASON_ANSWER_UNREADABLE ||
	       t->code == REASON_TLS_TIMED_OUT || broke_in_handshake(t) ||
	       (t->code == REASON_TLS_NAME_MISMATCH &&
		shows_own_names(service_owner(e->model, given)));
}

/* Whether the address is that of another server than the one with the name, and that server took
 * the connection and ended it: it is not for such clients, or speaks something else there. */
static bool is_of_another(const struct evidence *e, const struct tried *t, const struct addr *given)
{
	const struct node *owner = service_owner(e->model, given), *right;
	const struct service *edge;
	struct addr a;

	if (!was_taken(e, t, given) || !(right = cause_named(e->model, t->from, t->name, &a)) ||
	    service_has(e->model, t->name, given) || addr_equal(&a, given))
		return false;
	edge = node_declared_service(right, SERVICE_EDGE);
	/* an Edge behind a NAT is reached inside by the address that it has itself */
	return owner != right || (edge && !addr_equal(&edge->edge.access, given) &&
				  !addr_equal(&edge->edge.access6, given));
}

/* Whether the name leads to a node that is no such server, or to another server, or to one for
 * clients elsewhere. */
static bool leads_astray(const struct evidence *e, struct finding *f, const struct tried *t)
{
	const struct node *owner;
	struct addr a;

	if (!addr_parse(t->address, &a))
		return false;
	owner = service_owner(e->model, &a);
	return (!owner || !node_shows_certificate(owner) ||
		service_at(e->model, owner, &a, PROTO_TCP, t->port).service == SERVICE_KIND_COUNT ||
		is_of_another(e, t, &a) || is_for_others(e, t, &a)) &&
	       cause_wrong_answer(e, f, t->from, t->name, t->address);
}

int cause_tried_weight(const struct evidence *e, const struct tried *t)
{
	int family = t->address && strchr(t->address, ':') ? AF_INET6 : AF_INET;
	int weight = service_expected_at(e->model, t->address, t->port) ? TRIED_A_SERVER : 0;

	return weight + !evidence_lacks_family(e, t->from, family);
}

int cause_weight(const struct evidence *e, const struct finding *f)
{
	const struct node *n = f->node ? model_node(e->model, f->node) : NULL;

	if (f->code == CAUSE_UNKNOWN)
		return 0;
	if (f->code != CAUSE_FW_DROP && f->code != CAUSE_FW_REJECT)
		return 3;
	return n && n->site ? 2 : 1;
}

bool cause_led_astray(const struct evidence *e, struct finding *f, const struct tried *t)
{
	return t->name && t->reason && leads_astray(e, f, t) &&
	       finding_prove(f, "%s had no use of %s: %s", t->from, t->name, t->reason);
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
		finding_prove(f, "%s had no connection to %s: %s", t->from, t->name, t->reason);
	return found;
}
