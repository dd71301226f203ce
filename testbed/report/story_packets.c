/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/story_parts.h"

#include "testbed/base/evidence.h"

#include <string.h>

#define TLS_ALERT 0x15
#define TLS_APPLICATION_DATA 0x17
#define STUN_CLASS 0x0110u
#define TURN_ALLOCATED 0x0103
#define RELAYS_MAX 4		 /* that one packet can pass */
#define RELAY_MAX_NS 1000000000u /* longer nobody keeps a packet */

/* --- which packets ---------------------------------------------------------------------------- */

/* What is known of all packets of a call before any is told. */
struct gathering {
	struct story_maker *k;
	GHashTable *servers;  /* "ADDRESS:PORT" of the participants' relays */
	GHashTable *asked;    /* what answers are looked up by -> struct step of the request */
	gint64 *signed_in_us; /* of each participant: until then all that it sends is its sign-in */
};

static const struct heard *signed_in(const struct story_maker *k, const char *node)
{
	ptr_array_foreach(const struct heard, h, k->s->seen->heard)
		if (g_str_equal(h->agent, node) &&
		    (member_is(h->event, "event", EVENT_SIGNED_IN) ||
		     member_is(h->event, "event", EVENT_SIGN_IN_FAILED)))
			return h;
	return NULL;
}

static void gather_sign_ins(struct gathering *g)
{
	const GPtrArray *ends = g->k->s->cell->participants;

	g->signed_in_us = g_new0(gint64, ends->len);
	for (guint i = 0; i < ends->len; i++) {
		const struct heard *h = signed_in(g->k, ends->pdata[i]);

		g->signed_in_us[i] = h ? member_integer(h->event, "time_us") : G_MAXINT64;
	}
}

static bool is_of_sign_in(const struct gathering *g, const struct journey *j)
{
	const GPtrArray *ends = g->k->s->cell->participants;
	const struct sighting *first = journey_first(j), *last = journey_last(j);

	for (guint i = 0; i < ends->len; i++)
		if ((g_str_equal(first->node, ends->pdata[i]) ||
		     g_str_equal(last->node, ends->pdata[i])) &&
		    story_time_us(g->k, first) <= g->signed_in_us[i])
			return true;
	return false;
}

/* Over TCP a client is known to a relay by a port that is no candidate.  Whose connection it is
 * says what the relay lends by it: an address that is a candidate of the call. */
static void gather_connection(struct gathering *g, const struct journey *j)
{
	const struct sighting *first = journey_first(j), *last = journey_last(j);
	struct addr relayed;
	uint16_t port;

	if (first->proto != PROTO_TCP || first->stun != TURN_ALLOCATED ||
	    !dissect_relayed(first, &relayed, &port) ||
	    !scope_is_candidate(g->k->scope, &relayed, port))
		return;
	g_hash_table_add(g->k->connections, scope_end_text(&first->dst, first->dport));
	g_hash_table_add(g->k->connections, scope_end_text(&last->dst, last->dport));
}

bool story_is_own(const struct story_maker *k, const struct addr *a, guint port)
{
	g_autofree char *end = scope_end_text(a, port);

	return k->s->seen->end_us == 0 || scope_is_candidate(k->scope, a, port) ||
	       g_hash_table_contains(k->connections, end);
}

/* In a whole run the same two nodes may have another call at the same time: whose a packet is say
 * the ends of its connection, and whom a relay is to pass it to. */
static bool is_own(const struct gathering *g, const struct journey *j)
{
	const struct sighting *first = journey_first(j), *last = journey_last(j);
	struct addr peer;
	uint16_t port;

	if (first->stun && dissect_peer(first, &peer, &port) && !story_is_own(g->k, &peer, port))
		return false;
	return first->proto != PROTO_TCP || story_is_own(g->k, &first->src, first->sport) ||
	       story_is_own(g->k, &first->dst, first->dport) ||
	       story_is_own(g->k, &last->src, last->sport) ||
	       story_is_own(g->k, &last->dst, last->dport);
}

