/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/story_parts.h"

#include <string.h>

void story_loss_free(struct story_loss *l)
{
	if (!l)
		return;
	g_free(l->text);
	g_free(l->rule);
	g_free(l->route);
	g_free(l);
}

/* The cause that the diagnosis found at that node; NULL: none. */
static const char *code_at(const struct story_maker *k, const char *node)
{
	if (!k->found)
		return NULL;
	if (k->found->code != CAUSE_NONE && g_strcmp0(k->found->node, node) == 0)
		return cause_name(k->found->code);
	ptr_array_foreach(const struct effect, e, k->found->effects)
		if (g_strcmp0(e->node, node) == 0)
			return cause_name(e->code);
	return NULL;
}

/* --- the walk that ends there ----------------------------------------------------------------- */

/* Whether the walk ends where the packet was seen last: at that node, or on the way to the next. */
static bool ends_at(const walk *w, const struct sighting *last)
{
	const struct hop *h = w->hops->len > 0 ? w->hops->pdata[w->hops->len - 1] : NULL;

	if (w->end == WALK_DELIVERED)
		return false;
	if (g_strcmp0(w->node, last->node) == 0)
		return true;
	if (!last->out || !h || w->hops->len < 2)
		return false;
	h = w->hops->pdata[w->hops->len - 2];
	return g_str_equal(h->node, last->node) && g_strcmp0(h->out, last->iface) == 0;
}

static bool same_way(const walk *w, const struct sighting *s)
{
	const struct hop *h = w->hops->len > 0 ? w->hops->pdata[0] : NULL;

	return h && g_str_equal(h->node, s->node) && addr_equal(&h->dst, &s->dst);
}

/* A walk of the diagnosis over the packet's way; NULL: none ends where the packet did. */
static const walk *walk_found(const struct story_maker *k, const struct journey *j)
{
	ptr_array_foreach(const struct leg, l, k->found ? k->found->legs : NULL) {
		const walk *ways[] = {l->walk->forward, l->walk->back};

		for (guint i = 0; i < G_N_ELEMENTS(ways); i++)
			if (ways[i] && same_way(ways[i], journey_first(j)) &&
			    ends_at(ways[i], journey_last(j)))
				return ways[i];
	}
	return NULL;
}

/* The packet's own walk; NULL: it does not end where the packet did, or it can't be walked.
 * An answer is let through where its question was, which this walk can't know. */
static const walk *walk_own(struct story_maker *k, const struct journey *j)
{
	const struct sighting *s = journey_first(j);
	const struct flow flow = {.node = s->node,
				  .src = s->src,
				  .dst = s->dst,
				  .proto = s->proto,
				  .sport = s->sport,
				  .dport = s->dport};
	g_autofree char *from = scope_end_text(&s->src, s->sport),
			*to = scope_end_text(&s->dst, s->dport);
	g_autofree char *key = g_strdup_printf("%s %s %s %d", s->node, from, to, (int)s->proto);
	struct walk_pair *pair;

	if (packet_is_answer(s) || (s->tcp_flags & TCP_FLAG_ACK) || s->id.kind == PACKET_ICMP ||
	    !k->s->seen->state)
		return NULL;
	if (!k->net)
		k->net = knet_new(k->s->model, k->s->seen->state);
	pair = g_hash_table_lookup(k->walks, key);
	if (!pair) {
		pair = walk_both(k->net, &flow);
		g_hash_table_insert(k->walks, g_steal_pointer(&key), pair);
	}
	return ends_at(pair->forward, journey_last(j)) ? pair->forward : NULL;
}

/* --- public ----------------------------------------------------------------------------------- */

static char *sentence(const char *text)
{
	g_autofree char *first = g_utf8_substring(text, 0, 1), *upper = g_utf8_strup(first, -1);

	return g_strdup_printf("%s%s%s", upper, g_utf8_offset_to_pointer(text, 1),
			       g_str_has_suffix(text, ".") ? "" : ".");
}

/* Sets what decided about the packet where the walk ended. */
static void take_walk(struct story_loss *l, const walk *w)
{
	const struct hop *h = w->hops->len > 0 ? w->hops->pdata[w->hops->len - 1] : NULL;

	l->text = sentence(w->why);
	if (h && h->decision.action != FW_ACCEPT)
		l->rule = decision_text(&h->decision);
	if (h && h->route)
		l->route = g_strdup(h->route);
}

struct story_loss *story_loss_of(struct story_maker *k, const struct journey *j)
{
	const struct sighting *last = journey_last(j);
	struct story_loss *l = g_new0(struct story_loss, 1);
	const walk *w = walk_found(k, j);

	w = w ? w : walk_own(k, j);
	l->node = last->node;
	l->iface = last->iface;
	if (w && w->why && *w->why)
		take_walk(l, w);
	else
		l->text =
			g_strdup_printf("It was seen last as it %s %s by %s.",
					last->out ? "left" : "came in at", last->node, last->iface);
	l->code = w ? code_at(k, w->node) : NULL;
	return l;
}

/* The walk of the diagnosis that ends at this node on the way to that address. */
static const walk *walk_to(const struct story_maker *k, const char *node, const struct addr *to)
{
	ptr_array_foreach(const struct leg, leg, k->found ? k->found->legs : NULL) {
		const walk *w = leg->walk->back ? leg->walk->back : leg->walk->forward;
		const struct hop *h = w->hops->len > 0 ? w->hops->pdata[0] : NULL;

		if (h && w->end != WALK_DELIVERED && g_strcmp0(w->node, node) == 0 &&
		    addr_equal(&h->dst, to))
			return w;
	}
	return NULL;
}

struct story_loss *story_loss_unsent(const struct story_maker *k, const char *node,
				     const struct addr *to, char *text)
{
	struct story_loss *l = g_new0(struct story_loss, 1);
	const walk *w = walk_to(k, node, to);

	l->node = g_intern_string(node);
	if (w && w->why && *w->why) {
		g_autofree char *what = text;

		take_walk(l, w);
		text = g_strdup_printf("%s %s", what, l->text);
		g_free(l->text);
		l->code = code_at(k, node);
	}
	l->text = text;
	return l;
}

struct story_loss *story_loss_at_relay(const struct story_maker *k, const char *node,
				       const struct addr *peer, guint port)
{
	struct story_loss *l = g_new0(struct story_loss, 1);
	g_autofree char *end = scope_end_text(peer, port);

	l->node = g_intern_string(node);
	ptr_array_foreach(const struct heard, h, k->s->seen->heard) {
		if (!member_is(h->event, "event", EVENT_DENIED) ||
		    !member_is(h->event, "peer", end))
			continue;
		l->text = g_strdup_printf("The relay on %s may not send to %s: its policy refuses "
					  "that peer.",
					  node, end);
		l->rule = g_strdup(member_text(h->event, "rule"));
		return l;
	}
	l->text = g_strdup_printf("The relay on %s did not pass it on%s%s.", node,
				  port ? " to " : "", port ? end : "");
	return l;
}
