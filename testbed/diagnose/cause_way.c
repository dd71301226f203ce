/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about the ways to servers: from a client to its name servers and to the server that it
 * signs in at, from Edge to Front End and back. */
#include "testbed/diagnose/cause_connection.h"
#include "testbed/diagnose/cause_name.h"
#include "testbed/diagnose/cause_rules.h"
#include "testbed/diagnose/foreign_words.h"
#include "testbed/diagnose/service.h"

#include <stdlib.h>
#include <string.h>

#define DNS_PORT 53
#define SIP_TLS_PORT 5061
#define MRAS_PORT 5062

static bool is_signed_in(const struct evidence *e, const char *end)
{
	return evidence_event(e, end, EVENT_SIGNED_IN, NULL) != NULL;
}

/* The end's report of its failed sign-in; NULL: it did not fail. */
static const json_t *sign_in_failure(const struct evidence *e, const char *end)
{
	const struct heard *h =
		is_signed_in(e, end) ? NULL : evidence_event(e, end, EVENT_SIGN_IN_FAILED, NULL);

	return h ? h->event : NULL;
}

static void set_what(struct finding *f, const char *end)
{
	g_free(f->what);
	f->what = g_strdup_printf("%s could not sign in", end);
}

/* --- to the name servers ---------------------------------------------------------------------- */

/* A question that got no answer; NULL: there is none. */
static const json_t *unanswered(const struct evidence *e, const char *end)
{
	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_DNS, h));) {
		enum reason error = foreign_reason(h->event);

		if (error && error != REASON_DNS_NXDOMAIN)
			return h->event;
	}
	return NULL;
}

/* First those of a family that the end has lost its default route for, as a client's own settings
 * are mended before what others drop; last those that it is not meant to reach. */
static bool ways_to(const struct evidence *e, struct finding *f, const char *end,
		    const GArray *servers)
{
	bool found = false;
	char text[ADDR_TEXT_MAX];

	for (enum family_way way = 0; way < FAMILY_WAY_COUNT; way++) {
		for (guint i = 0; i < servers->len && !found; i++) {
			const struct addr *a = &g_array_index(servers, struct addr, i);

			if (evidence_family_way(e, end, a->family) == way)
				found = cause_walk_to(e, f, end, "its name server",
						      addr_print(a, text), PROTO_UDP, DNS_PORT);
		}
	}
	return found;
}

static bool way_to_names(const struct evidence *e, struct finding *f, const char *end)
{
	const json_t *failure = sign_in_failure(e, end), *question = unanswered(e, end);
	const struct node *n = model_node(e->model, end);
	const char *name = question ? member_text(question, "query") : NULL;

	if (!n || !name || (failure && !member_is(failure, "stage", STAGE_DNS)) ||
	    (!failure && is_signed_in(e, end)))
		return false;
	if (!ways_to(e, f, end, cause_name_servers(n, name)))
		return false;
	finding_prove(f, "%s asked for %s %s: %s", end, member_text(question, "type"), name,
		      member_text(question, "error"));
	if (failure)
		set_what(f, end);
	return true;
}

bool cause_rule_way_to_names(const struct evidence *e, struct finding *f)
{
	bool found = false;

	for (guint i = 0; i < e->cell->participants->len && !found; i++)
		found = way_to_names(e, f, e->cell->participants->pdata[i]);
	return found;
}

/* --- to the server ---------------------------------------------------------------------------- */

struct place {
	char address[ADDR_TEXT_MAX];
	json_int_t port; /* 0: none is known */
};

static bool gave_up_connecting(const json_t *failure)
{
	return member_is(failure, "stage", STAGE_TLS);
}

static struct place place_of(const json_t *server)
{
	const char *address = member_text(server, "address");
	struct place p = {.port = 0};

	if (!address)
		return p;
	g_strlcpy(p.address, address, sizeof p.address);
	p.port = member_integer(server, "port");
	return p;
}

/* The server that the client tried whose failure says most: of those that there should be the
 * first, else the last. */
static struct place server_tried(const struct evidence *e, const char *end, const json_t *failure)
{
	struct place p = {.port = 0};
	struct addr a;
	uint16_t port;
	int most = 0;

	for (const struct heard *h = NULL; gave_up_connecting(failure) &&
					   (h = evidence_event(e, end, EVENT_CONNECT_FAILED, h));) {
		struct tried t = cause_tried(end, h->event);
		int weight = cause_tried_weight(e, &t);

		if (weight < most || (weight == most && weight >= TRIED_A_SERVER))
			continue;
		p = place_of(json_object_get(h->event, "server"));
		most = weight;
	}
	if (p.port == 0 && foreign_server(failure, &a, &port)) {
		addr_print(&a, p.address);
		p.port = port;
	}
	return p;
}

