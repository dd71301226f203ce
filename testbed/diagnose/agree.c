/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/agree.h"

#include <string.h>

#define GRACE_NS                                                                              \
	(200u * 1000u * 1000u) /* packets seen this shortly before the end of the capture may \
				  still have been on their way */
#define EARLY_MIN 2	       /* one packet may be lost by chance */

/* A place where a packet must be seen, by the walk. */
struct place {
	const char *node, *iface;
	bool out;
};

struct way {
	GArray *places;	    /* struct place */
	struct place maybe; /* where the packet may be seen, or not, as the walk ended while it
			       left; node NULL: nowhere */
	const walk *walk;
	bool unreliable; /* packets may be lost or late on a link of it */
};

/* How the journeys of one direction compare. */
struct tally {
	guint full, early, other, allowed; /* packets */
	const struct journey *last_early, *last_other, *last_full, *last_allowed;
	const struct journey *last; /* of all packets that count */
};

static bool is_impaired(const model *m, const struct network *network)
{
	ptr_array_foreach(const struct node, n, m->nodes)
		ptr_array_foreach(const struct iface, f, n->interfaces)
			if (f->network == network && node_impairment(m, n, f->name))
				return true;
	return false;
}

/* Whether packets that leave by this interface may be lost or late: something on its network is
 * impaired, which also loses the neighbours' answers to ARP, or it is a tunnel in a network with
 * impaired links. */
static bool is_unreliable(const model *m, const char *node, const char *iface)
{
	const struct node *n = m ? model_node(m, node) : NULL;
	const struct iface *f = n ? node_iface(n, iface) : NULL;

	if (!n || node_impairment(m, n, iface) || (f && is_impaired(m, f->network)))
		return n != NULL;
	return model_tunnel_at(m, node, iface, NULL) && model_is_impaired(m);
}

static struct way way_of(const walk *w, const model *m)
{
	struct way way = {.places = g_array_new(FALSE, FALSE, sizeof(struct place)), .walk = w};

	for (guint i = 0; i < w->hops->len; i++) {
		const struct hop *h = w->hops->pdata[i];
		const struct place in = {h->node, h->in, false}, out = {h->node, h->out, true};
		bool last = i + 1 == w->hops->len;

		way.unreliable = way.unreliable || (h->out && is_unreliable(m, h->node, h->out));
		if (h->in)
			g_array_append_val(way.places, in);
		if (h->out && last)
			way.maybe = out;
		else if (h->out)
			g_array_append_val(way.places, out);
	}
	return way;
}

static bool is_at(const struct place *p, const struct sighting *s)
{
	return p->node && p->iface && p->out == s->out && strcmp(p->node, s->node) == 0 &&
	       strcmp(p->iface, s->iface) == 0;
}

/* How many sightings, from the first on, are where the walk says. */
static guint common(const struct way *way, const struct journey *j)
{
	guint n = 0;

	while (n < j->n && n < way->places->len &&
	       is_at(&g_array_index(way->places, struct place, n), j->at[n]))
		n++;
	return n;
}

/* Whether the other end had sent from there before, out of the interface by which this packet
 * came in: then a session, or a mapping of a NAT that others may use, may have let it in. */
static bool was_invited(const journeys *all, const struct sighting *in)
{
	ptr_array_foreach(const struct sighting, s, all->sightings)
		if (s->out && s->node == in->node && s->iface == in->iface &&
		    s->time_ns < in->time_ns && s->proto == in->proto && s->sport == in->dport &&
		    addr_equal(&s->src, &in->dst))
			return true;
	return false;
}

/* Ends of a walk that a packet may pass when the other end had sent before. */
static bool is_invitable(const struct way *way)
{
	enum walk_end end = way->walk->end;

	return end == WALK_NAT_FILTERED || end == WALK_NO_HAIRPIN || end == WALK_FILTERED ||
	       end == WALK_REJECTED;
}

/* A walk is about a first packet: sessions that others opened are not in a lab's state, nor are
 * those that were over when it was read.  A router whose NAT has no session takes the packet for
 * itself. */
static bool beyond_is_allowed(const struct way *way, const struct journey *j, guint n,
			      const journeys *all)
{
	const struct sighting *before = n > 0 ? j->at[n - 1] : NULL;

	return (is_invitable(way) || way->walk->end == WALK_DELIVERED) && n == way->places->len &&
	       before && !before->out && was_invited(all, before);
}

/* A walk goes through a loop once, packets until their time to live is over. */
static bool goes_round(const struct journey *j)
{
	const struct sighting *last = journey_last(j);

	for (guint i = 0; i + 1 < j->n; i++) {
		if (j->at[i]->node == last->node && j->at[i]->iface == last->iface &&
		    j->at[i]->out == last->out)
			return true;
	}
	return false;
}

