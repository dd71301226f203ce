/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_connection.h"
#include "testbed/diagnose/cause_name.h"
#include "testbed/diagnose/cause_rules.h"
#include "testbed/diagnose/service.h"

#include <string.h>

/* The end's own candidate of a relay; NULL: it has none. */
static const json_t *local_relay(const struct evidence *e, const char *end)
{
	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_CANDIDATE, h));) {
		if (member_is(h->event, "side", "local") && member_is(h->event, "type", "relay"))
			return h->event;
	}
	return NULL;
}

/* --- an end that was told of no relay --------------------------------------------------------- */

/* The Front End asked the Edge for credentials and got none: why. */
static bool no_credentials(const struct evidence *e, struct finding *f, const char *end,
			   const char *trouble)
{
	for (const struct heard *h = NULL; (h = evidence_event(e, NULL, EVENT_LINK_FAILED, h));) {
		const struct node *from = service_node_of(e->model, h->agent);
		struct tried t = cause_tried(from ? from->name : "", h->event);

		if (!from || !node_declared_service(from, SERVICE_FRONTEND) ||
		    !cause_by_connection(e, f, &t))
			continue;
		return finding_prove(f, "%s got no relay credentials: %s", end, trouble);
	}
	if (!cause_refused_server(e, f))
		return false;
	return finding_prove(f, "%s got no relay credentials: %s", end, trouble);
}

static bool told_of_none(const struct evidence *e, struct finding *f, const char *end)
{
	const struct node *n = model_node(e->model, end), *server = service_frontend_of(e, end);

	if (!n || !n->endpoint || !server || !model_media_edge(e->model, n))
		return false;
	f->code = CAUSE_RELAY_NONE;
	f->node = g_strdup(server->name);
	f->subject = subject_setting(SETTING_MEDIA_RELAY, NULL);
	f->why = g_strdup_printf("it names no relay to %s, though there is an Edge for its media",
				 n->endpoint->user);
	return finding_prove(f, "the answer to the sign-in of %s names no server to ask for relays",
			     end);
}

/* An end is told of no relay for one of three reasons: the Front End names none, the Edge
 * gives no credentials, or its name has no address. */
static bool relay_unknown(const struct evidence *e, struct finding *f, const char *end)
{
	const struct heard *h = evidence_event(e, end, EVENT_SIGNED_IN, NULL);
	const json_t *mras = h ? json_object_get(h->event, "mras") : NULL;
	const char *host = member_text(mras, "host"), *trouble = member_text(mras, "trouble");

	if (!mras || member_text(evidence_relay(e, end), "address"))
		return false;
	if (!member_text(mras, "uri"))
		return told_of_none(e, f, end);
	if (trouble)
		return no_credentials(e, f, end, trouble);
	for (const struct heard *d = NULL; host && (d = evidence_event(e, end, EVENT_DNS, d));) {
		if (member_is(d->event, "query", host) && foreign_reason(d->event))
			return cause_by_name(e, f, end, host, d->event);
	}
	return false;
}

/* --- an end that got none from the one it was told -------------------------------------------- */

static bool way_to_relay(const struct evidence *e, struct finding *f, const char *end,
			 const char *address, enum ip_proto proto)
{
	return cause_walk_to_server(e, f, end, "its relay", address, proto,
				    relay_port(evidence_relay(e, end), proto));
}

/* Which way to the relay should work. */
enum order { UDP_FIRST, TCP_FIRST, TCP_ALONE };

/* Whether packets pass the node on their way there. */
static bool passes(const struct finding *f, const char *node)
{
	const struct leg *l = f->legs->len > 0 ? f->legs->pdata[f->legs->len - 1] : NULL;

	ptr_array_foreach(const struct hop, h, l ? l->walk->forward->hops : NULL)
		if (g_str_equal(h->node, node))
			return g_strcmp0(f->node, node) != 0;
	return false;
}

/* Whether it is what a firewall does with whatever no other rule names. */
static bool is_general(const struct subject *s)
{
	const struct fw_rule *r = s->kind == SUBJECT_RULE ? s->rule : NULL;

	return s->kind == SUBJECT_POLICY ||
	       (r && r->proto == PROTO_ANY && r->src->len == 0 && r->dst->len == 0);
}

/* What a firewall does in general closes UDP, perhaps on purpose: where the same firewall lets TCP
 * pass, and nobody says that the call should take UDP, the way by TCP is the one that counts. */
static enum order order_of_ways(const struct evidence *e, const struct finding *udp,
				const struct finding *tcp)
{
	if (!is_general(&udp->subject) || udp->direction != DIRECTION_THERE)
		return UDP_FIRST;
	if (tcp->code == CAUSE_FW_INSPECTS)
		return TCP_FIRST;
	return !cause_expects(e->cell, PATH_UDP_RELAY) && passes(tcp, udp->node) ? TCP_ALONE :
										   UDP_FIRST;
}

