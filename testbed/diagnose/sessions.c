/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/sessions.h"

#include "testbed/diagnose/cause_rules.h"
#include "testbed/packets/scope.h"

/* --- which are the call's --------------------------------------------------------------------- */

/* A packet as it arrives at a node. */
struct arrival {
	const char *node; /* interned */
	enum ip_proto proto;
	struct addr src, dst;
	uint16_t sport, dport;
};

static guint arrival_hash(gconstpointer key)
{
	const struct arrival *a = key;
	guint hash = g_direct_hash(a->node) * 31 + a->sport;

	for (gsize i = 0; i < sizeof a->src.bytes; i++)
		hash = hash * 31 + (guint)(a->src.bytes[i] ^ a->dst.bytes[i]);
	return hash * 31 + a->dport;
}

static gboolean arrival_equal(gconstpointer a, gconstpointer b)
{
	const struct arrival *x = a, *y = b;

	return x->node == y->node && x->proto == y->proto && x->sport == y->sport &&
	       x->dport == y->dport && addr_equal(&x->src, &y->src) && addr_equal(&x->dst, &y->dst);
}

static void add_arrivals(GHashTable *table, enum ip_proto proto, struct tracked *t)
{
	const char *node = g_intern_string(t->node);
	const struct arrival question = {node, proto, t->src, t->dst, t->sport, t->dport};
	const struct arrival answer = {node,	     proto,	     t->reply_src,
				       t->reply_dst, t->reply_sport, t->reply_dport};

	g_hash_table_insert(table, g_memdup2(&question, sizeof question), t);
	g_hash_table_insert(table, g_memdup2(&answer, sizeof answer), t);
}

/* The packets of each session, in both directions. */
static GHashTable *arrivals_of(const GPtrArray *all)
{
	GHashTable *table = g_hash_table_new_full(arrival_hash, arrival_equal, g_free, NULL);

	ptr_array_foreach(struct tracked, t, all)
		if (t->proto == IPPROTO_UDP)
			add_arrivals(table, PROTO_UDP, t);
		else if (t->proto == IPPROTO_TCP)
			add_arrivals(table, PROTO_TCP, t);
	return table;
}

/* In a whole run the connections between servers carry all calls, and other clients are
 * active: a TCP connection belongs to the call when one of its ends is a participant. */
static bool is_of_call(const scope *call, const struct observation *seen, const struct journey *j)
{
	const struct sighting *first = journey_first(j);

	return scope_has(call, j) && (seen->end_us == 0 || first->proto != PROTO_TCP ||
				      scope_takes_part(call, first->node) ||
				      scope_takes_part(call, journey_last(j)->node));
}

/* Asked first, because most journeys of a whole run are of other calls, and the scope takes
 * longer to ask. */
static void mark_journey(GHashTable *marked, GHashTable *arrivals, const scope *call,
			 const struct observation *seen, const struct journey *j)
{
	for (guint i = 0; i < j->n; i++) {
		const struct sighting *s = j->at[i];
		const struct arrival a = {s->node, s->proto, s->src, s->dst, s->sport, s->dport};
		struct tracked *t = g_hash_table_lookup(arrivals, &a);

		if (t && !g_hash_table_contains(marked, t) && is_of_call(call, seen, j))
			g_hash_table_add(marked, t);
	}
}

static bool is_of_candidate(const scope *call, const struct tracked *t)
{
	return t->proto == IPPROTO_UDP &&
	       (scope_is_candidate(call, &t->src, t->sport) ||
		scope_is_candidate(call, &t->dst, t->dport) ||
		scope_is_candidate(call, &t->reply_src, t->reply_sport) ||
		scope_is_candidate(call, &t->reply_dst, t->reply_dport));
}

static bool tells_of_sessions(const netstate *state)
{
	for (guint i = 0; state && i < state->nodes->len; i++)
		if (((const node_state *)state->nodes->pdata[i])->sessions)
			return true;
	return false;
}