/* Whether that is an error about a packet of the call, as the node knows it that is told. */
static bool is_about_call(const struct gathering *g, const struct journey *j)
{
	struct sighting about;

	return packet_read_about(journey_last(j), &about) &&
	       (story_is_own(g->k, &about.src, about.sport) ||
		story_is_own(g->k, &about.dst, about.dport));
}

static bool is_of_call(const struct gathering *g, const struct journey *j)
{
	if (journey_first(j)->id.kind == PACKET_ICMP)
		return scope_takes_part(g->k->scope, journey_last(j)->node) && is_about_call(g, j);
	return (scope_takes_part(g->k->scope, journey_first(j)->node) ||
		scope_takes_part(g->k->scope, journey_last(j)->node)) &&
	       scope_has(g->k->scope, j) && is_own(g, j);
}

/* --- what it is ------------------------------------------------------------------------------- */

/* What the journey's packet is; of a TCP segment with a TURN message, what that is. */
static struct sighting message_of(const struct journey *j)
{
	const struct sighting *first = journey_first(j);
	struct sighting inside;

	return first->proto == PROTO_TCP && packet_read_inside(first, &inside) ? inside : *first;
}

/* Of media inside TURN messages more was kept than elsewhere; only what all nodes kept tells a
 * way. */
static bool is_kept_everywhere(const struct sighting *message)
{
	return message->id.kind != PACKET_RTP ||
	       (message->id.bytes[1] & (EVIDENCE_RTP_KEPT - 1)) == 0;
}

/* Of TCP only what opens or refuses a connection, the beginnings of TLS, and what is inside. */
static bool tells(const struct sighting *first, const struct sighting *message)
{
	if (message->id.kind == PACKET_ICMP)
		return dissect_icmp_name(first) != NULL;
	if (first->proto != PROTO_TCP || message->id.kind != PACKET_TCP)
		return is_kept_everywhere(message);
	return dissect_tls_name(first) || first->tls == TLS_ALERT ||
	       (first->tls == 0 && (first->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_RST)) != 0);
}

static bool is_binding(const struct sighting *s)
{
	return s->stun != 0 && (s->stun & ~STUN_CLASS) == 0x0001;
}

/* A check goes to a candidate and not to a server. */
static bool is_check(const struct gathering *g, const struct sighting *s)
{
	bool answer = packet_is_answer(s);

	return is_binding(s) &&
	       (s->in_turn || scope_is_candidate(g->k->scope, answer ? &s->src : &s->dst,
						 answer ? s->sport : s->dport));
}

/* The name of its row in story_words.c. */
static const char *name_of(const struct gathering *g, const struct journey *j,
			   const struct sighting *message, char buf[static 64])
{
	const char *tls = dissect_tls_name(journey_first(j));
	char text[48];

	if (is_check(g, message) || is_check(g, journey_last(j)))
		g_snprintf(buf, 64, "ICE check %s",
			   message->error != 0	     ? "error" :
			   packet_is_answer(message) ? "success" :
						       "request");
	else if (message->id.kind == PACKET_ICMP)
		g_strlcpy(buf, dissect_icmp_name(message), 64);
	else if (tls)
		g_snprintf(buf, 64, "TLS %s", tls);
	else if (message->id.kind == PACKET_DNS)
		g_snprintf(buf, 64, "DNS %s", dissect_is_dns_answer(message) ? "answer" : "query");
	else
		g_strlcpy(buf, packet_name(message, text), 64);
	return buf;
}

/* --- hops ------------------------------------------------------------------------------------- */

static char *nat_text(const struct sighting *a, const struct sighting *b)
{
	bool source = !addr_equal(&a->src, &b->src) || a->sport != b->sport;
	g_autofree char *before =
		source ? scope_end_text(&a->src, a->sport) : scope_end_text(&a->dst, a->dport);
	g_autofree char *after =
		source ? scope_end_text(&b->src, b->sport) : scope_end_text(&b->dst, b->dport);

	return g_str_equal(before, after) ?
		       NULL :
		       g_strdup_printf("%s %s -> %s", source ? "SNAT" : "DNAT", before, after);
}

