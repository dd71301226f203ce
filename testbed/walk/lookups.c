/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/walk/lookups.h"

#include <errno.h>

/* --- what the kernel said --------------------------------------------------------------------- */

/* The kernel's answer for packets that come in at `node` by interface `in`, or that it sends (`in`
 * NULL); NULL: it was not asked. */
static const struct kernel_lookup *answer_of(const netstate *state, const char *node,
					     const struct addr *from, const struct addr *to,
					     const char *in)
{
	const node_state *n = netstate_node(state, node);
	const GArray *answers = n ? n->lookups : NULL;

	for (guint i = 0; answers && addr_is_set(from) && addr_is_set(to) && i < answers->len;
	     i++) {
		const struct kernel_lookup *one = &g_array_index(answers, struct kernel_lookup, i);

		if (addr_equal(&one->to, to) && addr_equal(&one->from, from) &&
		    g_strcmp0(one->in, in) == 0)
			return one;
	}
	return NULL;
}

/* What an errno of a look-up means, by the kernel's fib_props and its checks of sources.  EINVAL is
 * a blackhole; for a packet that comes in, it can also be a source address that is the node's own,
 * or in newer kernels the reverse path filter. */
static const char *error_words(int error)
{
	static const struct {
		int error;
		const char *words;
	} known[] = {
		{ENETUNREACH, "no way"},
		{EHOSTUNREACH, "unreachable, or not forwarded"},
		{EXDEV, "refused by the reverse path filter"},
		{EINVAL, "dropped"},
		{EACCES, "prohibited"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
		if (known[i].error == error)
			return known[i].words;
	return "refused";
}

/* "0.0.0.0/0 via 203.0.113.1 dev ext table 101", "no way (ENETUNREACH)"; the caller frees. */
static char *lookup_words(const struct kernel_lookup *l)
{
	GString *text = g_string_new(NULL);
	char prefix[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX], error[KERNEL_WORD_MAX];

	if (l->error != 0) {
		g_string_append_printf(text, "%s (%s)", error_words(l->error),
				       kernel_error_name(l->error, error));
		return g_string_free(text, FALSE);
	}
	if (l->type != KERNEL_ROUTE_UNICAST)
		g_string_append_printf(text, "%s ", kernel_route_type_name(l->type));
	g_string_append(text, addr_is_set(&l->prefix.addr) ? prefix_print(&l->prefix, prefix) :
							     "its own address");
	if (addr_is_set(&l->via))
		g_string_append_printf(text, " via %s", addr_print(&l->via, via));
	if (l->dev)
		g_string_append_printf(text, " dev %s", l->dev);
	if (l->table != ROUTE_TABLE_MAIN && l->type != KERNEL_ROUTE_LOCAL)
		g_string_append_printf(text, " table %u", l->table);
	return g_string_free(text, FALSE);
}

/* --- comparing -------------------------------------------------------------------------------- */

static bool same_error(int walked, int kernel)
{
	return walked == kernel || (walked == EXDEV && kernel == EINVAL);
}

static bool is_as_chosen(const struct kernel_lookup *chosen, const struct kernel_lookup *answer)
{
	if (chosen->error != 0 || answer->error != 0)
		return same_error(chosen->error, answer->error);
	if (chosen->type != answer->type)
		return false;
	return chosen->type == KERNEL_ROUTE_LOCAL ||
	       (prefix_equal(&chosen->prefix, &answer->prefix) &&
		addr_equal(&chosen->via, &answer->via) &&
		g_strcmp0(chosen->dev, answer->dev) == 0 && chosen->table == answer->table);
}

static void hold_hop(struct hop *h, const netstate *state)
{
	const struct kernel_lookup *chosen = &h->lookup.chosen;
	const struct kernel_lookup *answer =
		h->lookup.made ? answer_of(state, h->node, &chosen->from, &chosen->to, h->in) :
				 NULL;

	if (!answer)
		return;
	h->lookup.state = is_as_chosen(chosen, answer) ? LOOKUP_AGREES : LOOKUP_DIFFERS;
	h->lookup.kernel = lookup_words(answer);
}

void lookups_hold(walk *w, const netstate *state)
{
	for (guint i = 0; w && i < w->hops->len; i++)
		hold_hop(w->hops->pdata[i], state);
	if (w && w->under)
		lookups_hold(w->under, state);
}

static void want_walk(GPtrArray *questions, const walk *w)
{
	ptr_array_foreach(const struct hop, h, w ? w->hops : NULL) {
		const struct kernel_lookup *chosen = &h->lookup.chosen;

		if (h->lookup.made && addr_is_set(&chosen->from) && addr_is_set(&chosen->to))
			route_questions_add(questions, h->node, &chosen->from, &chosen->to, h->in);
	}
	if (w && w->under)
		want_walk(questions, w->under);
}

GPtrArray *lookups_wanted(const struct walk_pair *w)
{
	GPtrArray *questions = route_questions_new();

	want_walk(questions, w->forward);
	want_walk(questions, w->back);
	return questions;
}

static char *difference(const struct hop *h)
{
	g_autofree char *chosen = lookup_words(&h->lookup.chosen);
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];

	addr_print(&h->lookup.chosen.from, from);
	addr_print(&h->lookup.chosen.to, to);
	return g_strdup_printf("of %s from %s the walk says at %s: %s, but the kernel: %s", to,
			       from, h->node, chosen, h->lookup.kernel);
}

static void count_walk(const walk *w, struct lookups_tally *t)
{
	ptr_array_foreach(const struct hop, h, w ? w->hops : NULL) {
		t->agree += h->lookup.state == LOOKUP_AGREES;
		if (h->lookup.state == LOOKUP_DIFFERS && !t->differs)
			t->differs = difference(h);
	}
	if (w && w->under)
		count_walk(w->under, t);
}

struct lookups_tally lookups_count(const struct walk_pair *w)
{
	struct lookups_tally t = {0};

	count_walk(w->forward, &t);
	count_walk(w->back, &t);
	return t;
}

void lookups_tally_clear(struct lookups_tally *t)
{
	g_clear_pointer(&t->differs, g_free);
}

/* --- telling ---------------------------------------------------------------------------------- */

/* The hop at `node`: the last one where the walk ended, elsewhere the first. */
static const struct hop *deciding_hop(const walk *w, const char *node)
{
	bool at_end = g_strcmp0(w->node, node) == 0;
	const struct hop *found = NULL;

	for (guint i = 0; i < w->hops->len && (at_end || !found); i++) {
		const struct hop *h = w->hops->pdata[i];

		if (g_strcmp0(h->node, node) == 0)
			found = h;
	}
	return found;
}

char *lookups_proof(const walk *w, const char *node)
{
	const struct hop *h = deciding_hop(w, node);
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];

	if (!h || !h->lookup.kernel)
		return NULL;
	addr_print(&h->lookup.chosen.from, from);
	addr_print(&h->lookup.chosen.to, to);
	return g_strdup_printf("kernel at %s: %s from %s%s%s: %s", node, to, from,
			       h->in ? " in by " : "", h->in ? h->in : "", h->lookup.kernel);
}

