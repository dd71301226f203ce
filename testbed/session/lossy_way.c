/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/lossy_way.h"

#include <string.h>

/* What a stream needs with all headers, through a relay and a tunnel. */
#define AUDIO_KBIT 100u
#define VIDEO_KBIT 620u
#define RATE_RESERVE 4u

/* Nodes and networks are vertices, in this order; what ties them together is an edge. */
struct edge {
	guint a, b;
	const struct impairment *impairs[2]; /* NULL: none */
};

struct graph {
	GArray *edges;	 /* struct edge */
	guint n;	 /* vertices */
	bool *is_end;	 /* media starts or ends there */
	bool *is_pruned; /* no way between two ends leads through it */
};

static guint index_in(const GPtrArray *list, gconstpointer item)
{
	guint i = 0;

	while (i < list->len && list->pdata[i] != item)
		i++;
	return i;
}

static void add_edge(struct graph *g, guint a, guint b, const struct impairment *first,
		     const struct impairment *second)
{
	struct edge e = {.a = a, .b = b, .impairs = {first, second}};

	g_array_append_val(g->edges, e);
}

static void add_node(struct graph *g, const model *m, guint index)
{
	const struct node *n = m->nodes->pdata[index];

	for (guint i = 0; i < n->interfaces->len; i++) {
		const struct iface *f = n->interfaces->pdata[i];

		if (f->up)
			add_edge(g, index, m->nodes->len + index_in(m->networks, f->network),
				 iface_impairment(f), NULL);
	}
}

static void add_tunnel(struct graph *g, const model *m, const struct tunnel *t)
{
	if (t->up)
		add_edge(g, index_in(m->nodes, t->ends[0].node),
			 index_in(m->nodes, t->ends[1].node), tunnel_impairment(t, 0),
			 tunnel_impairment(t, 1));
}

static void mark_end(struct graph *g, const model *m, const struct node *n)
{
	if (n)
		g->is_end[index_in(m->nodes, n)] = true;
}

static struct graph graph_of(const model *m, const struct cell *c)
{
	struct graph g = {.edges = g_array_new(FALSE, FALSE, sizeof(struct edge)),
			  .n = m->nodes->len + m->networks->len};

	g.is_end = g_new0(bool, g.n + 1);
	g.is_pruned = g_new0(bool, g.n + 1);
	for (guint i = 0; i < m->nodes->len; i++) {
		add_node(&g, m, i);
		if (node_service(m->nodes->pdata[i], SERVICE_EDGE))
			mark_end(&g, m, m->nodes->pdata[i]);
	}
	for (guint i = 0; i < m->tunnels->len; i++)
		add_tunnel(&g, m, m->tunnels->pdata[i]);
	for (guint i = 0; i < c->participants->len; i++)
		mark_end(&g, m, model_node(m, c->participants->pdata[i]));
	if (!c->b)
		mark_end(&g, m, model_server(m, SERVICE_FRONTEND));
	return g;
}

static bool is_left(const struct graph *g, const struct edge *e)
{
	return !g->is_pruned[e->a] && !g->is_pruned[e->b];
}

static void count_degrees(const struct graph *g, guint *degrees)
{
	memset(degrees, 0, g->n * sizeof *degrees);
	for (guint i = 0; i < g->edges->len; i++) {
		const struct edge *e = &g_array_index(g->edges, struct edge, i);

		if (!is_left(g, e))
			continue;
		degrees[e->a]++;
		degrees[e->b]++;
	}
}

/* Takes away dead ends, until none is left. */
static void prune(struct graph *g)
{
	g_autofree guint *degrees = g_new0(guint, g->n + 1);
	bool more = true;

	while (more) {
		more = false;
		count_degrees(g, degrees);
		for (guint v = 0; v < g->n; v++) {
			if (g->is_end[v] || g->is_pruned[v] || degrees[v] > 1)
				continue;
			g->is_pruned[v] = more = true;
		}
	}
}

static unsigned needed_kbit(const struct cell *c)
{
	unsigned one = c->media == MEDIA_VIDEO ? AUDIO_KBIT + VIDEO_KBIT : AUDIO_KBIT;

	return one * (c->participants->len - 1);
}

static bool loses(const struct impairment *i, unsigned kbit)
{
	return i && (i->loss_pct > 0 || (i->rate_kbit > 0 && i->rate_kbit < kbit));
}

static bool loses_anywhere(const struct graph *g, unsigned kbit)
{
	for (guint i = 0; i < g->edges->len; i++) {
		const struct edge *e = &g_array_index(g->edges, struct edge, i);

		if (loses(e->impairs[0], kbit) || loses(e->impairs[1], kbit))
			return true;
	}
	return false;
}

static void count_impairment(struct lossy_way *way, const struct impairment *i, unsigned kbit)
{
	if (!loses(i, kbit))
		return;
	way->may_lose = true;
	way->burst_packets = MAX(way->burst_packets, i->burst_packets);
}

struct lossy_way lossy_way_of(const model *m, const struct cell *c)
{
	unsigned kbit = RATE_RESERVE * needed_kbit(c);
	struct lossy_way way = {.may_lose = false};
	struct graph g;

	if (c->media == MEDIA_IM || c->media == MEDIA_IM_CONFERENCE)
		return way;
	g = graph_of(m, c);
	if (loses_anywhere(&g, kbit))
		prune(&g);
	for (guint i = 0; i < g.edges->len; i++) {
		const struct edge *e = &g_array_index(g.edges, struct edge, i);

		for (guint k = 0; k < G_N_ELEMENTS(e->impairs) && is_left(&g, e); k++)
			count_impairment(&way, e->impairs[k], kbit);
	}
	g_array_unref(g.edges);
	g_free(g.is_end);
	g_free(g.is_pruned);
	return way;
}
