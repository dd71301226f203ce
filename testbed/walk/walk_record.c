/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/walk/walk_record.h"

static const char *const end_names[] = {
#define X(id, name) [WALK_##id] = name,
	WALK_ENDS(X)
#undef X
};

const char *walk_end_name(enum walk_end end)
{
	return end < WALK_END_COUNT ? end_names[end] : "unknown";
}

char *decision_text(const struct decision *d)
{
	static const char *const names[] = {
		[DECIDED_BY_POLICY] = "policy",
		[DECIDED_BY_SESSION] = "established",
		[DECIDED_BY_STRONG_HOST] = "strong-host-receive",
	};

	switch (d->by) {
	case DECIDED_BY_NOTHING:
		return NULL;
	case DECIDED_BY_RULE:
		return g_strdup(d->rule->name);
	case DECIDED_BY_NAT:
		return g_strdup_printf("%s-let-in", d->nat->name);
	case DECIDED_BY_BUILTIN:
		return g_strdup(d->builtin);
	case DECIDED_BY_POLICY:
	case DECIDED_BY_SESSION:
	case DECIDED_BY_STRONG_HOST:
		break;
	}
	return g_strdup(names[d->by]);
}

static void hop_free(gpointer data)
{
	struct hop *h = data;

	g_free(h->node);
	g_free(h->in);
	g_free(h->out);
	g_free(h->route);
	g_free(h->nat);
	g_free(h->lookup.dev);
	g_free(h->lookup.kernel);
	g_free(h);
}

walk *walk_new(void)
{
	walk *w = g_new0(walk, 1);

	w->hops = g_ptr_array_new_with_free_func(hop_free);
	return w;
}

struct hop *walk_add_hop(walk *w, const char *node, const char *in, const char *out)
{
	struct hop *h = g_new0(struct hop, 1);

	h->node = g_strdup(node);
	h->in = g_strdup(in);
	h->out = g_strdup(out);
	g_ptr_array_add(w->hops, h);
	return h;
}

void walk_free(walk *w)
{
	if (!w)
		return;
	g_ptr_array_unref(w->hops);
	g_free(w->node);
	subject_clear(&w->subject);
	g_free(w->why);
	walk_free(w->under);
	g_free(w);
}

bool walk_ends_by_size(const walk *w)
{
	return w->end == WALK_TOO_BIG || (w->under && w->under->end == WALK_TOO_BIG);
}

void walk_pair_free(struct walk_pair *w)
{
	if (!w)
		return;
	walk_free(w->forward);
	walk_free(w->back);
	g_free(w);
}

/* Whether the answer reached the node that the packet started at. */
static bool answer_delivered(const struct walk_pair *w)
{
	const struct hop *first = w->forward->hops->len > 0 ? w->forward->hops->pdata[0] : NULL;

	return first && w->back && w->back->end == WALK_DELIVERED &&
	       g_str_equal(w->back->node, first->node);
}

bool walk_pair_delivered(const struct walk_pair *w)
{
	return w->forward->end == WALK_DELIVERED && answer_delivered(w);
}