void story_add_hops(const struct story_maker *k, struct step *p, const struct journey *j)
{
	for (guint i = 0; i < j->n; i++) {
		const struct sighting *s = j->at[i], *before = i > 0 ? j->at[i - 1] : NULL;
		struct story_hop h = {.at = s};
		guint end = 0;

		if (before && before->node == s->node)
			h.nat = nat_text(before, s);
		h.tunnel = model_tunnel_at(k->s->model, s->node, s->iface, &end);
		h.tunnel_from = s->out ? end : 1 - end;
		g_array_append_val(p->hops, h);
	}
}

/* "edge's relay for branch1 (203.0.113.5:50012)", by the relay's own report of what it gave: to the
 * client that sent the packet, or for the address that it was sent to. */
static char *relay_text(const struct story_maker *k, const struct sighting *in,
			const struct sighting *out, bool by_client)
{
	g_autofree char *end = by_client ? scope_end_text(&in->src, in->sport) :
					   scope_end_text(&in->dst, in->dport);
	const json_t *allocation =
		story_allocation(k->s, by_client ? end : NULL, by_client ? NULL : end);
	const char *client = allocation ? story_client_of(k->s->model, allocation) : NULL;

	return client ? g_strdup_printf("%s's relay for %s (%s)", out->node, client,
					member_text(allocation, "relay")) :
			g_strdup_printf("the relay on %s", out->node);
}

/* The same packet as the relay sent it on; NULL: it did not, as far as was seen. */
static const struct journey *sent_on(const struct story_maker *k, const struct packet_id *id,
				     const struct sighting *last)
{
	const GPtrArray *list = g_hash_table_lookup(k->onward, id);

	ptr_array_foreach(const struct journey, j, list) {
		const struct sighting *first = journey_first(j);

		if (first->node == last->node && first->time_ns >= last->time_ns &&
		    first->time_ns - last->time_ns < RELAY_MAX_NS &&
		    !g_hash_table_contains(k->taken, j))
			return j;
	}
	return NULL;
}

/* Adds the hops of the journey and those behind relays, and returns the last part of it. */
static const struct journey *add_way(const struct story_maker *k, struct step *p,
				     const struct journey *j, const struct sighting *message)
{
	bool in_turn = message->in_turn;

	story_add_hops(k, p, j);
	for (guint i = 0; i < RELAYS_MAX && !journey_last(j)->out; i++) {
		const struct journey *next = sent_on(k, &message->id, journey_last(j));
		guint at = p->hops->len;

		if (!next)
			break;
		g_hash_table_add(k->taken, (gpointer)(guintptr)next);
		story_add_hops(k, p, next);
		g_array_index(p->hops, struct story_hop, at).relay =
			relay_text(k, journey_last(j), journey_first(next), in_turn);
		in_turn = !in_turn;
		j = next;
	}
	return j;
}

/* --- steps ------------------------------------------------------------------------------------ */

/* What request and answer have in common; NULL: it has neither.  The caller frees. */
static char *exchange_key(const struct sighting *message, const struct sighting *at, bool answer)
{
	char src[ADDR_PORT_TEXT_MAX], dst[ADDR_PORT_TEXT_MAX];
	g_autoptr(GString) hex = NULL;

	if (message->id.kind == PACKET_TCP) {
		addr_port_print(&at->src, at->sport, src);
		addr_port_print(&at->dst, at->dport, dst);
		return g_strdup_printf("%s %s %s", at->tls ? "tls" : "tcp", answer ? dst : src,
				       answer ? src : dst);
	}
	if (message->id.kind != PACKET_STUN && message->id.kind != PACKET_DNS)
		return NULL;
	hex = g_string_new(message->id.kind == PACKET_DNS ? "dns " : "stun ");
	for (guint i = 0; i < sizeof message->id.bytes; i++)
		if (message->id.kind == PACKET_DNS ? i != 2 : i >= 2)
			g_string_append_printf(hex, "%02x", message->id.bytes[i]);
	return g_string_free(g_steal_pointer(&hex), FALSE);
}

