/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about the ways of media: between the ends, between their relays, to the MCU. */
#include "testbed/diagnose/cause_rules.h"
#include "testbed/diagnose/cause_state.h"
#include "testbed/diagnose/cause_unwanted.h"

bool cause_expects(const struct cell *c, enum path_class path)
{
	return c->expected_verdict == VERDICT_PASS && c->has_expected_path &&
	       (c->expected_path_mask & 1u << path) != 0;
}

/* --- two that send to each other -------------------------------------------------------------- */

/* What one end sends is the answer to what the other sends. */
static void set_no_state(const struct evidence *e, struct finding *f, const walk *question,
			 const walk *answer)
{
	if (cause_no_state(e, f, question, answer))
		f->direction = DIRECTION_BACK;
}

bool cause_fewer_meet(const struct evidence *e, struct finding *f, const struct flow *a,
		      const struct flow *b, int needed)
{
	struct walk_pair *there, *back;
	bool fails, found;

	if (!e->meet || !e->state)
		return false;
	there = e->meet(e->net, a, b);
	back = e->meet(e->net, b, a);
	fails = (there->forward->end == WALK_DELIVERED) + (back->forward->end == WALK_DELIVERED) <
		needed;
	if (!fails) {
		walk_pair_free(there);
		walk_pair_free(back);
		return false;
	}
	found = cause_show(e, f, there, a,
			   g_strdup_printf("%s to %s, both sending, UDP", a->node, b->node));
	if (found) {
		set_no_state(e, f, back->forward, there->forward);
		cause_unwanted_nat(e, f, there->forward, a, b);
		cause_unwanted_nat(e, f, back->forward, b, a);
	}
	if (cause_show(e, f, back, b,
		       g_strdup_printf("%s to %s, both sending, UDP", b->node, a->node))) {
		set_no_state(e, f, there->forward, back->forward);
		found = true;
	}
	return found;
}

/* Behind NATs one direction is enough: the other end learns from it where to send its answers. */
static bool cannot_meet(const struct evidence *e, struct finding *f, const struct flow *a,
			const struct flow *b)
{
	return cause_fewer_meet(e, f, a, b, 1);
}

struct flow cause_udp_flow(const char *node, const struct addr *src, const struct addr *dst)
{
	return (struct flow){.node = node,
			     .src = *src,
			     .dst = *dst,
			     .proto = PROTO_UDP,
			     .sport = CLIENT_PORT,
			     .dport = CLIENT_PORT};
}

/* --- through NATs ----------------------------------------------------------------------------- */

struct nat_seen {
	const struct node *node; /* NULL: the end is behind no NAT */
	const struct nat_rule *rule;
	struct addr public; /* the address that the other end sees */
};

/* The last NAT that translated the end's packets, and to which address. */
static struct nat_seen nat_on_way(const struct evidence *e, const walk *w)
{
	struct nat_seen seen = {.node = NULL};

	ptr_array_foreach(const struct hop, h, w->hops) {
		const struct node *n = model_node(e->model, h->node);
		const struct nat_rule *r = n && h->nat ? node_masquerade(n, h->out) : NULL;

		if (!r)
			continue;
		seen = (struct nat_seen){.node = n, .rule = r, .public = h->src};
	}
	return seen;
}

/* The end's reflexive address, as it reports it; unset: none. */
static struct addr reflexive_address(const struct evidence *e, const char *end)
{
	struct addr a = {.family = 0};

	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_CANDIDATE, h));) {
		const char *address = member_text(h->event, "address");

		if (member_is(h->event, "side", "local") && member_is(h->event, "type", "srflx") &&
		    address && addr_parse(address, &a))
			return a;
	}
	return (struct addr){.family = 0};
}

/* Whether packets from behind NAT `from` get in at NAT `to`, whose end has sent to the address
 * that the relay saw of the first end (RFC 5128 section 3.3). */