/* One direction's lines; addresses are printed again only where NAT has changed them. */
struct listing {
	GString *out;
	struct addr from, to;
};

static void put_line(struct listing *list, bool relied_on, const struct hop *h, const char *in,
		     const struct addr *from, const struct addr *to, const char *answer)
{
	bool changed = addr_is_set(&list->from) &&
		       (!addr_equal(from, &list->from) || !addr_equal(to, &list->to));
	g_autofree char *place = g_strdup_printf("%s%s%s", h->node, in ? ":" : "", in ? in : "");
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	addr_print(from, src);
	addr_print(to, dst);
	if (!addr_is_set(&list->from))
		g_string_append_printf(list->out, "%s -> %s\n", src, dst);
	if (changed)
		g_string_append_printf(list->out, "       %s -> %s\n", src, dst);
	g_string_append_printf(list->out, "     %c %-16s %s\n", relied_on ? '*' : ' ', place,
			       answer);
	list->from = *from;
	list->to = *to;
}

static void put_walk(struct listing *list, const walk *w)
{
	ptr_array_foreach(const struct hop, h, w ? w->hops : NULL)
		if (h->lookup.kernel)
			put_line(list, true, h, h->in, &h->lookup.chosen.from, &h->lookup.chosen.to,
				 h->lookup.kernel);
}

static bool walk_asked(const walk *w, const struct hop *there)
{
	ptr_array_foreach(const struct hop, h, w ? w->hops : NULL)
		if (g_str_equal(h->node, there->node) &&
		    addr_equal(&h->lookup.chosen.from, &there->lookup.chosen.to) &&
		    addr_equal(&h->lookup.chosen.to, &there->lookup.chosen.from))
			return true;
	return false;
}

/* What the nodes on the way there answered about the way back, from the last to the first. */
static void put_not_walked(struct listing *list, const struct walk_pair *w, const netstate *state)
{
	for (guint i = w->forward->hops->len; i > 0; i--) {
		const struct hop *h = w->forward->hops->pdata[i - 1];
		const struct kernel_lookup *there = &h->lookup.chosen;
		const struct kernel_lookup *answer =
			h->lookup.made ?
				answer_of(state, h->node, &there->to, &there->from, h->out) :
				NULL;
		g_autofree char *words = answer ? lookup_words(answer) : NULL;

		if (words && !walk_asked(w->back, h))
			put_line(list, false, h, h->out, &there->to, &there->from, words);
	}
}

static void put_direction(GString *out, const char *name, struct listing *list)
{
	if (list->out->len > 0)
		g_string_append_printf(out, "%s  %s", name, list->out->str);
	g_string_free(list->out, TRUE);
}

void lookups_text(const struct walk_pair *w, const netstate *state, GString *out)
{
	struct listing there = {.out = g_string_new(NULL)}, back = {.out = g_string_new(NULL)};

	put_walk(&there, w->forward);
	put_walk(&back, w->back);
	put_not_walked(&back, w, state);
	put_direction(out, "there", &there);
	put_direction(out, "back ", &back);
}
