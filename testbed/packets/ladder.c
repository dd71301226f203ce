/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/packets/ladder.h"

#include <string.h>

#define TLS_HANDSHAKE 22
#define TLS_APPLICATION_DATA 23

struct builder {
	const model *m;
	const struct observation *seen;
	const struct cell *cell;
	const scope *scope;
	GHashTable *servers; /* "ADDRESS:PORT" at which SIP is spoken */
	bool sign_in;
	ladder *l;
};

static bool is_event(const struct heard *h, const char *name)
{
	return member_is(h->event, "event", name);
}

static const struct object_shape rung_shape =
	OBJECT_SHAPE(rung, NULL, OWNS_TEXT(rung, label), OWNS_TEXT(rung, lost));

/* Takes over `label` and `lost`. */
static struct rung *rung_new(guint64 time_ns, const char *from, const char *to, char *label,
			     char *lost)
{
	struct rung *r = object_new(&rung_shape);

	r->time_ns = time_ns;
	r->count = 1;
	r->from = from ? g_intern_string(from) : NULL;
	r->to = to ? g_intern_string(to) : NULL;
	r->label = label;
	r->lost = lost;
	return r;
}

/* --- which node has an address ---------------------------------------------------------------- */

static const char *node_of(const struct builder *b, const struct addr *a, guint port)
{
	const char *owner = scope_owner(b->scope, a, port);

	const struct node *n = owner || !b->m ? NULL : model_owner(b->m, a);

	return n ? n->name : owner;
}

/* Of "10.0.1.10:5061", "[2001:db8::10]:5061". */
static const char *node_of_end(const struct builder *b, const char *end)
{
	struct addr a;
	uint16_t port;

	return addr_port_parse(end, &a, &port) ? node_of(b, &a, port) : NULL;
}

/* --- SIP -------------------------------------------------------------------------------------- */

static const char *content_word(const char *type)
{
	return g_strcmp0(type, "application/sdp") == 0 ? " sdp" : "";
}

static char *sip_label(const json_t *event)
{
	int status = (int)member_integer(event, "status");
	const char *method = member_text(event, "method"),
		   *content = content_word(member_text(event, "content"));

	return status != 0 ? g_strdup_printf("%d (%s)%s", status, method, content) :
			     g_strdup_printf("%s%s", method, content);
}

static bool is_of_sign_in(const json_t *event)
{
	return !member_text(event, "call") || member_is(event, "method", "SUBSCRIBE");
}

static guint64 heard_ns(const struct builder *b, const struct heard *h)
{
	return (guint64)(member_integer(h->event, "time_us") + b->seen->clock_offset_us) * 1000;
}

static void add_sip(const struct builder *b, const struct heard *h)
{
	const char *slash = strchr(h->agent, '/');
	g_autofree char *node =
		slash ? g_strndup(h->agent, (gsize)(slash - h->agent)) : g_strdup(h->agent);
	const char *peer = node_of_end(b, member_text(h->event, "peer"));
	bool sent = member_true(h->event, "sent");

	if (!peer || (is_of_sign_in(h->event) && !b->sign_in))
		return;
	g_ptr_array_add(b->l->rungs, rung_new(heard_ns(b, h), sent ? node : peer,
					      sent ? peer : node, sip_label(h->event), NULL));
}

/* --- remarks ---------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	bool of_sign_in; /* told with the sign-in only */
} told[] = {
	{EVENT_WEB, true},
	{EVENT_SIGNED_IN, true},
	{EVENT_SIGN_IN_FAILED, false},
	{EVENT_SELECTED, false},
	{EVENT_CALL_RESULT, false},
	{EVENT_IM_RESULT, false},
	{EVENT_CONFERENCE_RESULT, false},
};

static char *candidate_text(const json_t *candidate)
{
	const char *address = member_text(candidate, "address");
	g_autofree char *at = addr_port_text(address ? address : "?",
					     (unsigned)member_integer(candidate, "port"));

	return g_strdup_printf("%s %s", member_text(candidate, "type"), at);
}

/* What was asked of the web service, and what came of it. */
static void add_web_text(GString *text, const json_t *e)
{
	const json_t *server = json_object_get(e, "server"),
		     *sip = json_object_get(e, "sip_server");
	const char *name = member_text(server, "name"), *path = member_text(e, "path"),
		   *location = member_text(e, "access_location"), *next = member_text(e, "next");

	g_string_append_printf(text, " https://%s%s", name ? name : "?", path ? path : "");
	/* a refusal's reason has the status */
	if (json_is_integer(json_object_get(e, "status")) && !member_text(e, "reason"))
		g_string_append_printf(text, ", HTTP %d", (int)member_integer(e, "status"));
	if (location)
		g_string_append_printf(text, ", %s", location);
	if (next)
		g_string_append_printf(text, ", leads to %s", next);
	if (json_is_object(sip))
		g_string_append_printf(text, ", names the server %s port %d",
				       member_text(sip, "name"), (int)member_integer(sip, "port"));
}