static bool gets_in(const struct nat_rule *from, const struct nat_rule *to)
{
	bool keeps_port = from->mapping == NAT_ENDPOINT_INDEPENDENT;

	if (to->mapping != NAT_ENDPOINT_INDEPENDENT)
		return to->filtering == NAT_ENDPOINT_INDEPENDENT;
	return keeps_port || to->filtering != NAT_ADDRESS_AND_PORT_DEPENDENT;
}

static void set_nat_cause(struct finding *f, enum cause_code code, const struct nat_seen *nat,
			  const char *why)
{
	struct subject subject = subject_nat(nat->rule);

	if (f->code != CAUSE_UNKNOWN) {
		finding_add_effect(f, code, nat->node->name, &subject, why);
		return;
	}
	f->code = code;
	f->node = g_strdup(nat->node->name);
	f->subject = subject;
	f->why = g_strdup(why);
	f->direction = DIRECTION_THERE;
	finding_prove(f, "NAT %s of %s: mapping %s, filtering %s", nat->rule->name, nat->node->name,
		      nat_behaviour_name(nat->rule->mapping),
		      nat_behaviour_name(nat->rule->filtering));
}

static void tell_changed_mapping(struct finding *f, const struct nat_seen *nat)
{
	g_autofree char *why = g_strdup_printf(
		"NAT %s of %s uses another port for each destination, so the port that the relay "
		"saw is not the one that the other end would need",
		nat->rule->name, nat->node->name);

	if (nat->rule->mapping != NAT_ENDPOINT_INDEPENDENT)
		set_nat_cause(f, CAUSE_NAT_MAPPING_CHANGED, nat, why);
}

static bool nats_stop_it(struct finding *f, const struct nat_seen *a, const struct nat_seen *b)
{
	g_autofree char *why = NULL;

	if (a->node == b->node && a->rule == b->rule) {
		if (a->rule->hairpin)
			return false;
		why = g_strdup_printf("both ends are behind NAT %s of %s, which does not lead "
				      "packets to its own outside address back in",
				      a->rule->name, a->node->name);
		set_nat_cause(f, CAUSE_HAIRPIN_UNSUPPORTED, a, why);
		return true;
	}
	if (gets_in(a->rule, b->rule) || gets_in(b->rule, a->rule))
		return false;
	tell_changed_mapping(f, a);
	tell_changed_mapping(f, b);
	return f->code != CAUSE_UNKNOWN;
}

/* Two ends behind NATs: what their NATs do, then whether packets get to the other's NAT at
 * all. */
static bool nats_cannot_meet(const struct evidence *e, struct finding *f, const struct node *a,
			     const struct node *b)
{
	struct addr of_a = reflexive_address(e, a->name), of_b = reflexive_address(e, b->name);
	struct addr own_a = node_address(a), own_b = node_address(b);
	struct flow there = cause_udp_flow(a->name, &own_a, &of_b),
		    back = cause_udp_flow(b->name, &own_b, &of_a);
	struct nat_seen nat_a, nat_b;
	struct walk_pair *w;
	bool found;

	if (!e->state || !addr_is_set(&of_a) || !addr_is_set(&of_b))
		return false;
	w = e->walk(e->net, &there);
	nat_a = nat_on_way(e, w->forward);
	walk_pair_free(w);
	w = e->walk(e->net, &back);
	nat_b = nat_on_way(e, w->forward);
	walk_pair_free(w);
	found = nat_a.node && nat_b.node && nats_stop_it(f, &nat_a, &nat_b);
	return found || cannot_meet(e, f, &there, &back);
}

/* Where the file says nothing of the path, the best one that the routes allow is held against it.
 */
static bool ends_cannot_meet_directly(const struct evidence *e, struct finding *f,
				      const struct node *a, const struct node *b)
{
	const struct cell *c = e->cell;

	if (cause_expects(c, PATH_UDP_DIRECT))
		return cause_hosts_cannot_meet(e, f, a, b, PAIRS_ALL);
	return !c->has_expected_path && c->verdict != VERDICT_PASS &&
	       cause_hosts_cannot_meet(e, f, a, b, PAIRS_ROUTED);
}

