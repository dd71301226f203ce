/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/lookup_questions.h"

#include <string.h>

struct questions {
	GArray *list;	   /* struct question */
	GHashTable *known; /* struct question *, owned */
};

/* --- the set ---------------------------------------------------------------------------------- */

static guint addr_hash(const struct addr *a)
{
	guint hash = (guint)a->family;

	for (guint i = 0; i < addr_bits(a) / 8u; i++)
		hash = hash * 31 + a->bytes[i];
	return hash;
}

static guint question_hash(gconstpointer key)
{
	const struct question *q = key;

	return (addr_hash(&q->from) * 31 + addr_hash(&q->to)) * 31 + q->in;
}

static gboolean question_equal(gconstpointer a, gconstpointer b)
{
	const struct question *x = a, *y = b;

	return x->in == y->in && addr_equal(&x->from, &y->from) && addr_equal(&x->to, &y->to);
}

static const struct object_shape questions_shape = OBJECT_SHAPE(
	questions, NULL, OWNS(questions, list, g_array_unref), OWNS_TABLE(questions, known));

questions *questions_new(void)
{
	questions *q = object_new(&questions_shape);

	q->list = g_array_new(FALSE, FALSE, sizeof(struct question));
	q->known = g_hash_table_new_full(question_hash, question_equal, g_free, NULL);
	return q;
}

guint questions_count(const questions *q)
{
	return q->list->len;
}

const struct question *questions_at(const questions *q, guint i)
{
	return &g_array_index(q->list, struct question, i);
}

static void put(questions *q, const struct addr *from, const struct addr *to, unsigned in)
{
	const struct question one = {.from = *from, .to = *to, .in = in};

	if (!g_hash_table_contains(q->known, &one) &&
	    g_hash_table_add(q->known, g_memdup2(&one, sizeof one)))
		g_array_append_val(q->list, one);
}

static gint compare_questions(gconstpointer a, gconstpointer b)
{
	const struct question *x = a, *y = b;
	int by_from = addr_compare(&x->from, &y->from), by_to = addr_compare(&x->to, &y->to);

	if (by_from != 0)
		return by_from;
	return by_to != 0 ? by_to : (x->in > y->in) - (x->in < y->in);
}

/* --- the node --------------------------------------------------------------------------------- */

static bool is_own_address(const node_state *node, const struct addr *a)
{
	return node_state_owner(node, a) != NULL;
}

/* A session's addresses, as its first packet came in (src, dst) and as its answers do. */
struct translation {
	struct addr src, dst, reply_src, reply_dst;
};

/* Of the sessions that were translated, each pair of addresses once: a busy NAT has thousands of
 * sessions between few. */
static GArray *translations_of(const node_state *node)
{
	GArray *list = g_array_new(FALSE, TRUE, sizeof(struct translation));
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
							    (GDestroyNotify)g_bytes_unref, NULL);

	array_foreach(const struct tracked, t, node->sessions) {
		const struct translation one = {t->src, t->dst, t->reply_src, t->reply_dst};

		if (addr_equal(&t->src, &t->reply_dst) && addr_equal(&t->dst, &t->reply_src))
			continue;
		if (g_hash_table_add(known, g_bytes_new(&one, sizeof one)))
			g_array_append_val(list, one);
	}
	return list;
}

/* What came in by an interface and was given another destination before it was routed. */
static void ask_translated(questions *q, const struct seen_pair *p, const GArray *translations)
{
	array_foreach(const struct translation, s, translations) {
		if (addr_equal(&p->src, &s->src) && addr_equal(&p->dst, &s->dst) &&
		    !addr_equal(&s->reply_src, &s->dst))
			put(q, &p->src, &s->reply_src, p->ifindex);
		if (addr_equal(&p->src, &s->reply_src) && addr_equal(&p->dst, &s->reply_dst) &&
		    !addr_equal(&s->src, &s->reply_dst))
			put(q, &p->src, &s->src, p->ifindex);
	}
}

/* --- public ----------------------------------------------------------------------------------- */

/* Of a packet that was passed on, NAT may have changed the source since it was routed, and the
 * destination before; its answer has that way before it again.  Asked so, the question after it
 * (questions_ask_back) is the packet's own. */
void questions_ask(questions *q, const struct seen_pair *pairs, guint n, const node_state *node)
{
	GArray *translations = translations_of(node);

	for (guint i = 0; i < n; i++) {
		const struct seen_pair *p = &pairs[i];

		if (!p->outgoing) {
			put(q, &p->src, &p->dst, p->ifindex);
			ask_translated(q, p, translations);
		} else if (is_own_address(node, &p->src)) {
			put(q, &p->src, &p->dst, 0);
		} else {
			put(q, &p->dst, &p->src, p->ifindex);
		}
	}
	g_array_unref(translations);
	g_array_sort(q->list, compare_questions);
}

void questions_ask_back(questions *q, const struct question *of, unsigned out,
			const node_state *node)
{
	const struct question asked = *of; /* it may be in `q`, and move */

	if (is_own_address(node, &asked.to))
		put(q, &asked.to, &asked.from, 0);
	else if (out != 0)
		put(q, &asked.to, &asked.from, out);
}