static char *remark_text(const struct heard *h)
{
	const json_t *e = h->event;
	const char *reason = member_text(e, "reason"), *stage = member_text(e, "stage"),
		   *verdict = member_text(e, "verdict");
	int status = (int)member_integer(e, "sip_status");
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%s: %s", h->agent, member_text(e, "event"));
	if (is_event(h, EVENT_WEB))
		add_web_text(text, e);
	if (is_event(h, EVENT_SELECTED)) {
		g_autofree char *local = candidate_text(json_object_get(e, "local")),
				*remote = candidate_text(json_object_get(e, "remote"));

		g_string_append_printf(text, " %s to %s", local, remote);
	}
	if (verdict)
		g_string_append_printf(text, " %s", verdict);
	if (status > 0)
		g_string_append_printf(text, ", SIP %d", status);
	if (reason)
		g_string_append_printf(text, ": %s%s%s", stage ? stage : "", stage ? ", " : "",
				       reason);
	return g_string_free(text, FALSE);
}

static void add_remark(const struct builder *b, const struct heard *h)
{
	for (guint i = 0; i < G_N_ELEMENTS(told); i++) {
		if (is_event(h, told[i].name) && (b->sign_in || !told[i].of_sign_in))
			g_ptr_array_add(b->l->rungs,
					rung_new(heard_ns(b, h), NULL, NULL, remark_text(h), NULL));
	}
}

/* --- packets ---------------------------------------------------------------------------------- */

static bool at_server(const struct builder *b, const struct sighting *s)
{
	g_autofree char *from = scope_end_text(&s->src, s->sport),
			*to = scope_end_text(&s->dst, s->dport);

	return g_hash_table_contains(b->servers, from) || g_hash_table_contains(b->servers, to);
}

static bool tcp_tells(const struct builder *b, const struct sighting *s)
{
	if (s->tls != 0)
		return b->sign_in && s->tls != TLS_APPLICATION_DATA && s->tls != TLS_HANDSHAKE;
	if (at_server(b, s) && !b->sign_in)
		return false;
	return (s->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_RST)) != 0;
}

static bool is_told(const struct builder *b, const struct journey *j)
{
	const struct sighting *first = journey_first(j);

	if (!first->out || first->id.kind == PACKET_ICMP || !scope_has(b->scope, j))
		return false;
	if (first->id.kind == PACKET_DNS)
		return b->sign_in && (scope_takes_part(b->scope, first->node) ||
				      scope_takes_part(b->scope, journey_last(j)->node));
	if (!scope_takes_part(b->scope, first->node) &&
	    !scope_takes_part(b->scope, journey_last(j)->node))
		return false;
	return first->proto != PROTO_TCP || first->stun != 0 || first->id.kind == PACKET_RTP ||
	       tcp_tells(b, first);
}

static char *packet_label(const struct sighting *s)
{
	char buffer[48];
	const char *name = packet_name(s, buffer);

	if (g_str_has_prefix(name, "STUN ") || g_str_has_prefix(name, "TURN "))
		name += strlen("STUN ");
	return s->in_turn ? g_strdup_printf("relay this: %s", name) : g_strdup(name);
}

/* Whether it was last seen coming in at the node that it was addressed to then: a NAT on the way
 * may have changed that address. */
static bool is_at_end(const struct builder *b, const struct sighting *last)
{
	const struct node *n = b->m ? model_node(b->m, last->node) : NULL;

	return !last->out && n && node_has_address(n, &last->dst);
}

static void add_packet(const struct builder *b, const struct journey *j)
{
	const struct sighting *first = journey_first(j), *last = journey_last(j);
	const char *owner = scope_owner(b->scope, &first->dst, first->dport);
	/* what is inside a TURN message is addressed to the peer, but goes to the relay */
	bool there = first->in_turn || (!owner && is_at_end(b, last));
	const char *to = there ? last->node : node_of(b, &first->dst, first->dport);
	bool arrived = to && g_str_equal(to, last->node) && !last->out;
	struct rung *r =
		rung_new(first->time_ns, first->node, to, packet_label(first),
			 arrived ? NULL : g_strdup_printf("%s:%s", last->node, last->iface));

	r->together = true;
	g_ptr_array_add(b->l->rungs, r);
}

/* --- all together ----------------------------------------------------------------------------- */

