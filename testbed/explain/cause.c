#include "testbed/explain/cause.h"

#include <stdlib.h>
#include <string.h>

#define STUN_PORT 3478
#define HTTPS_PORT 443
#define CLIENT_PORT 49152 /* the first port that clients choose by themselves (RFC 6335 section 6) */

static const struct {
	const char *name, *text;
} causes[CAUSE_COUNT] = {
#define X(id, text) [CAUSE_##id] = {#id, text},
	CAUSES(X)
#undef X
};

const char *cause_name(enum cause_code code)
{
	return causes[code].name;
}

const char *cause_text(enum cause_code code)
{
	return causes[code].text;
}

struct heard *heard_new(const char *agent, const json_t *event)
{
	struct heard *h = g_new0(struct heard, 1);

	h->agent = g_strdup(agent);
	h->event = json_deep_copy(event);
	return h;
}

void heard_free(struct heard *h)
{
	g_free(h->agent);
	json_decref(h->event);
	g_free(h);
}

static void leg_free(gpointer data)
{
	struct leg *l = data;

	g_free(l->title);
	walk_pair_free(l->walk);
	g_free(l);
}

void finding_free(struct finding *f)
{
	if (!f)
		return;
	g_free(f->node);
	g_free(f->object);
	g_free(f->what);
	g_free(f->why);
	g_free(f->card);
	g_ptr_array_unref(f->proof);
	g_ptr_array_unref(f->legs);
	g_free(f);
}

/* --- what was heard --------------------------------------------------------------------------------- */

static const char *text_of(const json_t *event, const char *key)
{
	return json_string_value(json_object_get(event, key));
}

/* The first event of that name after `after` (NULL: from the start), of one agent or, with NULL, of any. */
static const struct heard *find_event(const struct evidence *e, const char *agent, const char *name, const struct heard *after)
{
	bool from_here = after == NULL;

	for (guint i = 0; i < e->heard->len; i++) {
		const struct heard *h = e->heard->pdata[i];

		if (from_here && (!agent || g_str_equal(h->agent, agent)) && g_strcmp0(text_of(h->event, "event"), name) == 0)
			return h;
		from_here = from_here || h == after;
	}
	return NULL;
}

static bool has_local_relay(const struct evidence *e, const char *end)
{
	for (const struct heard *h = NULL; (h = find_event(e, end, "candidate", h));) {
		if (g_strcmp0(text_of(h->event, "side"), "local") == 0 && g_strcmp0(text_of(h->event, "type"), "relay") == 0)
			return true;
	}
	return false;
}