static enum order ways_in_order(const struct evidence *e, const char *end, const char *address)
{
	struct finding *udp, *tcp;
	enum order order;

	if (cause_expects(e->cell, PATH_TCP_RELAY) && !cause_expects(e->cell, PATH_UDP_RELAY))
		return TCP_FIRST;
	udp = finding_new(NULL);
	tcp = finding_new(NULL);
	way_to_relay(e, udp, end, address, PROTO_UDP);
	way_to_relay(e, tcp, end, address, PROTO_TCP);
	order = order_of_ways(e, udp, tcp);
	finding_free(udp);
	finding_free(tcp);
	return order;
}

/* Whether something is wrong on the way to the relay that the end was told of, or back, or
 * whether nothing listens there. */
static bool relay_unreachable(const struct evidence *e, struct finding *f, const char *end,
			      const char *address)
{
	const json_t *relay = evidence_relay(e, end);
	enum order order = ways_in_order(e, end, address);
	enum ip_proto first = order == UDP_FIRST ? PROTO_UDP : PROTO_TCP;
	bool found = way_to_relay(e, f, end, address, first);

	if (found || order != TCP_ALONE)
		found = way_to_relay(e, f, end, address,
				     first == PROTO_TCP ? PROTO_UDP : PROTO_TCP) ||
			found;
	return found ||
	       cause_no_listener(e, f, end, address, PROTO_UDP, relay_port(relay, PROTO_UDP)) ||
	       cause_no_listener(e, f, end, address, PROTO_TCP, relay_port(relay, PROTO_TCP));
}

/* For each refusal that a relay reports: its cause, and the setting of the Edge that is at
 * fault. */
static const struct refusal {
	const char *event;
	enum reason reason;
	enum cause_code cause;
	enum setting setting;
} refusals[] = {
	{EVENT_AUTH_FAILED, REASON_TURN_EXPIRED, CAUSE_RELAY_AUTH, SETTING_CREDENTIAL_LIFETIME},
	{EVENT_AUTH_FAILED, REASON_TURN_INTEGRITY, CAUSE_RELAY_AUTH, SETTING_MRAS_SECRET},
	{EVENT_AUTH_FAILED, REASON_TURN_REALM, CAUSE_RELAY_AUTH, SETTING_MRAS_SECRET},
	{EVENT_AUTH_FAILED, REASON_TURN_CREDENTIALS, CAUSE_RELAY_AUTH, SETTING_MRAS_SECRET},
	{EVENT_RELAY_REFUSED, REASON_TURN_QUOTA, CAUSE_RELAY_ALLOC, SETTING_RELAYS_PER_USER},
	{EVENT_RELAY_REFUSED, REASON_TURN_NO_PORT, CAUSE_RELAY_ALLOC, SETTING_RELAY_PORTS},
};

/* "bob@contoso.com" and "sip:bob@contoso.com" are the same. */
static bool is_of_user(const char *whom, const char *user)
{
	const char *scheme = strrchr(whom, ':');

	return g_ascii_strcasecmp(scheme ? scheme + 1 : whom, user) == 0;
}

static bool by_refusal(const struct evidence *e, struct finding *f, const struct refusal *r,
		       const char *user)
{
	for (const struct heard *h = NULL; (h = evidence_event(e, NULL, r->event, h));) {
		const char *whom = member_text(h->event, "user");
		const struct node *edge = service_node_of(e->model, h->agent);

		if (!edge || foreign_reason(h->event) != r->reason ||
		    (user && whom && !is_of_user(whom, user)))
			continue;
		f->code = r->cause;
		f->node = g_strdup(edge->name);
		f->subject = subject_setting(r->setting, NULL);
		f->why = g_strdup_printf("%s: %s", cause_text(f->code),
					 member_text(h->event, "reason"));
		return finding_prove(f, "%s refused %s at %s with code %d: %s", h->agent,
				     whom ? whom : "a client", member_text(h->event, "client"),
				     (int)foreign_turn_status(h->event),
				     member_text(h->event, "reason"));
	}
	return false;
}

static bool relay_refuses(const struct evidence *e, struct finding *f, const char *end)
{
	const struct node *n = model_node(e->model, end);
	const char *user = n && n->endpoint ? n->endpoint->user : NULL;

	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++)
		if (by_refusal(e, f, &refusals[i], user))
			return true;
	return false;
}

static bool got_none(const struct evidence *e, const char *end, const char *address)
{
	return address && !local_relay(e, end);
}

static void prove_none(struct finding *f, const char *end, const char *address)
{
	finding_prove(f, "%s was told of the relay %s and has no candidate from it", end, address);
}

