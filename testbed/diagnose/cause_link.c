/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about links that lose packets, hold them up, or are too slow.
 *
 * Media that arrives and is incomplete says that the way is there: no route and no firewall is at
 * fault, but a line on the way of media that lost packets.  A call that ends in silence although
 * every walk arrives (an answer that never comes, or comes too late) may be the doing of a line,
 * too: then the loss must be worth mentioning, or the delay longer than a quick answer takes. */
#include "testbed/diagnose/cause_rules.h"
#include "testbed/diagnose/lines.h"
#include "testbed/diagnose/service.h"

#define SILENCE_SHARE 0.02 /* of its packets lost: then an answer may have been among them */
#define SILENCE_MS 300	   /* there and back: then somebody may have given up waiting */

struct blame {
	enum cause_code code; /* CAUSE_NONE: nothing is to blame */
	const struct line *line;
};

/* --- what is at fault ------------------------------------------------------------------------- */

static double lost_share(const struct line *l)
{
	return line_lost_share(l) + line_full_share(l);
}

static enum cause_code loss_code(const struct line *l)
{
	return line_full_share(l) > line_lost_share(l) ? CAUSE_LINK_FULL : CAUSE_LINK_LOSS;
}

/* The line that lost the largest share, above `least`. */
static struct blame blame_loss(const GArray *lines, double least)
{
	struct blame b = {.code = CAUSE_NONE};

	array_foreach(const struct line, l, lines) {
		if (lost_share(l) <= least || (b.line && lost_share(l) <= lost_share(b.line)))
			continue;
		b = (struct blame){.code = loss_code(l), .line = l};
	}
	return b;
}

static double wait_ms(const struct line *l)
{
	return MAX(line_delay_ms(l), line_queue_ms(l));
}

/* Of the leg with the longest delay, the line that has most of it. */
static struct blame blame_delay(const GArray *lines)
{
	struct blame b = {.code = CAUSE_NONE};
	double longest_ms = SILENCE_MS;

	array_foreach(const struct line, l, lines) {
		double sum_ms = 0;

		array_foreach(const struct line, other, lines)
			if (other->leg == l->leg)
				sum_ms += wait_ms(other);
		if (sum_ms < longest_ms ||
		    (b.line && sum_ms <= longest_ms && wait_ms(l) <= wait_ms(b.line)))
			continue;
		longest_ms = sum_ms;
		b = (struct blame){.code = line_queue_ms(l) > line_delay_ms(l) ? CAUSE_LINK_FULL :
										 CAUSE_LINK_DELAY,
				   .line = l};
	}
	return b;
}

static char *why_of(enum cause_code code, const struct line *l)
{
	const char *node = l->node->name;

	if (code == CAUSE_LINK_DELAY)
		return g_strdup_printf("what leaves %s by %s arrives %.0f ms later, which somebody "
				       "did not wait for",
				       node, l->iface, line_delay_ms(l));
	if (code == CAUSE_LINK_FULL)
		return g_strdup_printf("%s of %s carries %u kbit/s, and more is sent: packets wait "
				       "up to %.0f ms, and %.1f %% found the queue full",
				       l->iface, node, l->what->rate_kbit, line_queue_ms(l),
				       100 * line_full_share(l));
	return g_strdup_printf("%.1f %% of the packets that were to leave %s by %s were lost",
			       100 * line_lost_share(l), node, l->iface);
}

static void set_blame(const struct evidence *e, struct finding *f, const struct blame *b)
{
	f->code = b->code;
	g_free(f->node);
	f->node = g_strdup(b->line->node->name);
	subject_clear(&f->subject);
	f->subject = line_subject(e, b->line);
	f->iface = g_strdup(b->line->iface);
	f->direction = b->line->direction;
	g_free(f->why);
	f->why = why_of(b->code, b->line);
	line_prove(e, f, b->line);
}

/* Other lines that lose more than is allowed. */
static void add_lossy_effects(const struct evidence *e, struct finding *f, const GArray *lines,
			      const struct line *cause)
{
	array_foreach(const struct line, l, lines) {
		struct subject subject = line_subject(e, l);
		g_autofree char *why = why_of(loss_code(l), l);

		if (l != cause && 100 * lost_share(l) > e->model->max_loss_pct)
			finding_add_effect(f, loss_code(l), l->node->name, &subject, why);
		subject_clear(&subject);
	}
}

/* --- the ways of media ------------------------------------------------------------------------ */

static void look_to(const struct evidence *e, struct finding *f, const char *from,
		    const struct addr *src, const char *what, const char *address,
		    enum ip_proto proto, json_int_t port)
{
	struct flow flow = {.node = from,
			    .proto = proto,
			    .sport = src ? (uint16_t)0 : CLIENT_PORT,
			    .dport = (uint16_t)port};

	if (!address || !addr_parse(address, &flow.dst) || port < 1 || port > G_MAXUINT16)
		return;
	if (src)
		flow.src = *src;
	cause_look(e, f, &flow, g_strdup_printf("%s to %s %s", from, what, address));
}