GPtrArray *sessions_of_call(const struct observation *seen, const struct cell *c)
{
	g_autoptr(GHashTable) marked = NULL, arrivals = NULL;
	g_autoptr(scope) call = NULL;
	guint first, end;
	GPtrArray *all;

	if (!tells_of_sessions(seen->state))
		return NULL;
	all = tracked_of(seen->state, NULL);
	call = scope_new(seen, c);
	marked = g_hash_table_new(NULL, NULL);
	arrivals = arrivals_of(all);
	scope_range(seen, &first, &end);
	for (guint i = first; i < end; i++)
		mark_journey(marked, arrivals, call, seen, seen->packets->list->pdata[i]);
	for (guint i = all->len; i > 0; i--)
		if (!g_hash_table_contains(marked, all->pdata[i - 1]) &&
		    !is_of_candidate(call, all->pdata[i - 1]))
			g_ptr_array_remove_index(all, i - 1);
	return all;
}

/* --- proof ------------------------------------------------------------------------------------ */

/* The leg's packets as they arrive at the node of hop `i` on the way there. */
static struct flow arriving(const struct leg *l, guint i)
{
	const struct hop *before = l->walk->forward->hops->pdata[i > 0 ? i - 1 : 0];

	return (struct flow){.src = before->src,
			     .dst = before->dst,
			     .proto = l->flow.proto,
			     .dport = l->flow.dport != 0 ? before->dport : 0};
}

/* The first session of the leg at that hop, when the node saw no reply to any of them; else
 * NULL. */
static const struct tracked *unanswered_at(const GPtrArray *sessions, const struct leg *l, guint i)
{
	const struct hop *h = l->walk->forward->hops->pdata[i];
	const struct flow question = arriving(l, i);
	const struct tracked *first = NULL;

	ptr_array_foreach(const struct tracked, t, sessions) {
		if (!g_str_equal(t->node, h->node) || !tracked_asks(t, &question))
			continue;
		if (t->replied)
			return NULL;
		first = first ? first : t;
	}
	return first;
}

static const struct leg *leg_of_lost_answer(const finding *f)
{
	ptr_array_foreach(const struct leg, l, f->legs)
		if (l->walk->forward->end == WALK_DELIVERED && l->walk->back &&
		    l->walk->back->end != WALK_DELIVERED)
			return l;
	return NULL;
}

/* Proves that the last node on the way there that remembers the question saw no reply: it is
 * the nearest to where the answer was lost. */
static void prove_lost_answer(finding *f, const GPtrArray *sessions)
{
	const struct leg *l = f->direction == DIRECTION_BACK ? leg_of_lost_answer(f) : NULL;

	for (guint i = l ? l->walk->forward->hops->len : 0; i > 0; i--) {
		const struct tracked *t = unanswered_at(sessions, l, i - 1);
		g_autofree char *text = t ? tracked_text(t) : NULL,
				*nat = t ? tracked_nat_text(t) : NULL;

		if (!t)
			continue;
		finding_prove(f, "%s: session %s%s%s, no reply", t->node, text, nat ? ", " : "",
			      nat ? nat : "");
		return;
	}
}

/* Whether both sessions are of the same socket inside, with different ports outside. */
static bool shows_changed(const struct tracked *a, const struct tracked *b)
{
	return g_str_equal(a->node, b->node) && a->proto == IPPROTO_UDP &&
	       b->proto == IPPROTO_UDP && addr_equal(&a->src, &b->src) && a->sport == b->sport &&
	       (a->reply_dport != b->reply_dport || !addr_equal(&a->reply_dst, &b->reply_dst));
}

static void prove_changed_mapping(finding *f, const GPtrArray *sessions)
{
	for (guint i = 0; i + 1 < sessions->len; i++) {
		const struct tracked *a = sessions->pdata[i],
				     *b = sessions->pdata[i + 1]; /* sorted by source */
		g_autofree char *one = NULL, *other = NULL, *outside = NULL, *outside_other = NULL;

		if (g_strcmp0(a->node, f->node) != 0 || !shows_changed(a, b))
			continue;
		one = tracked_text(a);
		other = tracked_text(b);
		outside = tracked_nat_text(a);
		outside_other = tracked_nat_text(b);
		finding_prove(f, "%s: session %s is %s, and %s is %s", f->node, one,
			      outside ? outside : "as it is", other,
			      outside_other ? outside_other : "as it is");
		return;
	}
}

void sessions_prove(finding *f, const GPtrArray *sessions)
{
	if (!sessions)
		return;
	if (f->code == CAUSE_NAT_MAPPING_CHANGED)
		prove_changed_mapping(f, sessions);
	else
		prove_lost_answer(f, sessions);
}
