/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_end.h"

#include "testbed/diagnose/cause_state.h"
#include "testbed/diagnose/cause_untranslated.h"
#include "testbed/walk/gateway.h"

/* The cause for each end of a walk, unless a node on the way sent the packet wrongly. */
static const enum cause_code codes[WALK_END_COUNT] = {
	[WALK_DELIVERED] = CAUSE_NONE,
	[WALK_NO_ROUTE] = CAUSE_NO_ROUTE,
	[WALK_NULL_ROUTE] = CAUSE_NULL_ROUTE,
	[WALK_FILTERED] = CAUSE_FW_DROP,
	[WALK_REJECTED] = CAUSE_FW_REJECT,
	[WALK_INSPECTED] = CAUSE_FW_INSPECTS,
	[WALK_RPF] = CAUSE_RPF_DROP,
	[WALK_NAT_FILTERED] = CAUSE_NAT_FILTERED,
	[WALK_NO_HAIRPIN] = CAUSE_HAIRPIN_UNSUPPORTED,
	[WALK_WRONG_CARD] = CAUSE_WRONG_CARD,
	[WALK_NEXT_HOP_DEAD] = CAUSE_NEXT_HOP_DEAD,
	[WALK_LINK_DOWN] = CAUSE_LINK_DOWN,
	[WALK_TUNNEL_DOWN] = CAUSE_VPN_DOWN,
	[WALK_TUNNEL_PREFIX] = CAUSE_VPN_PREFIX_MISSING,
	[WALK_LOOP] = CAUSE_ROUTE_LOOP,
	[WALK_TOO_BIG] = CAUSE_MTU_BLACKHOLE,
	[WALK_NO_FORWARDING] = CAUSE_NO_FORWARDING,
	[WALK_HOPS_SPENT] = CAUSE_TTL_EXPIRED,
};

static const struct hop *first_hop(const walk *w)
{
	return w->hops->len > 0 ? w->hops->pdata[0] : NULL;
}

static const struct hop *last_hop(const walk *w)
{
	return w->hops->len > 0 ? w->hops->pdata[w->hops->len - 1] : NULL;
}

/* --- routes ----------------------------------------------------------------------------------- */

static const struct prefix default_route = {.addr.family = AF_INET, .len = 0};
static const struct prefix default_route6 = {.addr.family = AF_INET6, .len = 0};

/* Where a route that is missing at `node` should lead: everywhere, when the node has no
 * default route and should have one for this (routers of the Internet have none); else to the
 * network of `dst`. */
static struct prefix missing_route(const struct evidence *e, const char *node,
				   const struct addr *dst)
{
	const struct node *n = model_node(e->model, node);
	bool one_way_out = n && n->interfaces->len < 2;

	if (n && (n->site || !n->forwarding) && !evidence_has_default(e, node, dst->family) &&
	    (one_way_out || !addr_is_private(dst)))
		return dst->family == AF_INET6 ? default_route6 : default_route;
	return model_prefix_of(e->model, dst);
}

static void set_missing_route(const struct evidence *e, struct finding *f, const char *node,
			      const struct hop *h)
{
	f->code = CAUSE_NO_ROUTE;
	f->node = g_strdup(node);
	f->prefix = missing_route(e, node, &h->dst);
	f->subject = subject_route(&f->prefix);
}

/* Whether the answer left its sender by another interface than the question came in by, or not
 * at all though the node has a default route. */
static bool leaves_wrongly(const struct evidence *e, const struct walk_pair *p)
{
	const struct hop *in = last_hop(p->forward), *out = first_hop(p->back);

	if (!in || !in->in || g_strcmp0(in->node, p->forward->node) != 0)
		return false;
	if (p->back->end == WALK_NO_ROUTE && g_strcmp0(p->back->node, in->node) == 0)
		return evidence_has_default(e, in->node, in->dst.family);
	return out && out->out && !g_str_equal(out->out, in->in);
}

static void set_return_cause(const struct evidence *e, struct finding *f, const struct walk_pair *p)
{
	const struct hop *in = last_hop(p->forward), *out = first_hop(p->back);
	char network[PREFIX_TEXT_MAX];

	f->code = CAUSE_RETURN_WRONG_EGRESS;
	f->node = g_strdup(in->node);
	f->prefix = model_prefix_of(e->model, &in->src);
	f->subject = subject_route(&f->prefix);
	prefix_print(&f->prefix, network);
	f->iface = g_strdup(in->in);
	if (out && out->out)
		f->why =
			g_strdup_printf("it has no route to %s by interface %s, where the question "
					"came in, so the answer leaves by interface %s; %s",
					network, in->in, out->out, p->back->why);
	else
		f->why =
			g_strdup_printf("it has no route to %s by interface %s, where the question "
					"came in, so no answer leaves it at all",
					network, in->in);
}

