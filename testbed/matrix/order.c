/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/order.h"

/* The node's site; "" without. */
static const char *site_of(const struct node *n)
{
	return n && n->site ? n->site : "";
}

/* Whether two sites are the same, or joined by a tunnel: then there is a way without NAT. */
static bool sites_are_joined(const model *m, const char *a, const char *b)
{
	ptr_array_foreach(const struct tunnel, t, m->tunnels) {
		const char *ends[] = {site_of(t->ends[0].node), site_of(t->ends[1].node)};

		if ((g_str_equal(ends[0], a) && g_str_equal(ends[1], b)) ||
		    (g_str_equal(ends[0], b) && g_str_equal(ends[1], a)))
			return true;
	}
	return g_str_equal(a, b);
}

int order_urgency(const model *m, const struct cell *c)
{
	enum { AD_HOC, APART, CONFERENCE, TOGETHER, TEXT };

	if (c->media == MEDIA_IM)
		return TEXT;
	if (!c->b)
		return c->ad_hoc ? AD_HOC : CONFERENCE;
	return sites_are_joined(m, site_of(model_node(m, c->a)), site_of(model_node(m, c->b))) ?
		       TOGETHER :
		       APART;
}

static gint compare_urgency(gconstpointer x, gconstpointer y, gpointer m)
{
	return order_urgency(m, x) - order_urgency(m, y);
}

/* Puts the array into a random order that depends on the seed only. */
static void shuffle(GPtrArray *cells, guint64 seed)
{
	const guint32 seeds[2] = {(guint32)seed, (guint32)(seed >> 32)};
	g_autoptr(GRand) rand = g_rand_new_with_seed_array(seeds, G_N_ELEMENTS(seeds));

	for (guint i = cells->len; i > 1; i--) {
		guint k = (guint)g_rand_int_range(rand, 0, (gint32)i);
		gpointer swap = cells->pdata[i - 1];

		cells->pdata[i - 1] = cells->pdata[k];
		cells->pdata[k] = swap;
	}
}

void order_cells(GQueue *queue, const GPtrArray *cells, const model *m, guint64 seed)
{
	g_autoptr(GPtrArray) order = g_ptr_array_new();

	for (guint i = 0; i < cells->len; i++)
		g_ptr_array_add(order, cells->pdata[i]);
	shuffle(order, seed);
	for (guint i = 0; i < order->len; i++)
		g_queue_push_tail(queue, order->pdata[i]);
	/* stable: the shuffled order stays within a class */
	g_queue_sort(queue, compare_urgency, (gpointer)(guintptr)m);
}