/* The port at which a client meets the server of that address: a Front End's, or an Access Edge's.
 */
static json_int_t port_of(const struct evidence *e, const char *address)
{
	struct addr a;
	const struct node *owner = addr_parse(address, &a) ? service_owner(e->model, &a) : NULL;
	const struct service *s = owner ? node_declared_service(owner, SERVICE_EDGE) : NULL;
	bool outside = s && !service_expected_at(e->model, address, SIP_TLS_PORT) &&
		       service_expected_at(e->model, address, s->edge.access_port);

	return outside ? s->edge.access_port : SIP_TLS_PORT;
}

/* The last address that the client looked up. */
static struct place server_looked_up(const struct evidence *e, const char *end)
{
	struct place p = {.port = 0};

	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_DNS, h));) {
		const char *answer =
			json_string_value(json_array_get(json_object_get(h->event, "answer"), 0));
		struct addr a;

		if (!answer || !addr_parse(answer, &a))
			continue;
		addr_print(&a, p.address);
		p.port = port_of(e, p.address);
	}
	return p;
}

static struct place server_of(const struct evidence *e, const char *end)
{
	const struct heard *in = evidence_event(e, end, EVENT_SIGNED_IN, NULL);
	const json_t *server = in ? json_object_get(in->event, "server") : NULL,
		     *failure = sign_in_failure(e, end);
	struct place p = failure ? server_tried(e, end, failure) : place_of(server);

	return p.port > 0 ? p : server_looked_up(e, end);
}

/* Nothing on the way stops the packets, and still the connection is refused: no program
 * listens. */
static bool refused_at_the_end(struct finding *f, const json_t *failure, const struct place *to)
{
	const struct leg *l = f->legs->len > 0 ? f->legs->pdata[f->legs->len - 1] : NULL;

	if (!l || foreign_reason(failure) != REASON_CONNECTION_REFUSED ||
	    l->walk->forward->end != WALK_DELIVERED)
		return false;
	f->code = CAUSE_NO_LISTENER;
	f->node = g_strdup(l->walk->forward->node);
	f->subject = (struct subject){.kind = SUBJECT_PORT,
				      .listener = {.proto = PROTO_TCP, .port = (uint16_t)to->port}};
	addr_parse(to->address, &f->subject.listener.address);
	f->why = g_strdup_printf(
		"%s has the address and refuses connections to port %d: no program listens there",
		f->node, (int)to->port);
	f->direction = DIRECTION_THERE;
	return true;
}

/* Whether the kernel reported that there was no connection; any other reason was sent over
 * one. */
static bool is_no_connection(enum reason r)
{
	static const enum reason reasons[] = {
		REASON_CONNECTION_TIMED_OUT, REASON_CONNECTION_REFUSED,	 REASON_CONNECTION_RESET,
		REASON_HOST_UNREACHABLE,     REASON_NETWORK_UNREACHABLE, REASON_NOT_PERMITTED,
		REASON_TLS_TIMED_OUT,
	};

	for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++)
		if (reasons[i] == r)
			return true;
	return false;
}

static bool way_to_server(const struct evidence *e, struct finding *f, const char *end)
{
	const json_t *failure = sign_in_failure(e, end);
	struct place to;

	if (!failure || !gave_up_connecting(failure) || !is_no_connection(foreign_reason(failure)))
		return false;
	to = server_tried(e, end, failure);
	if (to.port == 0 ||
	    !(cause_walk_to(e, f, end, "the server", to.address, PROTO_TCP, to.port) ||
	      refused_at_the_end(f, failure, &to)))
		return false;
	finding_prove(f, "%s gave up in stage tls: %s", end, member_text(failure, "reason"));
	set_what(f, end);
	return true;
}

bool cause_rule_way_to_server(const struct evidence *e, struct finding *f)
{
	bool found = false;

	for (guint i = 0; i < e->cell->participants->len && !found; i++)
		found = way_to_server(e, f, e->cell->participants->pdata[i]);
	return found;
}

/* --- between the servers ---------------------------------------------------------------------- */

static const struct node *edge_at(const model *m, const char *address)
{
	struct addr a;

	for (guint i = 0; addr_parse(address, &a) && i < m->nodes->len; i++) {
		const struct node *n = m->nodes->pdata[i];
		const struct service *s = node_service(n, SERVICE_EDGE);

		if (s && (node_has_address(n, &a) || addr_equal(&s->edge.access_public, &a)))
			return n;
	}
	return NULL;
}

