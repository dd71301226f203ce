/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/hops.h"

#include <net/ethernet.h>
#include <string.h>

#define FOREIGN_SHARE 10 /* one of so many packets may be outside the tunnel */

/* The increase of a counter; of a new interface, its value. */
static guint64 counter_delta(guint64 then, guint64 now)
{
	return now > then ? now - then : 0;
}

/* What an interface sent and received between two states; `before` NULL, or without it: all that it
 * has counted.  The caller frees it. */
static struct cell_hop *hop_new(const node_state *before, const struct kernel_link *link,
				const char *node)
{
	static const struct kernel_link new_link;
	const struct kernel_link *known = node_state_link(before, link->name),
				 *then = known ? known : &new_link;
	struct cell_hop *h = object_new(&cell_hop_shape);

	h->node = g_strdup(node);
	h->iface = g_strdup(link->name);
	h->rx_packets = counter_delta(then->rx_packets, link->rx_packets);
	h->rx_bytes = counter_delta(then->rx_bytes, link->rx_bytes);
	h->tx_packets = counter_delta(then->tx_packets, link->tx_packets);
	h->tx_bytes = counter_delta(then->tx_bytes, link->tx_bytes);
	return h;
}

/* The hops of a call that sent `packets`, in the model's order, as report_hops says; the caller
 * frees the list. */
static GPtrArray *hops_of(const model *m, const netstate *before, const netstate *after,
			  guint64 packets)
{
	GPtrArray *hops = g_ptr_array_new_with_free_func(object_free);

	for (guint i = 0; i < m->nodes->len; i++) {
		const char *node = ((const struct node *)m->nodes->pdata[i])->name;
		const node_state *then = netstate_node(before, node),
				 *now = netstate_node(after, node);

		for (guint k = 0; now && k < now->links->len; k++) {
			struct cell_hop *h = hop_new(
				then, &g_array_index(now->links, struct kernel_link, k), node);

			if (h->rx_packets + h->tx_packets >= MAX(packets / 2, 1))
				g_ptr_array_add(hops, h);
			else
				object_free(h);
		}
	}
	return hops;
}

/* The hop at that interface, borrowed; NULL: none. */
static const struct cell_hop *hop_find(const GPtrArray *hops, const char *node, const char *iface)
{
	ptr_array_foreach(const struct cell_hop, h, hops)
		if (strcmp(h->node, node) == 0 && strcmp(h->iface, iface) == 0)
			return h;
	return NULL;
}

/* The bytes of IP packets that a hop (NULL: 0) sent, without Ethernet headers. */
static guint64 sent_ip_bytes(const node_state *after, const struct cell_hop *h)
{
	const struct kernel_link *link = h ? node_state_link(after, h->iface) : NULL;
	guint64 headers = link && link->ethernet ? h->tx_packets * ETHER_HDR_LEN : 0;

	return h && h->tx_bytes > headers ? h->tx_bytes - headers : 0;
}

/* Adds one end of a tunnel to c->tunnels, if its overhead can be told. */
static void add_tunnel_end(struct cell *c, const struct tunnel *t, const struct tunnel_end *end,
			   const node_state *after)
{
	const struct kernel_link *underlay = node_state_owner(after, &end->underlay);
	const struct cell_hop *inner = hop_find(c->hops, end->node_name, end->iface),
			      *outer = underlay ?
					       hop_find(c->hops, end->node_name, underlay->name) :
					       NULL;
	guint64 inside = sent_ip_bytes(after, inner), outside = sent_ip_bytes(after, outer);
	struct cell_tunnel *one;

	if (!inner || !outer || inner->tx_packets == 0 || outside < inside ||
	    outer->tx_packets > inner->tx_packets + inner->tx_packets / FOREIGN_SHARE)
		return;
	one = object_new(&cell_tunnel_shape);
	one->tunnel = g_strdup(t->name);
	one->node = g_strdup(end->node_name);
	one->iface = g_strdup(end->iface);
	one->underlay = g_strdup(underlay->name);
	one->packets = inner->tx_packets;
	one->inner_bytes = inside;
	one->outer_bytes = outside;
	g_ptr_array_add(c->tunnels, one);
}

void report_hops(struct cell *c, const model *m, const netstate *before, const netstate *after)
{
	g_clear_pointer(&c->hops, g_ptr_array_unref);
	g_clear_pointer(&c->tunnels, g_ptr_array_unref);
	c->hops = hops_of(m, before, after, c->quality.sent);
	c->tunnels = g_ptr_array_new_with_free_func(object_free);
	ptr_array_foreach(const struct tunnel, t, m->tunnels)
		for (int end = 0; end < 2; end++)
			add_tunnel_end(c, t, &t->ends[end],
				       netstate_node(after, t->ends[end].node_name));
}

double report_overhead_pct(const struct cell_tunnel *t)
{
	return t->inner_bytes > 0 ? 100.0 * ((double)t->outer_bytes - (double)t->inner_bytes) /
					    (double)t->inner_bytes :
				    0;
}

void report_hops_text(const struct cell *c, GString *out)
{
	for (guint i = 0; c->hops && i < c->hops->len; i++) {
		const struct cell_hop *h = c->hops->pdata[i];
		g_autofree char *where = g_strconcat(h->node, ":", h->iface, NULL);

		g_string_append_printf(out,
				       "%s%-22s in %6" G_GUINT64_FORMAT " bytes (%" G_GUINT64_FORMAT
				       " packets), out %6" G_GUINT64_FORMAT " (%" G_GUINT64_FORMAT
				       ")\n",
				       i == 0 ? "wire     " : "         ", where, h->rx_bytes,
				       h->rx_packets, h->tx_bytes, h->tx_packets);
	}
	ptr_array_foreach(const struct cell_tunnel, t, c->tunnels)
		g_string_append_printf(out,
				       "tunnel   %s by %s: %" G_GUINT64_FORMAT
				       " packets, %" G_GUINT64_FORMAT
				       " bytes become %" G_GUINT64_FORMAT " (+%.1f %%)\n",
				       t->node, t->underlay, t->packets, t->inner_bytes,
				       t->outer_bytes, report_overhead_pct(t));
}