static bool uses_default_route(const struct hop *h)
{
	return h->to.addr.family != 0 && prefix_is_default(&h->to);
}

/* The hop of a node that used its default route though a neighbour by another interface knows
 * the way: what happens to the packet behind it is only the consequence.  NULL: there is none. */
static const struct hop *strayed_at(const struct evidence *e, const walk *w, struct gateway *ret)
{
	ptr_array_foreach(const struct hop, h, w->hops) {
		const struct node *n = model_node(e->model, h->node);
		struct prefix to = model_prefix_of(e->model, &h->dst);

		if (!n || !h->out || !uses_default_route(h) || !addr_is_private(&h->dst))
			continue;
		if (gateway_find(e->model, n, NULL, &to, ret) && !g_str_equal(ret->iface, h->out))
			return h;
	}
	return NULL;
}

/* Whether the link is down, and its routes gone with it. */
static bool is_down(const struct evidence *e, const char *node, const char *iface)
{
	const struct kernel_link *link = node_state_link(netstate_node(e->state, node), iface);

	return !link || !link->up;
}

static void set_lost_link(const struct evidence *e, struct finding *f, const struct hop *h,
			  const char *iface)
{
	const struct tunnel *t = model_tunnel_at(e->model, h->node, iface, NULL);

	f->code = t ? CAUSE_VPN_DOWN : CAUSE_LINK_DOWN;
	f->node = g_strdup(h->node);
	f->subject = t ? subject_tunnel(t) : subject_iface(model_node(e->model, h->node), iface);
	f->why = g_strdup_printf("%s of %s is down and took its routes away, so %s takes the "
				 "packets to %s",
				 iface, h->node,
				 uses_default_route(h) ? "the default route" : "a wider route",
				 h->out);
}

/* The one interface of a node that is down; NULL: it is up, or there are others. */
static const char *only_iface_down(const struct evidence *e, const struct node *n)
{
	const struct iface *iface = n->interfaces->len == 1 ? n->interfaces->pdata[0] : NULL;

	return iface && is_down(e, n->name, iface->name) ? iface->name : NULL;
}

/* The node's interface that is down and leads to where the hop sends, directly or by a gateway, by
 * a narrower route than the one that was taken instead; NULL: none. */
static const char *lost_iface(const struct evidence *e, const struct node *n, const struct hop *h)
{
	ptr_array_foreach(const struct iface, iface, n->interfaces) {
		const struct prefix *own[] = {&iface->network->subnet, &iface->network->subnet6};

		if (!is_down(e, n->name, iface->name))
			continue;
		for (guint i = 0; i < G_N_ELEMENTS(own); i++)
			if (own[i]->len > h->to.len && prefix_contains(own[i], &h->dst))
				return iface->name;
		ptr_array_foreach(const struct route, r, n->routes)
			if (r->to.len > h->to.len && prefix_contains(&r->to, &h->dst) &&
			    prefix_contains(&iface->network->subnet, &r->via))
				return iface->name;
	}
	return NULL;
}

static bool set_lost_iface(const struct evidence *e, struct finding *f, const walk *w)
{
	ptr_array_foreach(const struct hop, h, w->hops) {
		const struct node *n = h->to.addr.family ? model_node(e->model, h->node) : NULL;
		const char *iface = n ? lost_iface(e, n, h) : NULL;

		if (!iface)
			continue;
		set_lost_link(e, f, h, iface);
		return true;
	}
	return false;
}

/* A node that has no interface left has no route, whichever the file says. */
static bool set_lost_last_iface(const struct evidence *e, struct finding *f, const walk *w)
{
	const struct node *n = w->end == WALK_NO_ROUTE ? model_node(e->model, w->node) : NULL;
	const char *iface = n ? only_iface_down(e, n) : NULL;

	if (!iface)
		return false;
	f->code = CAUSE_LINK_DOWN;
	f->node = g_strdup(n->name);
	f->subject = subject_iface(n, iface);
	f->why = g_strdup_printf("%s of %s is down and took its routes away", iface, n->name);
	return true;
}

