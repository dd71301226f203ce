/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_walk.h"

#include "testbed/diagnose/cause_drop.h"
#include "testbed/diagnose/cause_end.h"
#include "testbed/diagnose/cause_forward.h"
#include "testbed/diagnose/cause_metric.h"
#include "testbed/diagnose/cause_untranslated.h"
#include "testbed/diagnose/cause_unwanted.h"

/* The walk that did not arrive; NULL: both did. */
static const walk *broken_walk(const struct walk_pair *p)
{
	if (p->forward->end != WALK_DELIVERED)
		return p->forward;
	return p->back && p->back->end != WALK_DELIVERED ? p->back : NULL;
}

/* --- proof ------------------------------------------------------------------------------------ */

static void prove_by_counters(const struct evidence *e, struct finding *f, const walk *w)
{
	const node_state *n = netstate_node(e->state, w->node);
	g_autofree char *counter = cause_counter(w);

	for (guint i = 0; n && i < n->rule_counters->len; i++) {
		const struct rule_counter *c =
			&g_array_index(n->rule_counters, struct rule_counter, i);

		if (g_str_equal(c->name, counter) && c->packets > 0)
			finding_prove(f, "rule %s of %s counted %" G_GUINT64_FORMAT " packets",
				      counter, w->node, c->packets);
	}
}

/* The kernel's own look-up, where a route decided. */
static void prove_by_lookup(struct finding *f, const walk *w)
{
	static const bool by_route[CAUSE_COUNT] = {
		[CAUSE_RETURN_WRONG_EGRESS] = true, [CAUSE_NO_ROUTE] = true,
		[CAUSE_WRONG_METRIC] = true,	    [CAUSE_NULL_ROUTE] = true,
		[CAUSE_ROUTE_LOOP] = true,	    [CAUSE_RPF_DROP] = true,
		[CAUSE_NO_FORWARDING] = true,	    [CAUSE_NEXT_HOP_DEAD] = true,
		[CAUSE_WRONG_CARD] = true,
	};
	g_autofree char *text = by_route[f->code] && f->node ? lookups_proof(w, f->node) : NULL;

	if (text)
		finding_prove(f, "%s", text);
}

/* A server's report that it could not send there. */
static void prove_by_send_errors(const struct evidence *e, struct finding *f)
{
	for (const struct heard *h = NULL; (h = evidence_event(e, NULL, EVENT_SEND_ERROR, h));) {
		const char *to = member_text(h->event, "to");
		struct addr a;
		uint16_t port;

		if (to && addr_port_parse(to, &a, &port) && f->prefix.addr.family != 0 &&
		    prefix_contains(&f->prefix, &a)) {
			finding_prove(f, "%s says of sending to %s: %s", h->agent, to,
				      member_text(h->event, "text"));
			return;
		}
	}
}

static void prove_by_walk(struct finding *f, const struct walk_pair *p, const walk *w)
{
	finding_prove(f, "the walk %s ends at %s (%s): %s", w == p->forward ? "there" : "back",
		      w->node ? w->node : "its start", walk_end_name(w->end), w->why);
}

/* --- legs ------------------------------------------------------------------------------------- */

static void read_effect(const struct evidence *e, struct finding *f, const struct walk_pair *p,
			const walk *w, enum ip_proto proto)
{
	struct finding *seen = finding_new(NULL);

	cause_of_end(e, seen, p, w, proto);
	finding_add_effect(f, seen->code, seen->node, &seen->subject, seen->why);
	finding_free(seen);
}

static void keep_leg(struct finding *f, struct walk_pair *walked, const struct flow *flow,
		     char *title)
{
	struct leg *l = g_new0(struct leg, 1);

	l->title = title;
	l->walk = walked;
	l->kernel = lookups_count(walked);
	l->from = g_strdup(flow->node);
	l->flow = *flow;
	l->flow.node = l->from;
	if (l->flow.dport == CLIENT_PORT)
		l->flow.dport = 0; /* whichever port the client took */
	g_ptr_array_add(f->legs, l);
}