static bool nobody_missing(const struct builder *b)
{
	guint in = 0;

	ptr_array_foreach(const struct heard, h, b->seen->heard)
		in += is_event(h, EVENT_SIGNED_IN) && scope_takes_part(b->scope, h->agent);
	return in >= b->cell->participants->len;
}

/* The SIP and web servers to which there were connections. */
static void find_servers(struct builder *b)
{
	ptr_array_foreach(const struct heard, h, b->seen->heard) {
		const char *peer = is_event(h, EVENT_SIP) ? member_text(h->event, "peer") : NULL;
		const json_t *web =
			is_event(h, EVENT_WEB) ? json_object_get(h->event, "server") : NULL;
		const char *address = member_text(web, "address");

		if (peer)
			g_hash_table_add(b->servers, g_strdup(peer));
		if (address)
			g_hash_table_add(b->servers,
					 addr_port_text(address,
							(unsigned)member_integer(web, "port")));
	}
}

static gint compare_rungs(gconstpointer x, gconstpointer y)
{
	const struct rung *a = *(const struct rung *const *)x, *b = *(const struct rung *const *)y;

	return a->time_ns < b->time_ns ? -1 : a->time_ns > b->time_ns;
}

static bool alike(const struct rung *a, const struct rung *b)
{
	return a->from && a->from == b->from && a->to == b->to && a->together == b->together &&
	       g_str_equal(a->label, b->label) && g_strcmp0(a->lost, b->lost) == 0;
}

/* Retransmissions, and checks of several pairs between the same nodes, become one rung with a
 * count.
 */
static void fold(GPtrArray *rungs)
{
	guint kept = 0;

	for (guint i = 0; i < rungs->len; i++) {
		struct rung *r = rungs->pdata[i], *like = NULL;
		guint back = r->together ? kept : MIN(kept, 1);

		for (guint k = 1; !like && k <= back; k++)
			like = alike(r, rungs->pdata[kept - k]) ? rungs->pdata[kept - k] : NULL;
		if (like) {
			like->count += r->count;
			object_free(r);
		} else {
			rungs->pdata[kept++] = r;
		}
	}
	g_ptr_array_set_size(rungs, (gint)kept);
}

static void add_lane(ladder *l, const char *node)
{
	if (node && !g_ptr_array_find(l->lanes, node, NULL))
		g_ptr_array_add(l->lanes, (gpointer)(guintptr)node);
}

static void add_servers(const struct builder *b, bool of_packets)
{
	ptr_array_foreach(const struct rung, r, b->l->rungs) {
		if (r->together == of_packets && r->from && !scope_takes_part(b->scope, r->from))
			add_lane(b->l, r->from);
		if (r->together == of_packets && r->to && !scope_takes_part(b->scope, r->to))
			add_lane(b->l, r->to);
	}
}

/* A lane for each participant, and for each server that had a message: in the order in which SIP
 * came to them, which is the order on its way. */
static void find_lanes(const struct builder *b)
{
	const GPtrArray *all = b->cell->participants;

	if (all->len > 0)
		add_lane(b->l, g_intern_string(all->pdata[0]));
	add_servers(b, false);
	add_servers(b, true);
	for (guint i = 1; i < all->len; i++)
		add_lane(b->l, g_intern_string(all->pdata[i]));
}

static const struct object_shape ladder_shape =
	OBJECT_SHAPE(ladder, NULL, OWNS(ladder, lanes, g_ptr_array_unref),
		     OWNS(ladder, rungs, g_ptr_array_unref));

ladder *ladder_new(const model *m, const struct observation *seen, const struct cell *c,
		   bool sign_in)
{
	g_autoptr(scope) s = scope_new(seen, c);
	g_autoptr(GHashTable) servers =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	ladder *l = object_new(&ladder_shape);
	struct builder b = {m, seen, c, s, servers, sign_in, l};

	l->lanes = g_ptr_array_new();
	l->rungs = g_ptr_array_new();
	b.sign_in = sign_in || !nobody_missing(&b);
	find_servers(&b);
	for (guint i = 0; i < seen->heard->len; i++) {
		if (is_event(seen->heard->pdata[i], EVENT_SIP))
			add_sip(&b, seen->heard->pdata[i]);
		else
			add_remark(&b, seen->heard->pdata[i]);
	}
	for (guint i = 0; seen->packets && i < seen->packets->list->len; i++) {
		if (is_told(&b, seen->packets->list->pdata[i]))
			add_packet(&b, seen->packets->list->pdata[i]);
	}
	g_ptr_array_sort(l->rungs, compare_rungs);
	fold(l->rungs);
	g_ptr_array_set_free_func(l->rungs, object_free);
	find_lanes(&b);
	return l;
}