static bool set_strayed_cause(const struct evidence *e, struct finding *f, const walk *w)
{
	struct gateway g;
	const struct hop *h;
	char network[PREFIX_TEXT_MAX];

	if (set_lost_iface(e, f, w))
		return true;
	h = strayed_at(e, w, &g);
	if (!h)
		return false;
	if (is_down(e, h->node, g.iface)) {
		set_lost_link(e, f, h, g.iface);
		return true;
	}
	f->code = CAUSE_NO_ROUTE;
	f->node = g_strdup(h->node);
	f->prefix = model_prefix_of(e->model, &h->dst);
	f->subject = subject_route(&f->prefix);
	f->iface = g_strdup(g.iface);
	f->why = g_strdup_printf(
		"it has no route to %s by %s, so its default route takes the packets to %s; %s",
		prefix_print(&f->prefix, network), g.iface, h->out, w->why);
	return true;
}

/* A tunnel that carries its own packets carries none: the gateway has no route to the other one by
 * the interface that it sends them from. */
static bool set_tunnel_in_itself(const struct evidence *e, struct finding *f, const walk *w,
				 const struct hop *last)
{
	const struct node *n = model_node(e->model, w->node);
	char network[PREFIX_TEXT_MAX];

	if (w->end != WALK_LOOP || w->subject.kind != SUBJECT_TUNNEL || !n || !last)
		return false;
	ptr_array_foreach(const struct iface, i, n->interfaces) {
		if (!iface_has_address(i, &last->src))
			continue;
		f->code = CAUSE_NO_ROUTE;
		f->node = g_strdup(n->name);
		f->prefix = model_prefix_of(e->model, &last->dst);
		f->subject = subject_route(&f->prefix);
		f->iface = g_strdup(i->name);
		f->why = g_strdup_printf("it has no route to %s by %s; %s",
					 prefix_print(&f->prefix, network), i->name, w->why);
		return true;
	}
	return false;
}

/* The hop of the node in the loop whose neighbour by another interface knows the way. */
static const struct hop *turned_at(const struct evidence *e, const walk *w, struct gateway *ret)
{
	ptr_array_foreach(const struct hop, h, w->hops) {
		const struct node *n = model_node(e->model, h->node);
		struct prefix to = model_prefix_of(e->model, &h->dst);

		if (n && h->out && h->to.addr.family != 0 &&
		    gateway_find(e->model, n, NULL, &to, ret) && !g_str_equal(ret->iface, h->out))
			return h;
	}
	return NULL;
}

static void set_loop_cause(const struct evidence *e, struct finding *f, const walk *w)
{
	struct gateway g;
	const struct hop *h = turned_at(e, w, &g);

	f->code = CAUSE_ROUTE_LOOP;
	f->node = g_strdup(h ? h->node : w->node);
	f->subject = h ? subject_route(&h->to) : subject_copy(&w->subject);
	if (!h)
		return;
	f->table = h->table;
	f->prefix = model_prefix_of(e->model, &h->dst);
	f->iface = g_strdup(g.iface);
	f->why = g_strdup_printf("its route %s leads back; the right way is by %s; %s", h->route,
				 g.iface, w->why);
}

static void set_plain_cause(const struct evidence *e, struct finding *f, const walk *w)
{
	const struct hop *first = first_hop(w);

	f->code = codes[w->end];
	/* it is the sender that chose the TTL */
	f->node = g_strdup(first && w->end == WALK_HOPS_SPENT ? first->node : w->node);
	f->subject = subject_copy(&w->subject);
	if (w->end == WALK_RPF && last_hop(w)) {
		f->prefix = model_prefix_of(e->model, &last_hop(w)->src);
		f->iface = g_strdup(w->subject.name);
	}
}

/* The hop that sent the packet to a host which is no router, by a route; NULL: it came to a router
 * that forwards no more. */
static const struct hop *misled_at(const struct evidence *e, const walk *w)
{
	const struct node *n = model_node(e->model, w->node);
	const struct hop *before = w->hops->len > 1 ? w->hops->pdata[w->hops->len - 2] : NULL;

	return n && !n->forwarding && before && before->to.addr.family != 0 ? before : NULL;
}

