/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/walk/lookups.h"

#define MAIN_TABLE 254

/* --- what the kernel said --------------------------------------------------------------------- */

static const char *text_of(const json_t *answer, const char *key)
{
	return json_string_value(json_object_get(answer, key));
}

/* The kernel's answer about packets that come in at `node` by `in` (NULL: that it sends); NULL: it
 * was not asked. */
static const json_t *answer_of(const json_t *state, const char *node, const struct addr *from,
			       const struct addr *to, const char *in)
{
	const json_t *of_node = json_object_get(json_object_get(state, "nodes"), node), *answer;
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
	size_t i;

	if (!addr_is_set(from) || !addr_is_set(to))
		return NULL;
	addr_print(from, src);
	addr_print(to, dst);
	json_array_foreach(json_object_get(of_node, "lookups"), i, answer)
		if (g_strcmp0(text_of(answer, "to"), dst) == 0 &&
		    g_strcmp0(text_of(answer, "from"), src) == 0 &&
		    g_strcmp0(text_of(answer, "in"), in) == 0)
			return answer;
	return NULL;
}

/* What an errno of a look-up means: the kernel's fib_props and its checks of sources.  EINVAL is
 * what a blackhole says; of a packet that comes in, also an address of the node's own as source,
 * and with newer kernels the reverse path filter. */
static const char *error_words(const char *error)
{
	static const struct {
		const char *error, *words;
	} known[] = {
		{"ENETUNREACH", "no way"},
		{"EHOSTUNREACH", "unreachable, or not forwarded"},
		{"EXDEV", "refused by the reverse path filter"},
		{"EINVAL", "dropped"},
		{"EACCES", "prohibited"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
		if (g_str_equal(known[i].error, error))
			return known[i].words;
	return "refused";
}

/* "0.0.0.0/0 via 203.0.113.1 dev ext table 101", "no way (ENETUNREACH)"; the caller frees. */
static char *route_words(const char *error, const char *type, const char *prefix, const char *via,
			 const char *dev, unsigned table)
{
	GString *text = g_string_new(NULL);

	if (error) {
		g_string_append_printf(text, "%s (%s)", error_words(error), error);
		return g_string_free(text, FALSE);
	}
	if (g_strcmp0(type, "unicast") != 0)
		g_string_append_printf(text, "%s ", type ? type : "unknown");
	g_string_append(text, prefix ? prefix : "its own address");
	if (via)
		g_string_append_printf(text, " via %s", via);
	if (dev)
		g_string_append_printf(text, " dev %s", dev);
	if (table != MAIN_TABLE && g_strcmp0(type, "local") != 0)
		g_string_append_printf(text, " table %u", table);
	return g_string_free(text, FALSE);
}

static char *answer_words(const json_t *answer)
{
	return route_words(text_of(answer, "error"), text_of(answer, "type"),
			   text_of(answer, "prefix"), text_of(answer, "via"),
			   text_of(answer, "dev"),
			   (unsigned)json_integer_value(json_object_get(answer, "table")));
}

/* --- comparing -------------------------------------------------------------------------------- */

static bool same_prefix(const struct hop_lookup *l, const char *text)
{
	struct prefix other;

	return text && prefix_parse(text, &other) && prefix_equal(&l->prefix, &other);
}

static bool same_gateway(const struct addr *via, const char *text)
{
	struct addr other = {.family = 0};

	return (!text || addr_parse(text, &other)) && addr_equal(via, &other);
}

static bool same_error(const char *walked, const char *kernel)
{
	return g_strcmp0(walked, kernel) == 0 ||
	       (g_strcmp0(walked, "EXDEV") == 0 && g_strcmp0(kernel, "EINVAL") == 0);
}

static bool is_as_chosen(const struct hop_lookup *l, const json_t *answer)
{
	const char *error = text_of(answer, "error");

	if (error || l->error)
		return same_error(l->error, error);
	if (g_strcmp0(text_of(answer, "type"), l->is_local ? "local" : "unicast") != 0)
		return false;
	return l->is_local || (same_prefix(l, text_of(answer, "prefix")) &&
			       same_gateway(&l->via, text_of(answer, "via")) &&
			       g_strcmp0(l->dev, text_of(answer, "dev")) == 0 &&
			       json_integer_value(json_object_get(answer, "table")) == l->table);
}

static void hold_hop(struct hop *h, const json_t *state)
{
	const json_t *answer =
		h->lookup.made ? answer_of(state, h->node, &h->lookup.from, &h->lookup.to, h->in) :
				 NULL;

	if (!answer)
		return;
	h->lookup.state = is_as_chosen(&h->lookup, answer) ? LOOKUP_AGREES : LOOKUP_DIFFERS;
	h->lookup.kernel = answer_words(answer);
}

void lookups_hold(walk *w, const json_t *state)
{
	for (guint i = 0; w && i < w->hops->len; i++)
		hold_hop(w->hops->pdata[i], state);
	if (w && w->under)
		lookups_hold(w->under, state);
}

static void want_hop(json_t *ways, const struct hop *h)
{
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];
	json_t *of_node = json_object_get(ways, h->node);

	if (!h->lookup.made || !addr_is_set(&h->lookup.from) || !addr_is_set(&h->lookup.to))
		return;
	if (!of_node) {
		of_node = json_array();
		json_object_set_new(ways, h->node, of_node);
	}
	json_array_append_new(of_node, json_pack("{s:s, s:s, s:s?}", "from",
						 addr_print(&h->lookup.from, from), "to",
						 addr_print(&h->lookup.to, to), "in", h->in));
}

static void want_walk(json_t *ways, const walk *w)
{
	for (guint i = 0; w && i < w->hops->len; i++)
		want_hop(ways, w->hops->pdata[i]);
	if (w && w->under)
		want_walk(ways, w->under);
}

json_t *lookups_wanted(const struct walk_pair *w)
{
	json_t *ways = json_object();

	want_walk(ways, w->forward);
	want_walk(ways, w->back);
	return ways;
}

static char *chosen_words(const struct hop_lookup *l)
{
	char prefix[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX];

	if (l->is_local)
		return route_words(l->error, "local", NULL, NULL, NULL, 0);
	return route_words(l->error, "unicast", prefix_print(&l->prefix, prefix),
			   addr_is_set(&l->via) ? addr_print(&l->via, via) : NULL, l->dev,
			   l->table);
}

static char *difference(const struct hop *h)
{
	g_autofree char *chosen = chosen_words(&h->lookup);
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];

	addr_print(&h->lookup.from, from);
	addr_print(&h->lookup.to, to);
	return g_strdup_printf("of %s from %s the walk says at %s: %s, but the kernel: %s", to,
			       from, h->node, chosen, h->lookup.kernel);
}