static bool is_answer(const struct sighting *message)
{
	if (message->id.kind == PACKET_DNS)
		return dissect_is_dns_answer(message);
	if (message->id.kind == PACKET_TCP)
		return (message->tcp_flags & TCP_FLAG_ACK) != 0 &&
		       ((message->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_RST)) != 0 ||
			g_strcmp0(dissect_tls_name(message), "ServerHello") == 0);
	return packet_is_answer(message);
}

/* Ties an answer to its request, or keeps a request for its answer. */
static void tie(const struct gathering *g, struct step *p, const struct sighting *message,
		const struct journey *first, const struct journey *last)
{
	struct sighting about;
	bool error = packet_read_about(journey_last(last), &about),
	     answer = error || is_answer(message);
	/* an error answers the packet that it is about */
	char *key =
		error ? exchange_key(&about, &about, false) :
			exchange_key(message, answer ? journey_last(last) : journey_first(first),
				     answer);

	if (key && answer) {
		p->answers = g_hash_table_lookup(g->asked, key);
		g_free(key);
	} else if (key) {
		g_hash_table_insert(g->asked, key, p);
	}
}

static char *first_value(const GPtrArray *fields, const char *const *names)
{
	for (; *names; names++)
		if (dissect_value(fields, *names))
			return g_strdup(dissect_value(fields, *names));
	return NULL;
}

/* The other end of a check's pair, where it is not the relay that it is sent to. */
static char *remote_text(const struct gathering *g, const struct step *p, const struct journey *j)
{
	const struct sighting *first = journey_first(j);

	return p->peer_port ? story_end_text(g->k, &p->peer, p->peer_port) :
			      story_end_text(g->k, &first->dst, first->dport);
}

/* Sets protocol, title and text. */
static void say(const struct gathering *g, struct step *p, const struct journey *j,
		const struct sighting *message)
{
	static const char *const what[] = {"name", "server name", "XOR-PEER-ADDRESS", NULL};
	static const char *const value[] = {"answer",
					    "XOR-RELAYED-ADDRESS",
					    "XOR-MAPPED-ADDRESS",
					    "ERROR-CODE",
					    "result",
					    "MTU of the next link",
					    NULL};
	g_autofree char *about = first_value(p->fields, what),
			*says = first_value(p->fields, value), *remote = remote_text(g, p, j);
	char name[64];

	name_of(g, j, message, name);
	if (p->peer_port && g_str_equal(name, "ICE check request"))
		g_strlcpy(name, "ICE relayed check request", sizeof name);
	story_say(p, name,
		  &(struct story_words){.what = g_str_has_prefix(name, "ICE") ? remote : about,
					.value = says,
					.peer = p->peer_port ? remote : NULL});
}

/* Whether the packet came in at the node that it was addressed to there, and, where that address is
 * an end's behind a NAT, at that end. */
static bool has_arrived(const struct gathering *g, const struct sighting *last)
{
	const struct node *n = model_node(g->k->s->model, last->node);
	const char *owner = scope_owner(g->k->scope, &last->dst, last->dport);

	return !last->out && n && node_has_address(n, &last->dst) &&
	       (!owner || g_str_equal(owner, last->node));
}

static void note_delay(struct step *p, const struct sighting *first, const struct sighting *last)
{
	struct story_delay d = {p->time_us, (double)(last->time_ns - first->time_ns) / 1e6};

	p->delays = g_array_new(FALSE, FALSE, sizeof d);
	g_array_append_val(p->delays, d);
}

