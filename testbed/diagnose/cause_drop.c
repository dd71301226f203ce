/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_drop.h"

/* A packet as it is on its way to where the walk ends. */
struct wire {
	const char *node, *iface;
	const struct hop *from; /* the hop before: addresses and ports as it leaves there */
};

static bool is_between(const struct wire *x, const struct sighting *s)
{
	return !s->out && g_str_equal(s->node, x->node) && g_str_equal(s->iface, x->iface) &&
	       addr_equal(&s->src, &x->from->src) && addr_equal(&s->dst, &x->from->dst);
}

static bool is_to_port(const struct wire *x, const struct sighting *s)
{
	return x->from->dport == 0 || x->from->dport == CLIENT_PORT || s->dport == x->from->dport;
}

/* What of the packets that came there was captured. */
struct captured {
	guint any;   /* between the two addresses, whatever their ports */
	guint came;  /* to the port of the walk */
	guint ended; /* of these, not seen any more behind it */
};

static struct captured count_packets(const struct wire *x, const journeys *all)
{
	struct captured n = {0};

	ptr_array_foreach(const struct journey, j, all->list) {
		for (guint i = 0; i < j->n; i++) {
			if (!is_between(x, j->at[i]))
				continue;
			n.any++;
			n.came += is_to_port(x, j->at[i]);
			n.ended += is_to_port(x, j->at[i]) && i + 1 == j->n;
		}
	}
	return n;
}

char *cause_counter(const walk *w)
{
	const char *counter = subject_counter(&w->subject);

	return g_strconcat(counter ? counter : "",
			   w->end == WALK_INSPECTED ? INSPECTION_COUNTER : NULL, NULL);
}

/* By its counter; true, too, where the counter is not told. */
static bool counted(const struct evidence *e, const walk *w)
{
	const node_state *n = netstate_node(e->state, w->node);
	g_autofree char *counter = cause_counter(w);
	bool told = false;

	if (!n || !*counter)
		return true;
	array_foreach(const struct rule_counter, c, n->rule_counters) {
		if (!g_str_equal(c->name, counter))
			continue;
		told = true;
		if (c->packets > 0)
			return true;
	}
	return !told;
}

static bool firewall_did_drop(const struct evidence *e, const walk *w, bool in_tunnel)
{
	const struct hop *last = w->hops->len > 1 ? w->hops->pdata[w->hops->len - 1] : NULL;
	struct wire x = {.node = w->node};
	struct captured n;

	if (!last || !last->in || g_strcmp0(last->node, w->node) != 0 || !e->packets)
		return counted(e, w);
	x.iface = last->in;
	x.from = w->hops->pdata[w->hops->len - 2];
	n = count_packets(&x, e->packets);
	if (n.ended > 0)
		return true;
	/* a counter tells of other packets, too: none of these came, or all went on */
	if (e->packets->lost == 0 && (n.came > 0 || (n.any == 0 && !in_tunnel)))
		return false;
	return counted(e, w);
}

bool cause_did_drop(const struct evidence *e, const walk *w)
{
	const walk *end = w->under ? w->under : w;

	return (end->end != WALK_FILTERED && end->end != WALK_REJECTED &&
		end->end != WALK_INSPECTED) ||
	       firewall_did_drop(e, end, w->under != NULL);
}