static void count_walk(const walk *w, struct lookups_tally *t)
{
	for (guint i = 0; w && i < w->hops->len; i++) {
		const struct hop *h = w->hops->pdata[i];

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

/* Where the walk ended, the last time that it came there; elsewhere, the first. */
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
	addr_print(&h->lookup.from, from);
	addr_print(&h->lookup.to, to);
	return g_strdup_printf("kernel at %s: %s from %s%s%s: %s", node, to, from,
			       h->in ? " in by " : "", h->in ? h->in : "", h->lookup.kernel);
}

/* One direction's lines; the addresses come again only where they are others than before (NAT). */
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
	for (guint i = 0; w && i < w->hops->len; i++) {
		const struct hop *h = w->hops->pdata[i];

		if (h->lookup.kernel)
			put_line(list, true, h, h->in, &h->lookup.from, &h->lookup.to,
				 h->lookup.kernel);
	}
}

static bool walk_asked(const walk *w, const struct hop *there)
{
	for (guint i = 0; w && i < w->hops->len; i++) {
		const struct hop *h = w->hops->pdata[i];

		if (g_str_equal(h->node, there->node) &&
		    addr_equal(&h->lookup.from, &there->lookup.to) &&
		    addr_equal(&h->lookup.to, &there->lookup.from))
			return true;
	}
	return false;
}

/* What the nodes on the way there say of the way back, from the last to the first. */
static void put_not_walked(struct listing *list, const struct walk_pair *w, const json_t *state)
{
	for (guint i = w->forward->hops->len; i > 0; i--) {
		const struct hop *h = w->forward->hops->pdata[i - 1];
		const json_t *answer = h->lookup.made ? answer_of(state, h->node, &h->lookup.to,
								  &h->lookup.from, h->out) :
							NULL;
		g_autofree char *words = answer ? answer_words(answer) : NULL;

		if (words && !walk_asked(w->back, h))
			put_line(list, false, h, h->out, &h->lookup.to, &h->lookup.from, words);
	}
}

static void put_direction(GString *out, const char *name, struct listing *list)
{
	if (list->out->len > 0)
		g_string_append_printf(out, "%s  %s", name, list->out->str);
	g_string_free(list->out, TRUE);
}

void lookups_text(const struct walk_pair *w, const json_t *state, GString *out)
{
	struct listing there = {.out = g_string_new(NULL)}, back = {.out = g_string_new(NULL)};

	put_walk(&there, w->forward);
	put_walk(&back, w->back);
	put_not_walked(&back, w, state);
	put_direction(out, "there", &there);
	put_direction(out, "back ", &back);
}