/* An end was told of no relay when it signed in, or of one with a wrong address. */
static bool told_wrongly(const struct evidence *e, struct finding *f, const char *end)
{
	const char *address = member_text(evidence_relay(e, end), "address"),
		   *host = member_text(evidence_relay(e, end), "host");

	if (relay_unknown(e, f, end))
		return true;
	if (!got_none(e, end, address) || !host || !cause_wrong_answer(e, f, end, host, address))
		return false;
	prove_none(f, end, address);
	return true;
}

static int weight_of_relay(const struct evidence *e, const char *end, const char *address,
			   int family)
{
	struct finding *x = finding_new(NULL);
	int weight = 0;

	if (!evidence_lacks_family(e, end, family) && relay_unreachable(e, x, end, address))
		weight = cause_weight(e, x);
	finding_free(x);
	return weight;
}

/* The address of the relay, of the one or two that the end was told, whose silence says most; NULL:
 * none of two says anything. */
static const char *telling_address(const struct evidence *e, const char *end)
{
	const char *address = member_text(evidence_relay(e, end), "address");
	const char *address6 = member_text(evidence_relay(e, end), "address6");
	int weight, weight6;

	if (!address6)
		return address;
	weight = weight_of_relay(e, end, address, AF_INET);
	weight6 = weight_of_relay(e, end, address6, AF_INET6);
	if (weight == 0 && weight6 == 0)
		return NULL;
	return weight6 >= weight ? address6 : address;
}

static bool asked_in_vain(const struct evidence *e, struct finding *f, const char *end)
{
	const char *address = member_text(evidence_relay(e, end), "address"), *to;

	if (!got_none(e, end, address))
		return false;
	if (!relay_refuses(e, f, end)) {
		to = telling_address(e, end);
		if (!to || !relay_unreachable(e, f, end, to))
			return false;
	}
	prove_none(f, end, address);
	return true;
}

/* Whether the end has a candidate from its relay, of this family or (`but`) of another. */
static bool has_relay_of(const struct evidence *e, const char *end, int family, bool but)
{
	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_CANDIDATE, h));) {
		const char *address = member_text(h->event, "address");
		struct addr a;

		if (g_strcmp0(member_text(h->event, "side"), "local") == 0 &&
		    g_strcmp0(member_text(h->event, "type"), "relay") == 0 && address &&
		    addr_parse(address, &a) && (a.family == family) != but)
			return true;
	}
	return false;
}

/* An end that was told of a relay by two families got an address of one only: the other end may
 * have that family alone. */
bool cause_half_relay(const struct evidence *e, struct finding *f, const char *end)
{
	static const char *const keys[] = {"address", "address6"};
	const json_t *relay = evidence_relay(e, end);

	for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
		const char *address = member_text(relay, keys[i]);
		struct addr a;

		if (!address || !addr_parse(address, &a) || has_relay_of(e, end, a.family, false) ||
		    !has_relay_of(e, end, a.family, true) ||
		    evidence_lacks_family(e, end, a.family))
			continue;
		if (relay_unreachable(e, f, end, address))
			return true;
	}
	return false;
}

/* --- the rules -------------------------------------------------------------------------------- */

/* What both ends were told comes before what either asked of a relay: signing in is first. */
bool cause_rule_relay_unreachable(const struct evidence *e, struct finding *f)
{
	static bool (*const steps[])(const struct evidence *, struct finding *,
				     const char *) = {told_wrongly, asked_in_vain};

	for (guint step = 0; evidence_is_av(e) && step < G_N_ELEMENTS(steps); step++)
		for (guint i = 0; i < e->cell->participants->len; i++)
			if (steps[step](e, f, e->cell->participants->pdata[i]))
				return true;
	return false;
}

/* The peer that the fix must allow again. */
static void set_peer(struct finding *f, const char *peer)
{
	uint16_t port;

	if (!addr_port_parse(peer, &f->flow.dst, &port))
		f->flow.dst = (struct addr){0};
}

/* A relay refused a peer by its own policy.  That it refuses private peers is normal. */
static bool refuses_peer(const struct evidence *e, struct finding *f)
{
	for (const struct heard *h = NULL; (h = evidence_event(e, NULL, EVENT_DENIED, h));) {
		const struct node *edge = service_node_of(e->model, h->agent);
		const char *peer = member_text(h->event, "peer");

		if (!edge || !peer || foreign_reason(h->event) != REASON_PEER_BY_SETTING)
			continue;
		f->code = CAUSE_RELAY_PERMISSION;
		f->node = g_strdup(edge->name);
		f->subject = subject_setting(SETTING_RELAY_NOT_TO, NULL);
		set_peer(f, peer);
		f->why = g_strdup_printf("%s: %s is among those it must not relay to",
					 cause_text(f->code), peer);
		return finding_prove(f, "%s denied %s the peer %s", h->agent,
				     member_text(h->event, "user"), peer);
	}
	return false;
}

bool cause_rule_relay_refused(const struct evidence *e, struct finding *f)
{
	return evidence_is_av(e) && (relay_refuses(e, f, NULL) || refuses_peer(e, f));
}