static bool is_on_way(const struct way *way, const struct sighting *s)
{
	for (guint i = 0; i < way->places->len; i++) {
		if (is_at(&g_array_index(way->places, struct place, i), s))
			return true;
	}
	return is_at(&way->maybe, s);
}

/* Where the capture lost packets, a journey may have gaps: it contradicts the walk only by a
 * place that the walk never comes to. */
static bool may_be_whole(const struct way *way, const struct journey *j, const journeys *all)
{
	if (all->lost == 0)
		return false;
	for (guint i = 0; i < j->n && !is_invitable(way); i++) {
		if (!is_on_way(way, j->at[i]))
			return false;
	}
	return true;
}

static bool has_arrived(const struct way *way, const struct journey *j)
{
	guint last = way->places->len - 1;

	return way->places->len > 0 &&
	       is_at(&g_array_index(way->places, struct place, last), journey_last(j));
}

static void tally_take(struct tally *t, const struct journey *j, guint *n,
		       const struct journey **last)
{
	(*n)++;
	*last = t->last = j;
}

static void tally_count(struct tally *t, const struct way *way, const struct journey *j,
			const journeys *all)
{
	guint n = common(way, j), whole = way->places->len;

	if (n == j->n && n < whole && all->end_ns - journey_last(j)->time_ns < GRACE_NS)
		return;
	if ((n == j->n && n == whole) ||
	    (n == whole && way->walk->end == WALK_LOOP && goes_round(j)))
		tally_take(t, j, &t->full, &t->last_full);
	else if (n == j->n)
		tally_take(t, j, &t->early, &t->last_early);
	else if (n == whole && n + 1 == j->n && is_at(&way->maybe, j->at[n]))
		tally_take(t, j, &t->full, &t->last_full);
	else if (beyond_is_allowed(way, j, n, all))
		tally_take(t, j, &t->allowed, &t->last_allowed);
	else if (!may_be_whole(way, j, all))
		tally_take(t, j, &t->other, &t->last_other);
	else if (has_arrived(way, j))
		tally_take(t, j, &t->full, &t->last_full);
}

static guint tally_packets(const struct tally *t)
{
	return t->full + t->early + t->other + t->allowed;
}

/* The journey that contradicts the walk; NULL: none does. */
static const struct journey *contradiction(const struct tally *t, const struct way *way,
					   const journeys *all)
{
	/* the state was read after the call, and may have been another when earlier packets
	 * passed */
	if (t->other > 0 && t->last_other == t->last)
		return t->last_other;
	if (t->early >= EARLY_MIN && t->full + t->other + t->allowed == 0 && all->lost == 0 &&
	    !way->unreliable)
		return t->last_early;
	return NULL;
}

static bool is_of_flow(const struct journey *j, const struct flow *f)
{
	const struct sighting *s = journey_first(j);

	return s->out && strcmp(s->node, f->node) == 0 &&
	       (f->proto == PROTO_ANY || s->proto == f->proto) && addr_equal(&s->dst, &f->dst) &&
	       (f->dport == 0 || s->dport == f->dport) &&
	       (!addr_is_set(&f->src) || addr_equal(&s->src, &f->src));
}

/* The flow from the address that the walk starts with: the sender's other sockets have other
 * addresses, and may send the same way by other interfaces.  Where nothing was sent from there, the
 * flow as it is. */
static struct flow flow_of_walk(const struct flow *flow, const walk *w, const journeys *all)
{
	const struct hop *first = w->hops->len > 0 ? w->hops->pdata[0] : NULL;
	struct flow own = *flow;

	if (addr_is_set(&flow->src) || !first || first->nat)
		return *flow;
	own.src = first->src;
	ptr_array_foreach(const struct journey, j, all->list)
		if (is_of_flow(j, &own))
			return own;
	return *flow;
}

/* Whether the journey is of an answer: from where a question was delivered, and from the
 * address that it was sent to. */
static bool is_answer(const struct journey *j, const GPtrArray *arrived)
{
	const struct sighting *s = journey_first(j);

	for (guint i = 0; i < arrived->len && s->out; i++) {
		const struct sighting *q = arrived->pdata[i];

		if (s->node == q->node && s->proto == q->proto && s->sport == q->dport &&
		    s->dport == q->sport && addr_equal(&s->src, &q->dst) &&
		    addr_equal(&s->dst, &q->src))
			return true;
	}
	return false;
}

static void describe_end(GString *text, const struct journey *j)
{
	const struct sighting *s = journey_last(j);

	g_string_append_printf(text, "last at %s:%s (%s)", s->node, s->iface,
			       s->out ? "out" : "in");
}

