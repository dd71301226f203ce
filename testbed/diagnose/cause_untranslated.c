/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_untranslated.h"

/* Addresses that fewer may use: of everybody (0), of a provider's network (RFC 6598), of a network
 * alone (RFC 1918). */
static int privacy(const struct addr *a)
{
	static const struct prefix shared = {.addr = {.family = AF_INET, .bytes = {100, 64}},
					     .len = 10};

	return !addr_is_private(a) ? 0 : prefix_contains(&shared, a) ? 1 : 2;
}

/* Whether the router is meant to carry such addresses: it is on a network of them, or has a route
 * to one. */
static bool carries(const struct node *router, int wanted)
{
	ptr_array_foreach(const struct iface, iface, router->interfaces)
		if (iface->network->subnet.addr.family == AF_INET &&
		    privacy(&iface->network->subnet.addr) >= wanted)
			return true;
	ptr_array_foreach(const struct route, r, router->routes)
		if (r->to.addr.family == AF_INET && !prefix_is_default(&r->to) &&
		    privacy(&r->to.addr) >= wanted)
			return true;
	return false;
}

/* Of what comes from that interface, and leaves by another one. */
static bool translates(const struct nat_rule *r, const struct iface *from, const struct addr *a)
{
	if (g_strcmp0(r->out_iface, from->name) == 0)
		return false;
	array_foreach(const struct prefix, p, r->src)
		if (prefix_contains(p, a))
			return true;
	return r->kind == NAT_MASQUERADE && r->src->len == 0;
}

/* Whether another router on the network that the packet came from has a NAT for it: then it was the
 * way that is wrong. */
static bool others_translate(const model *m, const struct node *router, const char *in,
			     const struct addr *src)
{
	const struct iface *from = in ? node_iface(router, in) : NULL;

	ptr_array_foreach(const struct node, n, m->nodes)
		ptr_array_foreach(const struct iface, iface, n->interfaces)
			if (from && n != router && iface->network == from->network)
				ptr_array_foreach(const struct nat_rule, r, n->nat)
					if (translates(r, iface, src))
						return true;
	return false;
}

static bool is_untranslated(const model *m, const struct hop *h, const struct hop *next)
{
	const struct node *router = model_node(m, h->node), *after = model_node(m, next->node);
	const struct iface *out = router && h->out ? node_iface(router, h->out) : NULL;

	return out && after && after->forwarding && h->in && h->src.family == AF_INET &&
	       privacy(&h->dst) == 0 && privacy(&h->src) > privacy(&out->network->subnet.addr) &&
	       !carries(after, privacy(&h->src)) && !others_translate(m, router, h->in, &h->src);
}

/* The hop that sent it so, before the last one; -1: none did. */
static gint untranslated_at(const model *m, const walk *question)
{
	for (guint i = 0; i + 1 < question->hops->len; i++)
		if (is_untranslated(m, question->hops->pdata[i], question->hops->pdata[i + 1]))
			return (gint)i;
	return -1;
}

bool cause_is_untranslated(const struct evidence *e, const walk *question)
{
	return untranslated_at(e->model, question) >= 0;
}

bool cause_untranslated(const struct evidence *e, struct finding *f, const walk *question)
{
	gint i = untranslated_at(e->model, question);
	const struct hop *h, *next;
	char src[ADDR_TEXT_MAX];

	if (i < 0)
		return false;
	h = question->hops->pdata[i];
	next = question->hops->pdata[i + 1];
	f->code = CAUSE_NAT_MISSING;
	f->node = g_strdup(h->node);
	f->iface = g_strdup(h->out);
	f->subject = subject_iface(model_node(e->model, h->node), h->out);
	f->prefix = model_prefix_of(e->model, &h->src);
	f->direction = DIRECTION_THERE;
	f->why = g_strdup_printf("it sends packets of %s out by %s with that source, and %s, the "
				 "next router, knows no way back to it",
				 addr_print(&h->src, src), h->out, next->node);
	return true;
}
