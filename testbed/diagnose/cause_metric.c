/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_metric.h"

static bool is_foreign(const model *m, const char *node)
{
	const struct node *n = node ? model_node(m, node) : NULL;

	return !n || !n->site;
}

/* Whether the cause can be the consequence of a way that was chosen before. */
static bool may_follow(const struct evidence *e, const struct finding *f)
{
	static const bool follows[CAUSE_COUNT] = {
		[CAUSE_NO_ROUTE] = true,   [CAUSE_NO_FORWARDING] = true,
		[CAUSE_ROUTE_LOOP] = true, [CAUSE_RETURN_WRONG_EGRESS] = true,
		[CAUSE_RPF_DROP] = true,   [CAUSE_FW_NO_STATE] = true,
	};

	/* a policy drops what nobody thought of, as packets that should not come that way */
	return follows[f->code] ||
	       ((f->code == CAUSE_FW_DROP || f->code == CAUSE_FW_REJECT) &&
		(f->subject.kind == SUBJECT_POLICY || is_foreign(e->model, f->node)));
}

/* The route by which the hop sent the packet on; NULL: it did not. */
static const struct kernel_route *route_used(const struct evidence *e, const struct hop *h)
{
	const node_state *n = netstate_node(e->state, h->node);

	array_foreach(const struct kernel_route, r, n && h->out ? n->routes : NULL)
		if (r->table == h->table && prefix_equal(&r->to, &h->to) &&
		    g_strcmp0(r->dev, h->out) == 0 && addr_equal(&r->via, &h->lookup.chosen.via))
			return r;
	return NULL;
}

/* The next best route to the same destination; NULL: there is none. */
static const struct kernel_route *route_after(const node_state *n, const struct kernel_route *used)
{
	const struct kernel_route *best = NULL;

	array_foreach(const struct kernel_route, r, n->routes)
		if (r != used && r->table == used->table && prefix_equal(&r->to, &used->to) &&
		    r->dev && r->metric > used->metric && (!best || r->metric < best->metric))
			best = r;
	return best;
}

/* In whichever table: those of a strong host's interfaces have it, too. */
static bool is_same_way(const struct kernel_route *r, gconstpointer used)
{
	const struct kernel_route *other = used;

	return prefix_equal(&r->to, &other->to) && addr_equal(&r->via, &other->via) &&
	       g_strcmp0(r->dev, other->dev) == 0;
}

/* Whether the flow and its answers arrive when the node has not that route. */
static bool arrives_without(const struct evidence *e, const char *node,
			    const struct kernel_route *used, const struct flow *flow)
{
	g_autoptr(netstate) state = netstate_without_routes(e->state, node, is_same_way, used);
	g_autoptr(knet) net = knet_new(e->model, state);
	struct walk_pair *pair = e->walk(net, flow);
	bool arrives = pair->forward->end == WALK_DELIVERED && pair->back &&
		       pair->back->end == WALK_DELIVERED;

	walk_pair_free(pair);
	return arrives;
}

static const struct route *declared_route(const struct node *n, const struct kernel_route *r)
{
	ptr_array_foreach(const struct route, d, n->routes)
		if (prefix_equal(&d->to, &r->to) && addr_equal(&d->via, &r->via) &&
		    (d->table == r->table || n->host_model == HOST_STRONG))
			return d;
	return NULL;
}

static void blame(const struct evidence *e, struct finding *f, const char *node,
		  const struct kernel_route *used, const struct kernel_route *next)
{
	g_autofree char *lost = g_steal_pointer(&f->why), *here = g_strdup(node);
	char via[ADDR_TEXT_MAX], other[ADDR_TEXT_MAX], to[PREFIX_TEXT_MAX];

	f->code = CAUSE_WRONG_METRIC;
	g_free(f->node);
	f->node = g_steal_pointer(&here);
	subject_clear(&f->subject);
	f->subject = subject_route_by(&used->to, &used->via);
	f->subject.route.declared = declared_route(model_node(e->model, node), used);
	f->prefix = used->to;
	f->table = used->table;
	f->why = g_strdup_printf(
		"it prefers its route to %s via %s (metric %u) to that via %s (metric %u), by "
		"which the packets would arrive; %s",
		prefix_is_default(&used->to) ? "everywhere" : prefix_print(&used->to, to),
		addr_is_set(&used->via) ? addr_print(&used->via, via) : used->dev, used->metric,
		addr_is_set(&next->via) ? addr_print(&next->via, other) : next->dev, next->metric,
		lost);
}

void cause_metric(const struct evidence *e, finding *f, const walk *w, const struct flow *flow)
{
	if (!may_follow(e, f))
		return;
	ptr_array_foreach(const struct hop, h, w->hops) {
		const struct kernel_route *used = route_used(e, h), *next;

		if (!used || is_foreign(e->model, h->node))
			continue;
		/* an answer strays by an uplink that is meant for others */
		if (f->turning.node && node_masquerade(model_node(e->model, h->node), h->out))
			continue;
		next = route_after(netstate_node(e->state, h->node), used);
		if (!next || !arrives_without(e, h->node, used, flow))
			continue;
		blame(e, f, h->node, used, next);
		return;
	}
}