void cause_look(const struct evidence *e, struct finding *f, const struct flow *flow, char *title)
{
	keep_leg(f, e->walk(e->net, flow), flow, title);
}

/* Whether the end of the walk shows the cause.  Packets of full size are walked to find where they
 * do not fit: that small ones would be dropped elsewhere was asked before.  What leaves
 * untranslated is lost whoever drops it. */
static bool is_telling(const struct evidence *e, const struct walk_pair *p, const walk *w)
{
	return (e->size_bytes == 0 || walk_ends_by_size(w)) &&
	       (cause_did_drop(e, w) || cause_is_untranslated(e, p->forward));
}

bool cause_show(const struct evidence *e, struct finding *f, struct walk_pair *walked,
		const struct flow *flow, char *title)
{
	const walk *w = broken_walk(walked);

	keep_leg(f, walked, flow, title);
	if (f->code == CAUSE_UNKNOWN && cause_by_forward(e, f, walked->forward, flow->proto))
		return true;
	if (!w || f->code == CAUSE_NONE || !is_telling(e, walked, w))
		return false;
	if (f->code != CAUSE_UNKNOWN) {
		read_effect(e, f, walked, w, flow->proto);
		return false;
	}
	cause_of_end(e, f, walked, w, flow->proto);
	cause_metric(e, f, w, flow);
	cause_unwanted_nat(e, f, walked->forward, flow, NULL);
	prove_by_walk(f, walked, w);
	prove_by_lookup(f, w->under ? w->under : w);
	prove_by_counters(e, f, w);
	prove_by_send_errors(e, f);
	return true;
}

bool cause_walk_flow(const struct evidence *e, struct finding *f, const struct flow *flow,
		     char *title)
{
	struct flow sized = *flow;

	sized.size_bytes = e->size_bytes;
	sized.established = e->size_bytes > 0;
	return cause_show(e, f, e->walk(e->net, &sized), &sized, title);
}

/* Whether the end was told of a relay there.  TURN over TCP is no TLS. */
static bool is_told_relay(const struct evidence *e, const char *end, const struct flow *flow)
{
	static const char *const keys[] = {"address", "address6"};
	const json_t *relay = evidence_relay(e, end);
	struct addr a;

	for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
		const char *address = member_text(relay, keys[i]);

		if (address && addr_parse(address, &a) && addr_equal(&a, &flow->dst))
			return relay_port(relay, PROTO_TCP) == flow->dport;
	}
	return false;
}

/* The address that a server's program binds for its connections to other servers; unset: the kernel
 * chooses. */
static struct addr bound_by_server(const model *m, const char *node)
{
	const struct node *n = model_node(m, node);
	const struct service *edge = n ? node_declared_service(n, SERVICE_EDGE) : NULL,
			     *fe = n ? node_declared_service(n, SERVICE_FRONTEND) : NULL;

	return edge ? edge->edge.internal : fe ? fe->frontend.address : (struct addr){0};
}

bool cause_walk_to(const struct evidence *e, struct finding *f, const char *end, const char *what,
		   const char *address, enum ip_proto proto, json_int_t port)
{
	struct flow flow = {
		.node = end, .proto = proto, .sport = CLIENT_PORT, .dport = (uint16_t)port};
	struct addr src;

	if (!e->state || !address || !addr_parse(address, &flow.dst) || port < 1 ||
	    port > G_MAXUINT16)
		return false;
	flow.plain = proto == PROTO_TCP && is_told_relay(e, end, &flow);
	src = bound_by_server(e->model, end);
	if (proto == PROTO_TCP && src.family == flow.dst.family)
		flow.src = src;
	return cause_walk_flow(e, f, &flow,
			       g_strdup_printf("%s to %s %s, %s %d", end, what, address,
					       proto == PROTO_UDP ? "UDP" : "TCP", (int)port));
}