static void prove(struct finding *f, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void prove(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(f->proof, g_strdup_vprintf(format, args));
	va_end(args);
}

/* --- walks ------------------------------------------------------------------------------------------- */

/* What the end of a walk means; a packet that leaves the relay's node by another card means more than that. */
static const enum cause_code cause_of_end[WALK_END_COUNT] = {
	[WALK_DELIVERED] = CAUSE_NONE,
	[WALK_NO_ROUTE] = CAUSE_NO_ROUTE,
	[WALK_NULL_ROUTE] = CAUSE_NULL_ROUTE,
	[WALK_FILTERED] = CAUSE_FW_DROP,
	[WALK_REJECTED] = CAUSE_FW_REJECT,
	[WALK_RPF] = CAUSE_RPF_DROP,
	[WALK_NAT_FILTERED] = CAUSE_NAT_FILTERED,
	[WALK_WRONG_CARD] = CAUSE_WRONG_CARD,
	[WALK_NEXT_HOP_DEAD] = CAUSE_NEXT_HOP_DEAD,
	[WALK_LINK_DOWN] = CAUSE_LINK_DOWN,
	[WALK_TUNNEL_DOWN] = CAUSE_VPN_DOWN,
	[WALK_TUNNEL_PREFIX] = CAUSE_VPN_PREFIX_MISSING,
	[WALK_LOOP] = CAUSE_ROUTE_LOOP,
	[WALK_NO_FORWARDING] = CAUSE_NO_FORWARDING,
};

static const struct hop *first_hop(const walk *w)
{
	return w->hops->len > 0 ? w->hops->pdata[0] : NULL;
}

static const struct hop *last_hop(const walk *w)
{
	return w->hops->len > 0 ? w->hops->pdata[w->hops->len - 1] : NULL;
}

/* The walk of the two that did not get there; NULL: both did. */
static const walk *broken_walk(const struct walk_pair *p)
{
	if (p->forward->end != WALK_DELIVERED)
		return p->forward;
	return p->back && p->back->end != WALK_DELIVERED ? p->back : NULL;
}

/* The network that an address belongs to; where none is known, the address alone. */
static struct prefix prefix_of(const model *m, const struct addr *a)
{
	for (guint i = 0; i < m->networks->len; i++) {
		const struct network *n = m->networks->pdata[i];

		if (prefix_contains(&n->subnet, a))
			return n->subnet;
	}
	return (struct prefix){.addr = *a, .len = addr_bits(a)};
}

static char *prefix_text(const struct prefix *p)
{
	char buf[PREFIX_TEXT_MAX];

	return g_strdup(prefix_print(p, buf));
}

/* True when the answer left its sender by another card than the question came in by, or by none at all. */
static bool leaves_wrongly(const struct walk_pair *p)
{
	const struct hop *in = last_hop(p->forward), *out = first_hop(p->back);

	if (!in || !in->in)
		return false;
	if (p->back->end == WALK_NO_ROUTE && g_strcmp0(p->back->node, in->node) == 0)
		return true;
	return out && out->out && !g_str_equal(out->out, in->in);
}

static void set_return_cause(const struct evidence *e, struct finding *f, const struct walk_pair *p)
{
	const struct hop *in = last_hop(p->forward), *out = first_hop(p->back);

	f->code = CAUSE_RETURN_WRONG_EGRESS;
	f->node = g_strdup(in->node);
	f->prefix = prefix_of(e->model, &in->src);
	f->object = prefix_text(&f->prefix);
	f->card = g_strdup(in->in);
	if (out && out->out)
		f->why = g_strdup_printf("it has no route to %s by card %s, where the question came in, so the answer leaves by card %s; %s",
					 f->object, in->in, out->out, p->back->why);
	else
		f->why = g_strdup_printf("it has no route to %s by card %s, where the question came in, so no answer leaves it at all",
					 f->object, in->in);
}

static void set_walk_cause(const struct evidence *e, struct finding *f, const walk *w)
{
	const struct hop *last = last_hop(w);

	f->code = cause_of_end[w->end];
	f->node = g_strdup(w->node);
	f->object = g_strdup(w->object);
	f->why = g_strdup(w->why);
	if (last)
		f->flow = (struct flow){.src = last->src, .dst = last->dst, .sport = last->sport, .dport = last->dport};
	if (w->end == WALK_NO_ROUTE && last) {
		f->prefix = prefix_of(e->model, &last->dst);
		g_free(f->object);
		f->object = prefix_text(&f->prefix);
	}
}

static void prove_by_counters(const struct evidence *e, struct finding *f, const walk *w)
{
	const json_t *nodes = json_object_get(e->state, "nodes");
	const json_t *nft = json_object_get(json_object_get(nodes, w->node ? w->node : ""), "nft");
	const json_t *row;
	size_t i;

	json_array_foreach (nft, i, row) {
		json_int_t packets = json_integer_value(json_object_get(row, "packets"));

		if (w->object && g_strcmp0(text_of(row, "name"), w->object) == 0 && packets > 0)
			prove(f, "rule %s of %s counted %" JSON_INTEGER_FORMAT " packets", w->object, w->node, packets);
	}
}

/* A server's own word that it could not send there. */
static void prove_by_send_errors(const struct evidence *e, struct finding *f)
{
	for (const struct heard *h = NULL; (h = find_event(e, NULL, "send-error", h));) {
		const char *to = text_of(h->event, "to");
		g_auto(GStrv) host = g_strsplit(to ? to : "", ":", 2);
		struct addr a;

		if (host[0] && addr_parse(host[0], &a) && f->prefix.addr.family != 0 && prefix_contains(&f->prefix, &a)) {
			prove(f, "%s says of sending to %s: %s", h->agent, to, text_of(h->event, "text"));
			return;
		}
	}
}

static void prove_by_walk(struct finding *f, const struct walk_pair *p, const walk *w)
{
	prove(f, "the walk %s ends at %s (%s): %s", w == p->forward ? "there" : "back", w->node ? w->node : "its start",
	      walk_end_name(w->end), w->why);
}

/* Walks the flow; true when that shows the cause. */
static bool walk_shows(const struct evidence *e, struct finding *f, const struct flow *flow, char *title)
{
	struct leg *l = g_new0(struct leg, 1);
	const walk *w;

	l->title = title;
	l->walk = e->walk(e->model, e->state, flow);
	g_ptr_array_add(f->legs, l);
	w = broken_walk(l->walk);
	if (!w || f->code != CAUSE_UNKNOWN)
		return false;
	if (w == l->walk->back && leaves_wrongly(l->walk))
		set_return_cause(e, f, l->walk);
	else
		set_walk_cause(e, f, w);
	f->flow.proto = flow->proto;
	prove_by_walk(f, l->walk, w);
	prove_by_counters(e, f, w);
	prove_by_send_errors(e, f);
	return true;
}

static bool walk_to(const struct evidence *e, struct finding *f, const char *end, const char *what, const char *address,
		    enum ip_proto proto, json_int_t port)
{
	struct flow flow = {.node = end, .proto = proto, .sport = CLIENT_PORT, .dport = (uint16_t)port};

	if (!e->state || !address || !addr_parse(address, &flow.dst) || port < 1 || port > G_MAXUINT16)
		return false;
	return walk_shows(e, f, &flow,
			  g_strdup_printf("%s to %s %s, %s %d", end, what, address, proto == PROTO_UDP ? "UDP" : "TCP",
					  (int)port));
}

/* --- rules -------------------------------------------------------------------------------------------- */

static bool rule_agent_died(const struct evidence *e, struct finding *f)
{
	const struct heard *h = find_event(e, NULL, "agent-died", NULL);
	g_auto(GStrv) parts = NULL;

	if (!h)
		return false;
	parts = g_strsplit(h->agent, "/", 2);
	f->code = CAUSE_AGENT_DIED;
	f->node = g_strdup(parts[0]);
	f->object = g_strdup(h->agent);
	f->why = g_strdup_printf("%s ended: %s", h->agent, text_of(h->event, "how"));
	prove(f, "the lab saw it end");
	return true;
}

/* Words in the reason of a failed sign-in; an empty stage matches every stage.  The first row that fits counts. */
static const struct sign_in_row {
	const char *stage, *words;
	enum cause_code code;
} sign_in_rows[] = {
	{"tls", "name mismatch", CAUSE_TLS_NAME_MISMATCH},
	{"tls", "certificate", CAUSE_TLS_UNTRUSTED},
	{"tls", "refused", CAUSE_NO_LISTENER},
	{"register", "credentials", CAUSE_SIP_AUTH},
};

/* The client's own DNS questions: nobody answered, or the names do not exist. */
static bool sign_in_by_dns(const struct evidence *e, struct finding *f, const char *end)
{
	guint nxdomain = 0, timeout = 0;
	const json_t *last = NULL;

	for (const struct heard *h = NULL; (h = find_event(e, end, "dns", h));) {
		const char *error = text_of(h->event, "error");

		nxdomain += g_strcmp0(error, "nxdomain") == 0;
		timeout += g_strcmp0(error, "timeout") == 0;
		last = error ? h->event : last;
	}
	if (!last)
		return false;
	f->code = timeout > 0 ? CAUSE_DNS_TIMEOUT : nxdomain > 0 ? CAUSE_DNS_NXDOMAIN : CAUSE_UNKNOWN;
	f->object = g_strdup(text_of(last, "query"));
	prove(f, "%s asked for %s %s: %s", end, text_of(last, "type"), f->object, text_of(last, "error"));
	return f->code != CAUSE_UNKNOWN;
}

/* "10.0.1.10:5061: why": the server that the client tried last. */
static bool sign_in_by_walk(const struct evidence *e, struct finding *f, const char *end, const char *reason)
{
	g_auto(GStrv) parts = g_strsplit(reason, ":", 3);

	if (g_strv_length(parts) < 2)
		return false;
	return walk_to(e, f, end, "the server", parts[0], PROTO_TCP, strtol(parts[1], NULL, 10));
}

static bool sign_in_by_words(struct finding *f, const char *end, const char *stage, const char *reason, json_int_t status)
{
	for (guint i = 0; i < G_N_ELEMENTS(sign_in_rows); i++) {
		const struct sign_in_row *row = &sign_in_rows[i];
		bool denied = row->code == CAUSE_SIP_AUTH && (status == 401 || status == 403 || status == 407);
		g_autofree char *lower = g_ascii_strdown(reason, -1);

		if (!g_str_equal(stage, row->stage) || !(strstr(lower, row->words) || denied))
			continue;
		f->code = row->code;
		f->node = g_strdup(end);
		return true;
	}
	return false;
}

static bool rule_sign_in(const struct evidence *e, struct finding *f)
{
	const struct heard *h = find_event(e, NULL, "sign-in-failed", NULL);
	const char *stage = h ? text_of(h->event, "stage") : NULL, *reason = h ? text_of(h->event, "reason") : NULL;
	bool found;

	if (!stage || !reason)
		return false;
	g_free(f->what);
	f->what = g_strdup_printf("%s could not sign in", h->agent);
	found = sign_in_by_words(f, h->agent, stage, reason, json_integer_value(json_object_get(h->event, "sip_status"))) ||
		(g_str_equal(stage, "tls") && sign_in_by_walk(e, f, h->agent, reason)) ||
		(g_str_equal(stage, "dns") && sign_in_by_dns(e, f, h->agent));
	if (!found)
		return false;
	if (!f->node)
		f->node = g_strdup(h->agent);
	if (!f->why)
		f->why = g_strdup(cause_text(f->code));
	prove(f, "%s gave up in stage %s: %s", h->agent, stage, reason);
	return true;
}

static const json_t *relay_of(const struct evidence *e, const char *end)
{
	const struct heard *h = find_event(e, end, "signed-in", NULL);

	return h ? json_object_get(h->event, "relay") : NULL;
}

static json_int_t relay_port(const json_t *relay, enum ip_proto proto)
{
	const json_t *port = json_object_get(relay, proto == PROTO_UDP ? "udp_port" : "tcp_port");

	return json_is_integer(port) ? json_integer_value(port) : proto == PROTO_UDP ? STUN_PORT : HTTPS_PORT;
}

/* An end that got no relay: can it reach the one it was told, and does the answer come back? */
static bool relay_unreachable(const struct evidence *e, struct finding *f, const char *end)
{
	const json_t *relay = relay_of(e, end);
	const char *address = text_of(relay, "address");
	bool found;

	if (!address || has_local_relay(e, end))
		return false;
	found = walk_to(e, f, end, "its relay", address, PROTO_UDP, relay_port(relay, PROTO_UDP));
	found = walk_to(e, f, end, "its relay", address, PROTO_TCP, relay_port(relay, PROTO_TCP)) || found;
	if (found)
		prove(f, "%s was told of the relay %s and has no candidate from it", end, address);
	return found;
}

static bool is_av(const struct cell *c)
{
	return c->media == MEDIA_AUDIO || c->media == MEDIA_VIDEO;
}

static bool rule_relay_unreachable(const struct evidence *e, struct finding *f)
{
	bool found = false;

	for (guint i = 0; is_av(e->cell) && i < e->cell->participants->len && !found; i++)
		found = relay_unreachable(e, f, e->cell->participants->pdata[i]);
	return found;
}

/* A relay's own word that it would not. */
static const struct relay_row {
	const char *event, *object, *why;
	enum cause_code code;
} relay_rows[] = {
	{"auth-failed", "client", "reason", CAUSE_RELAY_AUTH},
	{"denied", "peer", "rule", CAUSE_RELAY_PERMISSION},
};

static bool rule_relay_refused(const struct evidence *e, struct finding *f)
{
	for (guint i = 0; is_av(e->cell) && i < G_N_ELEMENTS(relay_rows); i++) {
		const struct relay_row *row = &relay_rows[i];
		const struct heard *h = find_event(e, NULL, row->event, NULL);
		g_auto(GStrv) parts = h ? g_strsplit(h->agent, "/", 2) : NULL;

		if (!h)
			continue;
		f->code = row->code;
		f->node = g_strdup(parts[0]);
		f->object = g_strdup(text_of(h->event, row->object));
		f->why = g_strdup_printf("%s: %s", cause_text(row->code), text_of(h->event, row->why));
		prove(f, "%s said '%s' of %s", h->agent, row->event, f->object ? f->object : "it");
		return true;
	}
	return false;
}

/* In the order of a call: programs, signing in, the way to the relay, the relay itself. */
static bool (*const rules[])(const struct evidence *, struct finding *) = {
	rule_agent_died,
	rule_sign_in,
	rule_relay_unreachable,
	rule_relay_refused,
};

/* --- a call that worked ---------------------------------------------------------------------------------- */

/* The leg of one end: to its relay, or to the address that the other end was reached at. */
static void healthy_leg(const struct evidence *e, struct finding *f, const char *end)
{
	const struct heard *h = find_event(e, end, "selected", NULL);
	const json_t *local = h ? json_object_get(h->event, "local") : NULL, *remote = h ? json_object_get(h->event, "remote") : NULL;
	const json_t *relay = relay_of(e, end);
	enum ip_proto proto = g_strcmp0(text_of(local, "relay_transport"), "tcp") == 0 ? PROTO_TCP : PROTO_UDP;

	if (!h)
		return;
	prove(f, "%s selected %s %s to %s %s", end, text_of(local, "type"), text_of(local, "address"), text_of(remote, "type"),
	      text_of(remote, "address"));
	if (g_strcmp0(text_of(local, "type"), "relay") == 0)
		walk_to(e, f, end, "its relay", text_of(relay, "address"), proto, relay_port(relay, proto));
	else
		walk_to(e, f, end, "the other end", text_of(remote, "address"), PROTO_UDP,
			json_integer_value(json_object_get(remote, "port")));
}

/* --- public ------------------------------------------------------------------------------------------------ */

static struct finding *finding_new(const struct cell *c)
{
	struct finding *f = g_new0(struct finding, 1);

	f->code = CAUSE_UNKNOWN;
	f->proof = g_ptr_array_new_with_free_func(g_free);
	f->legs = g_ptr_array_new_with_free_func(leg_free);
	f->what = g_strdup_printf("%s %s%s%s %s", media_name(c->media), c->a, c->b ? " to " : "", c->b ? c->b : "",
				  c->verdict == VERDICT_PASS ? "works" : "fails");
	return f;
}

struct finding *cause_find(const struct evidence *e)
{
	struct finding *f = finding_new(e->cell);

	if (e->cell->verdict == VERDICT_PASS) {
		f->code = CAUSE_NONE;
		for (guint i = 0; i < e->cell->participants->len; i++)
			healthy_leg(e, f, e->cell->participants->pdata[i]);
		return f;
	}
	for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
		if (rules[i](e, f))
			return f;
	}
	f->code = CAUSE_UNKNOWN;
	f->why = g_strdup(e->cell->reason);
	return f;
}