static bool ends_cannot_meet(const struct evidence *e, struct finding *f)
{
	const struct cell *c = e->cell;
	const struct node *a = model_node(e->model, c->a),
			  *b = c->b ? model_node(e->model, c->b) : NULL;

	if (!a || !b)
		return false;
	if (ends_cannot_meet_directly(e, f, a, b)) {
		if (cause_expects(c, PATH_UDP_DIRECT) || cause_hosts_half_meet(e, a, b))
			f->lost = PATH_UDP_DIRECT;
		return true;
	}
	if (!cause_expects(c, PATH_UDP_NAT) || !nats_cannot_meet(e, f, a, b))
		return false;
	f->lost = PATH_UDP_NAT;
	return true;
}

/* --- between relays --------------------------------------------------------------------------- */

static const struct edge_service *relay_service(const struct evidence *e, const char *end,
						const struct node **ret_node)
{
	const struct node *n = model_node(e->model, end),
			  *edge = n ? model_media_edge(e->model, n) : NULL;
	const struct service *s = edge ? node_service(edge, SERVICE_EDGE) : NULL;

	*ret_node = edge;
	return s ? &s->edge : NULL;
}

/* The address that the relay lent to an end, as it has it and as others see it: an end that reaches
 * it by TCP alone gets the one of TCP. */
struct lent {
	struct addr own, public;
};

static struct lent lent_to(const struct evidence *e, const char *end, const struct edge_service *x)
{
	bool by_tcp = false;

	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_CANDIDATE, h));) {
		const char *address = member_text(h->event, "address");
		struct addr a;

		if (!member_is(h->event, "side", "local") ||
		    !member_is(h->event, "type", "relay") || !address || !addr_parse(address, &a))
			continue;
		if (addr_equal(&a, &x->av_public))
			return (struct lent){x->av, x->av_public};
		by_tcp = by_tcp || addr_equal(&a, &x->av_tcp_public);
	}
	return by_tcp ? (struct lent){x->av_tcp, x->av_tcp_public} :
			(struct lent){x->av, x->av_public};
}

static bool relays_cannot_meet(const struct evidence *e, struct finding *f)
{
	const struct node *of_a, *of_b;
	const struct edge_service *a = relay_service(e, e->cell->a, &of_a);
	const struct edge_service *b = e->cell->b ? relay_service(e, e->cell->b, &of_b) : NULL;
	struct lent lent_a, lent_b;
	struct flow there, back;

	if (!a || !b || a == b)
		return false;
	lent_a = lent_to(e, e->cell->a, a);
	lent_b = lent_to(e, e->cell->b, b);
	there = cause_udp_flow(of_a->name, &lent_a.own, &lent_b.public);
	back = cause_udp_flow(of_b->name, &lent_b.own, &lent_a.public);
	there.sport = back.dport = a->relay_ports.first;
	there.dport = back.sport = b->relay_ports.first;
	/* a relay takes packets only from the very address that its client gave it as the peer's */
	if (!cause_fewer_meet(e, f, &there, &back, 2))
		return false;
	/* the relays' clients do reach them, at other ports */
	if (f->code == CAUSE_FW_DROP || f->code == CAUSE_FW_REJECT)
		f->code = CAUSE_RELAY_PORTS_BLOCKED;
	return true;
}

/* Whether the walk to that relay ends at a firewall: most are closed to the ports of relays on
 * purpose, as clients need none of them. */
static bool is_closed_on_purpose(const struct evidence *e, const char *end, const json_t *relay)
{
	struct finding *x = finding_new(NULL);
	bool closed;

	cause_walk_to(e, x, end, "the other end's relay", member_text(relay, "address"), PROTO_UDP,
		      json_integer_value(json_object_get(relay, "port")));
	closed = x->code == CAUSE_FW_DROP || x->code == CAUSE_FW_REJECT ||
		 x->code == CAUSE_FW_NO_STATE;
	finding_free(x);
	return closed;
}

/* Whether the end has any address of that family: without one it is meant to reach nothing by it.
 */