static struct agreement disagree(const char *which, const struct journey *j, const walk *w)
{
	g_autofree char *way = journey_text(j);

	return (struct agreement){
		.state = AGREE_NO,
		.text = g_strdup_printf("the walk %s ends at %s (%s), but the last packets went %s",
					which, w->node ? w->node : "its start",
					walk_end_name(w->end), way),
	};
}

static void tally_flow(struct tally *t, GPtrArray *arrived, const struct way *way,
		       const struct flow *flow, const journeys *all)
{
	ptr_array_foreach(const struct journey, j, all->list) {
		guint full = t->full;

		if (!is_of_flow(j, flow) ||
		    (way->walk->end == WALK_INSPECTED && journey_first(j)->stun == 0))
			continue; /* of those, packets that open the connection pass */
		tally_count(t, way, j, all);
		if (t->full > full && way->walk->end == WALK_DELIVERED)
			g_ptr_array_add(arrived, (gpointer)(guintptr)journey_last(j));
	}
}

static void tally_answers(struct tally *t, const GPtrArray *arrived, const struct way *way,
			  const journeys *all)
{
	for (guint i = 0; i < all->list->len && arrived->len > 0; i++) {
		const struct journey *j = all->list->pdata[i];

		if (is_answer(j, arrived))
			tally_count(t, way, j, all);
	}
}

/* An answer that its sender can't send is never seen. */
static bool nothing_should_leave(const struct way *way)
{
	return way->places->len == 0 && !way->maybe.node;
}

static struct agreement describe_agreement(const struct tally *there, const struct tally *back,
					   const struct way *back_way)
{
	struct agreement a = {.there = tally_packets(there),
			      .back = back ? tally_packets(back) : 0};
	GString *text = g_string_new(NULL);
	const struct journey *end = there->last_allowed ? there->last_allowed :
				    there->last_full	? there->last_full :
							  there->last_early;

	g_string_append_printf(text, "seen: %u packet%s there", a.there, a.there == 1 ? "" : "s");
	if (end) {
		g_string_append(text, ", ");
		describe_end(text, end);
		if (there->last_allowed)
			g_string_append(text, ", let in by what had been sent from there");
	}
	if (back && a.back > 0) {
		const struct journey *last = back->last_full ? back->last_full : back->last;

		g_string_append_printf(text, "; %u back, ", a.back);
		describe_end(text, last);
	} else if (back && nothing_should_leave(back_way)) {
		g_string_append(text, "; no answer left");
	}
	a.state = there->full > 0 || there->allowed > 0 ? AGREE_YES : AGREE_UNSEEN;
	a.text = g_string_free(text, FALSE);
	return a;
}

/* Of a flow without packets: that agrees with a walk that ends before the packet leaves its
 * sender, and says nothing about any other. */
static struct agreement unseen_flow(const struct way *way)
{
	struct agreement a = {.state = AGREE_UNSEEN};

	if (way->walk->end != WALK_DELIVERED && nothing_should_leave(way)) {
		a.state = AGREE_YES;
		a.text = g_strdup_printf("seen: no packet left %s",
					 way->walk->node ? way->walk->node : "its sender");
	}
	return a;
}

struct agreement agree_check(const struct walk_pair *w, const struct flow *flow, const model *m,
			     const journeys *all)
{
	const struct flow own = flow_of_walk(flow, w->forward, all);
	struct way forward, back = {0};
	struct tally there = {0}, answers = {0};
	g_autoptr(GPtrArray) arrived = g_ptr_array_new();
	const struct journey *wrong;
	struct agreement a;

	/* the walk is about large packets, and small ones of the same flow arrive */
	if (walk_ends_by_size(w->forward) || (w->back && walk_ends_by_size(w->back)))
		return (struct agreement){.state = AGREE_UNSEEN};
	forward = way_of(w->forward, m);
	if (w->back)
		back = way_of(w->back, m);
	tally_flow(&there, arrived, &forward, &own, all);
	if (w->back)
		tally_answers(&answers, arrived, &back, all);
	if ((wrong = contradiction(&there, &forward, all)))
		a = disagree("there", wrong, w->forward);
	else if (w->back && (wrong = contradiction(&answers, &back, all)))
		a = disagree("back", wrong, w->back);
	else if (tally_packets(&there) == 0)
		a = unseen_flow(&forward);
	else
		a = describe_agreement(&there, w->back ? &answers : NULL, &back);
	g_array_unref(forward.places);
	if (back.places)
		g_array_unref(back.places);
	return a;
}

void agreement_clear(struct agreement *a)
{
	g_clear_pointer(&a->text, g_free);
}