static const struct service *relay_of(const struct evidence *e, const char *end,
				      const struct node **ret_node)
{
	const struct node *n = model_node(e->model, end);

	*ret_node = n && n->endpoint ? model_media_edge(e->model, n) : NULL;
	return *ret_node ? node_service(*ret_node, SERVICE_EDGE) : NULL;
}

static void look_at_pair(const struct evidence *e, struct finding *f, const char *end,
			 const json_t *selected)
{
	const json_t *local = json_object_get(selected, "local"),
		     *remote = json_object_get(selected, "remote"), *relay = evidence_relay(e, end);
	bool by_tcp = member_is(local, "relay_transport", "tcp"),
	     relayed = member_is(local, "type", "relay");
	enum ip_proto proto = by_tcp ? PROTO_TCP : PROTO_UDP;
	json_int_t port = member_integer(remote, "port");
	const struct node *edge;
	const struct service *s = relay_of(e, end, &edge);

	if (!relayed) {
		look_to(e, f, end, NULL, "the other end", member_text(remote, "address"), PROTO_UDP,
			port);
		return;
	}
	look_to(e, f, end, NULL, "its relay", member_text(relay, "address"), proto,
		relay_port(relay, proto));
	if (s)
		look_to(e, f, edge->name, &s->edge.av, "the other end",
			member_text(remote, "address"), PROTO_UDP, port);
}

/* On the pairs that were selected; of an end that selected none, or that others reach through a
 * NAT, to its relay. */
static void look_at_media(const struct evidence *e, struct finding *f)
{
	ptr_array_foreach(const char, end, e->cell->participants) {
		const json_t *relay = evidence_relay(e, end);

		for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_SELECTED, h));)
			look_at_pair(e, f, end, h->event);
		look_to(e, f, end, NULL, "its relay", member_text(relay, "address"), PROTO_UDP,
			relay_port(relay, PROTO_UDP));
	}
}

/* --- rules ------------------------------------------------------------------------------------ */

bool cause_rule_media_lost(const struct evidence *e, struct finding *f)
{
	enum reason code = e->cell->code;
	g_autoptr(GArray) lines = NULL;
	struct blame b;

	if (code != REASON_MEDIA_LOST && code != REASON_LOSS_UNDECIDED)
		return false;
	f->why = g_strdup(e->cell->reason);
	if (!e->state)
		return true;
	look_at_media(e, f);
	lines = lines_of_legs(e, f, 0);
	lines_keep_used(lines, e);
	b = blame_loss(lines, 0);
	if (b.code == CAUSE_NONE)
		return true;
	set_blame(e, f, &b);
	add_lossy_effects(e, f, lines, b.line);
	return true;
}

/* Whether a line on the ways that were walked explains that no answer came, or not in time. */
static bool blame_line(const struct evidence *e, struct finding *f)
{
	g_autoptr(GArray) lines = lines_of_legs(e, f, 0);
	struct blame b = blame_loss(lines, SILENCE_SHARE);

	/* a call that just failed may have a better reason, which only packets tell */
	if (b.code == CAUSE_NONE && (e->packets || f->code != CAUSE_UNKNOWN))
		b = blame_delay(lines);
	if (b.code != CAUSE_NONE)
		set_blame(e, f, &b);
	return b.code != CAUSE_NONE;
}

/* Causes that are concluded from an answer that did not come. */
static bool is_silence(const struct evidence *e, enum cause_code code)
{
	return code == CAUSE_UNKNOWN || code == CAUSE_DNS_TIMEOUT ||
	       code == CAUSE_SIP_NOT_REGISTERED ||
	       (code == CAUSE_SIP_NO_ROUTE && e->cell->code == REASON_SIP_SERVER_TIMEOUT);
}

void cause_link_of_silence(const struct evidence *e, struct finding *f)
{
	if (!e->state || !model_is_impaired(e->model) || !is_silence(e, f->code) ||
	    e->cell->code == REASON_MEDIA_LOST || e->cell->code == REASON_LOSS_UNDECIDED)
		return;
	if (evidence_is_av(e))
		look_at_media(e, f);
	blame_line(e, f);
}

bool cause_rule_direct_link(const struct evidence *e, struct finding *f)
{
	const struct cell *c = e->cell;
	const struct node *a = model_node(e->model, c->a),
			  *b = c->b ? model_node(e->model, c->b) : NULL;
	guint legs = f->legs->len;
	g_autoptr(GArray) lines = NULL;
	struct blame blame;

	if (!a || !b || !e->state || !model_is_impaired(e->model) ||
	    (c->media != MEDIA_AUDIO && c->media != MEDIA_VIDEO) ||
	    (c->has_expected_path && !cause_expects(c, PATH_UDP_DIRECT)) ||
	    !cause_look_at_hosts(e, f, a, b))
		return false;
	lines = lines_of_legs(e, f, legs);
	blame = blame_loss(lines, SILENCE_SHARE);
	if (blame.code == CAUSE_NONE) {
		g_ptr_array_set_size(f->legs, (gint)legs);
		return false;
	}
	set_blame(e, f, &blame);
	return true;
}

bool cause_rule_link(const struct evidence *e, struct finding *f)
{
	if (!e->state || !model_is_impaired(e->model) || !evidence_is_av(e))
		return false;
	look_at_media(e, f);
	return blame_line(e, f);
}