static void add_journey(struct gathering *g, const struct journey *j)
{
	const struct sighting *first = journey_first(j), *end;
	struct sighting message = message_of(j), about;
	struct step *p;
	const struct journey *last;
	const char *to;

	if (!tells(first, &message))
		return;
	p = story_add(g->k, story_time_us(g->k, first), first->node, NULL);
	last = add_way(g->k, p, j, &message);
	end = journey_last(last);
	to = has_arrived(g, end) ? end->node : story_node_of(g->k, &end->dst, end->dport);
	p->to = to ? g_intern_string(to) : NULL;
	p->back = story_is_back(g->k, p->from, p->to);
	p->fields = dissect_fields(first);
	if (message.in_turn)
		dissect_peer(first, &p->peer, &p->peer_port);
	else if (packet_read_about(end, &about))
		p->peer = about.dst, p->peer_port = about.dport;
	if (message.id.kind == PACKET_RTP && has_arrived(g, end))
		note_delay(p, first, end);
	if (!has_arrived(g, end))
		p->lost = story_loss_of(g->k, last);
	else if (message.in_turn && last == j && !scope_takes_part(g->k->scope, end->node))
		p->lost = story_loss_at_relay(g->k, end->node, &p->peer, p->peer_port);
	say(g, p, j, &message);
	tie(g, p, &message, j, last);
}

static gint compare_times(gconstpointer x, gconstpointer y)
{
	const struct journey *a = *(const struct journey *const *)x,
			     *b = *(const struct journey *const *)y;
	guint64 s = journey_first(a)->time_ns, t = journey_first(b)->time_ns;

	return s < t ? -1 : s > t;
}

/* Of the journeys from `first` to before `end`: those that are told, and TLS records, in which
 * messages may have been. */
static void gather_range(struct gathering *g, guint first, guint end, GPtrArray *told)
{
	const GPtrArray *list = g->k->s->seen->packets->list;

	for (guint i = first; i < end; i++) {
		struct journey *j = list->pdata[i];
		const struct sighting *sent = journey_first(j);

		if (!sent->out)
			continue;
		if (sent->tls == TLS_APPLICATION_DATA)
			g_ptr_array_add(g->k->records, j);
		else if (is_of_call(g, j) || is_of_sign_in(g, j))
			g_ptr_array_add(told, j);
	}
}

/* Where the sign-ins of all ends are over in the list of journeys. */
static guint end_of_sign_ins(const struct gathering *g)
{
	const journeys *all = g->k->s->seen->packets;
	gint64 last_us = 0;

	for (guint i = 0; i < g->k->s->cell->participants->len; i++)
		last_us = MAX(last_us, g->signed_in_us[i]);
	if (last_us == G_MAXINT64)
		return all->list->len;
	last_us += g->k->s->seen->clock_offset_us + 1;
	return journeys_from(all, (guint64)MAX(last_us, 0) * 1000);
}

/* What may belong to the call: packets that are told, and those that a relay sent on. */
static GPtrArray *gather(struct gathering *g)
{
	GPtrArray *told = g_ptr_array_new();
	guint first, end, signed_in = end_of_sign_ins(g);

	scope_range(g->k->s->seen, &first, &end);
	for (guint i = first; i < end; i++)
		gather_connection(g, g->k->s->seen->packets->list->pdata[i]);
	gather_range(g, 0, signed_in, told);
	gather_range(g, MAX(first, signed_in), end, told);
	g_ptr_array_sort(told, compare_times);
	ptr_array_foreach(struct journey, j, told) {
		struct sighting message = message_of(j);
		GPtrArray *list = g_hash_table_lookup(g->k->onward, &message.id);

		if (message.id.kind != PACKET_STUN && message.id.kind != PACKET_RTP)
			continue;
		if (!list) {
			list = g_ptr_array_new();
			g_hash_table_insert(g->k->onward, g_memdup2(&message.id, sizeof message.id),
					    list);
		}
		g_ptr_array_add(list, j);
	}
	return told;
}

void story_add_packets(struct story_maker *k)
{
	struct gathering g = {.k = k};
	g_autoptr(GPtrArray) told = NULL;

	if (!k->s->seen->packets)
		return;
	g.asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	gather_sign_ins(&g);
	told = gather(&g);
	ptr_array_foreach(const struct journey, j, told)
		if (!g_hash_table_contains(k->taken, j))
			add_journey(&g, j);
	g_hash_table_unref(g.asked);
	g_free(g.signed_in_us);
}