static bool has_family_of(const struct evidence *e, const char *end, const json_t *relay)
{
	const struct node *n = model_node(e->model, end);
	const char *text = member_text(relay, "address");
	struct addr a;

	return n && text && addr_parse(text, &a) && node_has_family(n, a.family);
}

/* An end can't send to a relay of the other end, or gets no answer from there. */
static bool peer_relay_unreachable(const struct evidence *e, struct finding *f, const char *end)
{
	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_CANDIDATE, h));) {
		if (g_strcmp0(member_text(h->event, "side"), "remote") != 0 ||
		    g_strcmp0(member_text(h->event, "type"), "relay") != 0 ||
		    !has_family_of(e, end, h->event) || is_closed_on_purpose(e, end, h->event))
			continue;
		if (cause_walk_to(e, f, end, "the other end's relay",
				  member_text(h->event, "address"), PROTO_UDP,
				  json_integer_value(json_object_get(h->event, "port"))))
			return true;
	}
	return false;
}

/* The last paths, where nothing was wrong with better ones: by the other end's relay, and where the
 * file says nothing of the path, from NAT to NAT. */
static bool peers_cannot_meet(const struct evidence *e, struct finding *f)
{
	const struct cell *c = e->cell;
	const struct node *a = model_node(e->model, c->a),
			  *b = c->b ? model_node(e->model, c->b) : NULL;

	if (!a || !b)
		return false;
	return cause_half_relay(e, f, a->name) || cause_half_relay(e, f, b->name) ||
	       peer_relay_unreachable(e, f, a->name) || peer_relay_unreachable(e, f, b->name) ||
	       (!c->has_expected_path && nats_cannot_meet(e, f, a, b));
}

/* --- to the MCU ------------------------------------------------------------------------------- */

static bool failed_in_conference(const struct evidence *e, const char *end)
{
	const struct heard *h = evidence_event(e, end, EVENT_CONFERENCE_RESULT, NULL);

	return !h || !member_is(h->event, "verdict", "pass");
}

static bool is_remote(const struct evidence *e, const char *end)
{
	const struct heard *h = evidence_event(e, end, EVENT_SIGNED_IN, NULL);

	return h && member_true(h->event, "remote_user");
}

/* For clients outside the MCU needs a relay, too. */
static bool mcu_without_relay(const struct evidence *e, struct finding *f, const struct node *mcu,
			      const char *end)
{
	const struct node *edge;
	const struct edge_service *s = relay_service(e, end, &edge);
	char text[ADDR_TEXT_MAX];

	return s && cause_walk_to(e, f, mcu->name, "its relay", addr_print(&s->internal, text),
				  PROTO_UDP, relay_port(NULL, PROTO_UDP));
}

static bool mcu_out_of_reach(const struct evidence *e, struct finding *f)
{
	const struct node *mcu = model_server(e->model, SERVICE_FRONTEND);
	bool found = false;

	for (guint i = 0; mcu && i < e->cell->participants->len && !found; i++) {
		const char *end = e->cell->participants->pdata[i];
		const struct node *n = model_node(e->model, end);

		if (!n || !failed_in_conference(e, end))
			continue;
		found = is_remote(e, end) ? mcu_without_relay(e, f, mcu, end) :
					    cause_hosts_cannot_meet(e, f, n, mcu, PAIRS_ALL);
	}
	return found;
}

/* --- the path that was selected --------------------------------------------------------------- */

bool cause_selected_leg(const struct evidence *e, struct finding *f, const char *end)
{
	const struct heard *h = evidence_event(e, end, EVENT_SELECTED, NULL);
	const json_t *local = h ? json_object_get(h->event, "local") : NULL,
		     *remote = h ? json_object_get(h->event, "remote") : NULL;
	const json_t *relay = evidence_relay(e, end);
	enum ip_proto proto = member_is(local, "relay_transport", "tcp") ? PROTO_TCP : PROTO_UDP;

	if (!h)
		return false;
	finding_prove(f, "%s selected %s %s to %s %s", end, member_text(local, "type"),
		      member_text(local, "address"), member_text(remote, "type"),
		      member_text(remote, "address"));
	if (member_is(local, "type", "relay"))
		return cause_walk_to(e, f, end, "its relay", member_text(relay, "address"), proto,
				     relay_port(relay, proto));
	return cause_walk_to(e, f, end, "the other end", member_text(remote, "address"), PROTO_UDP,
			     member_integer(remote, "port"));
}

