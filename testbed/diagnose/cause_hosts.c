/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether two ends can talk without relays and NATs, by any of their addresses. */
#include "testbed/diagnose/cause_rules.h"

/* Without NAT both directions must arrive, as an answer comes from the address that was asked. */
static bool addresses_cannot_meet(const struct evidence *e, struct finding *f, const struct node *a,
				  const struct addr *of_a, const struct node *b,
				  const struct addr *of_b)
{
	struct flow there = cause_udp_flow(a->name, of_a, of_b),
		    back = cause_udp_flow(b->name, of_b, of_a);

	return cause_fewer_meet(e, f, &there, &back, 2);
}

/* Whether packets of both directions arrive, while both are sent. */
static bool addresses_meet(const struct evidence *e, const struct node *a, const struct addr *of_a,
			   const struct node *b, const struct addr *of_b)
{
	struct flow there = cause_udp_flow(a->name, of_a, of_b),
		    back = cause_udp_flow(b->name, of_b, of_a);
	struct walk_pair *to = e->meet(e->net, &there, &back),
			 *from = e->meet(e->net, &back, &there);
	bool meet = to->forward->end == WALK_DELIVERED && from->forward->end == WALK_DELIVERED;

	walk_pair_free(to);
	walk_pair_free(from);
	return meet;
}

static void add_once(GArray *addresses, const struct addr *a)
{
	for (guint i = 0; i < addresses->len; i++) {
		if (addr_equal(&g_array_index(addresses, struct addr, i), a))
			return;
	}
	if (addr_is_set(a))
		g_array_append_val(addresses, *a);
}

/* The addresses at which an end can be met without NAT: its host candidates, or where it has
 * reported none, its own by the file.  IPv6 first: ICE prefers it, and no NAT is in its way. */
static GArray *host_addresses(const struct evidence *e, const struct node *n)
{
	static const int families[] = {AF_INET6, AF_INET};
	const struct addr own[] = {node_address6(n), node_address(n)};
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct addr));
	struct addr a;

	for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
		for (const struct heard *h = NULL;
		     (h = evidence_event(e, n->name, EVENT_CANDIDATE, h));) {
			const char *text = member_text(h->event, "address");

			if (g_strcmp0(member_text(h->event, "side"), "local") == 0 &&
			    g_strcmp0(member_text(h->event, "type"), "host") == 0 && text &&
			    addr_parse(text, &a) && a.family == families[i])
				add_once(all, &a);
		}
	}
	for (guint i = 0; all->len == 0 && i < G_N_ELEMENTS(own); i++)
		add_once(all, &own[i]);
	return all;
}

/* Whether the packet left for the Internet: by an interface whose network belongs to no site. */
static bool goes_outside(const struct evidence *e, const walk *w)
{
	ptr_array_foreach(const struct hop, h, w->hops) {
		const struct node *n = model_node(e->model, h->node);
		const struct iface *out = n && h->out ? node_iface(n, h->out) : NULL;

		if (h->nat || (out && !out->network->site))
			return true;
	}
	return false;
}

/* Whether the address is in a network that others have, too: no route of the company leads there.
 */
static bool is_private_to(const struct node *n, const struct addr *a)
{
	ptr_array_foreach(const struct iface, f, n->interfaces)
		if (iface_has_address(f, a))
			return f->network->reusable;
	return false;
}

/* Whether packets get from one address to the other without NAT and without the Internet, as far
 * as routes say: then the ends should talk directly, whatever a firewall does. */
static bool is_routed(const struct evidence *e, const struct node *a, const struct addr *of_a,
		      const struct node *b, const struct addr *of_b)
{
	struct flow flow = cause_udp_flow(a->name, of_a, of_b);
	struct walk_pair *w = e->walk(e->net, &flow);
	const struct node *last = w->forward->node ? model_node(e->model, w->forward->node) : NULL;
	bool arrives = w->forward->end == WALK_DELIVERED;
	bool routed = last && (arrives ? last == b :
					 !goes_outside(e, w->forward) && !is_private_to(b, of_b));

	walk_pair_free(w);
	return routed;
}

bool cause_hosts_cannot_meet(const struct evidence *e, struct finding *f, const struct node *a,
			     const struct node *b, enum pairs pairs)
{
	g_autoptr(GArray) of_a = host_addresses(e, a), of_b = host_addresses(e, b);
	bool found = false;

	if (!e->state || !e->meet)
		return false;
	for (guint i = 0; i < of_a->len * of_b->len; i++) {
		const struct addr *x = &g_array_index(of_a, struct addr, i / of_b->len);
		const struct addr *y = &g_array_index(of_b, struct addr, i % of_b->len);

		if (x->family == y->family && addresses_meet(e, a, x, b, y))
			return false;
	}
	for (guint i = 0; i < of_a->len * of_b->len && !found; i++) {
		const struct addr *x = &g_array_index(of_a, struct addr, i / of_b->len);
		const struct addr *y = &g_array_index(of_b, struct addr, i % of_b->len);

		found = x->family == y->family &&
			(pairs == PAIRS_ALL || is_routed(e, a, x, b, y)) &&
			addresses_cannot_meet(e, f, a, x, b, y);
	}
	return found;
}

bool cause_look_at_hosts(const struct evidence *e, struct finding *f, const struct node *a,
			 const struct node *b)
{
	g_autoptr(GArray) of_a = host_addresses(e, a), of_b = host_addresses(e, b);

	for (guint i = 0; e->state && e->meet && i < of_a->len * of_b->len; i++) {
		const struct addr *x = &g_array_index(of_a, struct addr, i / of_b->len);
		const struct addr *y = &g_array_index(of_b, struct addr, i % of_b->len);
		struct flow there = cause_udp_flow(a->name, x, y),
			    back = cause_udp_flow(b->name, y, x);

		if (x->family != y->family || !addresses_meet(e, a, x, b, y))
			continue;
		cause_look(e, f, &there, g_strdup_printf("%s to %s", a->name, b->name));
		cause_look(e, f, &back, g_strdup_printf("%s to %s", b->name, a->name));
		return true;
	}
	return false;
}

/* Whether packets arrive without NAT and without the Internet. */
static bool arrives_directly(const struct evidence *e, const struct node *a,
			     const struct addr *of_a, const struct node *b, const struct addr *of_b)
{
	struct flow flow = cause_udp_flow(a->name, of_a, of_b);
	struct walk_pair *w = e->walk(e->net, &flow);
	bool arrives = w->forward->end == WALK_DELIVERED &&
		       g_strcmp0(w->forward->node, b->name) == 0 && !goes_outside(e, w->forward);

	walk_pair_free(w);
	return arrives;
}

bool cause_hosts_half_meet(const struct evidence *e, const struct node *a, const struct node *b)
{
	g_autoptr(GArray) of_a = host_addresses(e, a), of_b = host_addresses(e, b);

	for (guint i = 0; i < of_a->len * of_b->len; i++) {
		const struct addr *x = &g_array_index(of_a, struct addr, i / of_b->len);
		const struct addr *y = &g_array_index(of_b, struct addr, i % of_b->len);

		if (x->family == y->family &&
		    (arrives_directly(e, a, x, b, y) || arrives_directly(e, b, y, a, x)))
			return true;
	}
	return false;
}