/* A connection between two servers, which both send from the address that they are known by. */
static bool way_between(const struct evidence *e, struct finding *f, const struct node *from,
			const struct addr *src, const struct node *to, const struct addr *dst,
			uint16_t port)
{
	struct flow flow = {.node = from->name,
			    .src = *src,
			    .dst = *dst,
			    .proto = PROTO_TCP,
			    .sport = CLIENT_PORT,
			    .dport = port};
	char text[ADDR_TEXT_MAX];

	return e->state && cause_walk_flow(e, f, &flow,
					   g_strdup_printf("%s to %s %s, TCP %u", from->name,
							   to->name, addr_print(dst, text), port));
}

static bool edge_to_front_end(const struct evidence *e, struct finding *f, const struct node *edge)
{
	const struct node *fe = model_server(e->model, SERVICE_FRONTEND);
	const struct service *s = fe ? node_service(fe, SERVICE_FRONTEND) : NULL,
			     *of_edge = edge ? node_service(edge, SERVICE_EDGE) : NULL;

	return s && of_edge &&
	       way_between(e, f, edge, &of_edge->edge.internal, fe, &s->frontend.address,
			   SIP_TLS_PORT);
}

static bool front_end_to_edge(const struct evidence *e, struct finding *f, const struct node *edge)
{
	const struct node *fe = model_server(e->model, SERVICE_FRONTEND);
	const struct service *s = fe ? node_service(fe, SERVICE_FRONTEND) : NULL,
			     *of_edge = edge ? node_service(edge, SERVICE_EDGE) : NULL;

	return s && of_edge &&
	       way_between(e, f, fe, &s->frontend.address, edge, &of_edge->edge.internal,
			   MRAS_PORT);
}

/* The client reached an Edge, and the Front End behind it did not answer. */
static bool stuck_behind_edge(const struct evidence *e, struct finding *f, const char *end)
{
	const json_t *failure = sign_in_failure(e, end);
	const char *stage = failure ? member_text(failure, "stage") : NULL;
	struct place server;

	if (!stage || g_str_equal(stage, STAGE_DNS) || g_str_equal(stage, STAGE_TLS))
		return false;
	server = server_of(e, end);
	if (server.port == 0 || !edge_to_front_end(e, f, edge_at(e->model, server.address)))
		return false;
	finding_prove(f, "%s gave up in stage %s: %s", end, stage, member_text(failure, "reason"));
	set_what(f, end);
	return true;
}

/* The client signed in and was told of no relay, for which the Front End asks its Edge. */
static bool told_of_no_relay(const struct evidence *e, struct finding *f, const char *end)
{
	const struct node *n = model_node(e->model, end),
			  *edge = n ? model_media_edge(e->model, n) : NULL;

	if (!evidence_is_av(e) || !is_signed_in(e, end) || json_is_object(evidence_relay(e, end)) ||
	    !front_end_to_edge(e, f, edge))
		return false;
	return finding_prove(f, "%s signed in and was told of no relay", end);
}

bool cause_rule_way_inside(const struct evidence *e, struct finding *f)
{
	bool found = false;

	for (guint i = 0; i < e->cell->participants->len && !found; i++) {
		const char *end = e->cell->participants->pdata[i];

		found = stuck_behind_edge(e, f, end) || told_of_no_relay(e, f, end);
	}
	return found;
}

/* --- signalling of a call of ends that are both signed in ------------------------------------- */

bool cause_signalling_way(const struct evidence *e, struct finding *f, const char *end)
{
	struct place server = server_of(e, end);

	if (server.port == 0)
		return false;
	return cause_walk_to(e, f, end, "its server", server.address, PROTO_TCP, server.port) ||
	       edge_to_front_end(e, f, edge_at(e->model, server.address));
}

/* The result of a call that failed in SIP, before media; of messages, which are nothing else, no
 * stage is told.  NULL: none. */
static const struct heard *sip_failure(const struct evidence *e)
{
	static const char *const names[] = {EVENT_IM_RESULT, EVENT_CALL_RESULT,
					    EVENT_CONFERENCE_RESULT};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		for (const struct heard *h = NULL; (h = evidence_event(e, NULL, names[i], h));) {
			if (!member_is(h->event, "verdict", "pass") &&
			    (i == 0 || member_is(h->event, "stage", STAGE_SIP)))
				return h;
		}
	}
	return NULL;
}

bool cause_rule_signalling(const struct evidence *e, struct finding *f)
{
	const struct heard *h = sip_failure(e);
	bool found = false;

	for (guint i = 0; h && i < e->cell->participants->len && !found; i++)
		found = cause_signalling_way(e, f, e->cell->participants->pdata[i]);
	if (found)
		finding_prove(f, "%s: %s", h->agent, member_text(h->event, "reason"));
	return found;
}