/* --- rules ------------------------------------------------------------------------------------ */

bool cause_rule_direct(const struct evidence *e, struct finding *f)
{
	return (e->cell->media == MEDIA_AUDIO || e->cell->media == MEDIA_VIDEO) &&
	       ends_cannot_meet(e, f);
}

bool cause_rule_media(const struct evidence *e, struct finding *f)
{
	if (e->cell->media == MEDIA_AV_CONFERENCE)
		return mcu_out_of_reach(e, f);
	return evidence_is_av(e) && relays_cannot_meet(e, f);
}

bool cause_rule_peers(const struct evidence *e, struct finding *f)
{
	/* without packets it is not known yet whether something better explains it */
	return (e->cell->media == MEDIA_AUDIO || e->cell->media == MEDIA_VIDEO) && e->packets &&
	       !evidence_event(e, NULL, EVENT_SELECTED, NULL) && peers_cannot_meet(e, f);
}

/* The size of media packets (common/media.h) with SRTP, UDP and IP headers. */
#define VIDEO_PACKET_BYTES 1200u
#define VOICE_PACKET_BYTES 123u

#define FULL_PACKET_BYTES 1500u /* a TCP segment between two Ethernets */

/* The packets that open a connection or a path are small: larger ones may be lost on the same
 * way. */
bool cause_rule_size(const struct evidence *e, struct finding *f)
{
	struct evidence large = *e, media = *e;
	guint proofs = f->proof->len;
	bool found = false;

	large.size_bytes = FULL_PACKET_BYTES;
	media.size_bytes = e->cell->media == MEDIA_AUDIO ? VOICE_PACKET_BYTES : VIDEO_PACKET_BYTES;
	for (guint i = 0; i < e->cell->participants->len && !found; i++)
		found = cause_signalling_way(&large, f, e->cell->participants->pdata[i]);
	for (guint i = 0; evidence_is_av(e) && i < e->cell->participants->len && !found; i++)
		found = cause_selected_leg(&media, f, e->cell->participants->pdata[i]);
	if (!found)
		g_ptr_array_set_size(f->proof, (gint)proofs);
	return found;
}

/* Why the relay was reached by TCP and not by UDP. */
static bool relay_only_by_tcp(const struct evidence *e, struct finding *f)
{
	bool found = false;

	for (guint i = 0; i < e->cell->participants->len && !found; i++) {
		const char *end = e->cell->participants->pdata[i];
		const json_t *relay = evidence_relay(e, end);

		found = json_is_object(relay) &&
			cause_walk_to(e, f, end, "its relay", member_text(relay, "address"),
				      PROTO_UDP, relay_port(relay, PROTO_UDP));
	}
	return found;
}

static bool expects_udp(const struct cell *c)
{
	return cause_expects(c, PATH_UDP_DIRECT) || cause_expects(c, PATH_UDP_NAT) ||
	       cause_expects(c, PATH_UDP_RELAY);
}

bool cause_rule_other_path(const struct evidence *e, struct finding *f)
{
	const struct cell *c = e->cell;

	if (c->as_expected || c->path == PATH_NONE ||
	    (c->media != MEDIA_AUDIO && c->media != MEDIA_VIDEO))
		return false;
	return cause_rule_other_view(e, f) || ends_cannot_meet(e, f) ||
	       cause_rule_nat_expired(e, f) ||
	       (c->path == PATH_TCP_RELAY && expects_udp(c) && relay_only_by_tcp(e, f)) ||
	       cause_rule_link(e, f);
}