static void set_host_cause(struct finding *f, const walk *w, const struct hop *before)
{
	f->code = CAUSE_NO_FORWARDING;
	f->node = g_strdup(before->node);
	f->subject = subject_route(&before->to);
	f->why = g_strdup_printf("its route %s leads to %s, which is a host: %s", before->route,
				 w->node, w->why);
}

/* Whether a node has the address on the network that the interface is on. */
static bool is_on_network_of(const model *m, const char *node, const char *iface,
			     const struct addr *a)
{
	const struct node *from = model_node(m, node);
	const struct iface *out = from && iface ? node_iface(from, iface) : NULL;

	ptr_array_foreach(const struct node, n, out ? m->nodes : NULL)
		ptr_array_foreach(const struct iface, f, n->interfaces)
			if (f->network == out->network && iface_has_address(f, a))
				return true;
	return false;
}

/* Where a firewall's policy drops what a route of the same node leads to a gateway that nobody is:
 * it would be lost without the firewall, too. */
static bool set_dead_gateway(const struct evidence *e, struct finding *f, const walk *w,
			     const struct hop *last)
{
	const struct addr *via = last ? &last->lookup.chosen.via : NULL;
	char text[ADDR_TEXT_MAX];

	if ((w->end != WALK_FILTERED && w->end != WALK_REJECTED) || !via || !last->lookup.made ||
	    w->subject.kind != SUBJECT_POLICY || !addr_is_set(via) ||
	    is_on_network_of(e->model, last->node, last->lookup.dev, via))
		return false;
	f->code = CAUSE_NEXT_HOP_DEAD;
	f->node = g_strdup(last->node);
	f->subject = subject_address(via);
	f->why = g_strdup_printf("its route %s leads to %s, which no node has; %s", last->route,
				 addr_print(via, text), w->why);
	return true;
}

static void set_walk_cause(const struct evidence *e, struct finding *f, const walk *w)
{
	const struct hop *before = w->end == WALK_NO_FORWARDING ? misled_at(e, w) : NULL;
	const struct hop *last = last_hop(w);

	if (last) {
		f->table = last->table;
		f->flow = (struct flow){.src = last->src,
					.dst = last->dst,
					.proto = f->flow.proto,
					.sport = last->sport,
					.dport = last->dport};
	}
	if (set_lost_last_iface(e, f, w) || set_tunnel_in_itself(e, f, w, last) ||
	    set_strayed_cause(e, f, w) || set_dead_gateway(e, f, w, last))
		return;
	if (w->end == WALK_NO_ROUTE && last)
		set_missing_route(e, f, w->node, last);
	else if (w->end == WALK_LOOP)
		set_loop_cause(e, f, w);
	else if (before)
		set_host_cause(f, w, before);
	else
		set_plain_cause(e, f, w);
	if (!f->why)
		f->why = g_strdup(w->why);
}

/* The protocol of the tunnel's own packets, as a firewall sees it. */
static enum ip_proto tunnel_proto(const struct tunnel *t)
{
	return tunnel_is_udp(t->kind) ? PROTO_UDP : PROTO_ANY;
}

/* A tunnel is down because its own packets are lost: their loss is the cause, the tunnel an
 * effect. */
static void set_tunnel_cause(const struct evidence *e, struct finding *f, const walk *w)
{
	set_walk_cause(e, f, w->under);
	if (last_hop(w->under))
		f->flow.proto = tunnel_proto(w->subject.tunnel);
	finding_add_effect(f, CAUSE_VPN_DOWN, w->node, &w->subject, w->why);
}

/* --- all together ----------------------------------------------------------------------------- */

void cause_of_end(const struct evidence *e, finding *f, const struct walk_pair *p, const walk *w,
		  enum ip_proto proto)
{
	f->flow.proto = proto;
	if (cause_untranslated(e, f, p->forward))
		return;
	if (w == p->back && leaves_wrongly(e, p))
		set_return_cause(e, f, p);
	else if (w->under)
		set_tunnel_cause(e, f, w);
	else
		set_walk_cause(e, f, w);
	if (w == p->back && !cause_no_state(e, f, p->forward, w))
		cause_answer_strays(e, f, p->forward, w);
	if (w == p->back && !f->iface && g_strcmp0(f->node, p->forward->node) == 0 &&
	    last_hop(p->forward))
		f->iface = g_strdup(last_hop(p->forward)->in);
	f->direction = w == p->forward ? DIRECTION_THERE : DIRECTION_BACK;
}
