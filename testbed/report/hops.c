/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/hops.h"

#include <net/ethernet.h>
#include <string.h>

#define FOREIGN_SHARE 10 /* one packet of so many may be none of the tunnel's */

static json_int_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
	const char *value = json_string_value(json_object_get(o, key));

	return value ? value : "";
}

static const json_t *link_of(const json_t *state, const char *node, const char *name)
{
	const json_t *links = json_object_get(json_object_get(state, node), "links");

	for (size_t i = 0; i < json_array_size(links); i++)
		if (strcmp(text(json_array_get(links, i), "name"), name) == 0)
			return json_array_get(links, i);
	return NULL;
}

/* What a counter went up by; an interface that is new counts from nothing. */
static guint64 more(const json_t *then, const json_t *now, const char *counter)
{
	json_int_t by = number(now, counter) - number(then, counter);

	return by > 0 ? (guint64)by : 0;
}

static struct cell_hop *carried(const json_t *before, const json_t *link, const char *node)
{
	const json_t *then = link_of(before, node, text(link, "name"));
	struct cell_hop *h = g_new0(struct cell_hop, 1);

	h->node = g_strdup(node);
	h->iface = g_strdup(text(link, "name"));
	h->rx_packets = more(then, link, "rx_packets");
	h->rx_bytes = more(then, link, "rx_bytes");
	h->tx_packets = more(then, link, "tx_packets");
	h->tx_bytes = more(then, link, "tx_bytes");
	return h;
}

static GPtrArray *hops_of(const model *m, const json_t *before, const json_t *after,
			  guint64 packets)
{
	GPtrArray *hops = g_ptr_array_new_with_free_func(cell_hop_free);

	for (guint i = 0; i < m->nodes->len; i++) {
		const char *node = ((const struct node *)m->nodes->pdata[i])->name;
		const json_t *links = json_object_get(json_object_get(after, node), "links");

		for (size_t k = 0; k < json_array_size(links); k++) {
			struct cell_hop *h = carried(before, json_array_get(links, k), node);

			if (h->rx_packets + h->tx_packets >= MAX(packets / 2, 1))
				g_ptr_array_add(hops, h);
			else
				cell_hop_free(h);
		}
	}
	return hops;
}

static const struct cell_hop *find(const GPtrArray *hops, const char *node, const char *iface)
{
	for (guint i = 0; i < hops->len; i++) {
		const struct cell_hop *h = hops->pdata[i];

		if (strcmp(h->node, node) == 0 && strcmp(h->iface, iface) == 0)
			return h;
	}
	return NULL;
}

/* What a hop sent, as IP packets. */
static guint64 sent_ip_bytes(const json_t *after, const struct cell_hop *h)
{
	bool ethernet =
		json_is_true(json_object_get(link_of(after, h->node, h->iface), "ethernet"));
	guint64 headers = ethernet ? h->tx_packets * ETHER_HDR_LEN : 0;

	return h->tx_bytes > headers ? h->tx_bytes - headers : 0;
}

/* Name of the interface that has the address; NULL: none. */
static const char *underlay_of(const json_t *after, const struct tunnel_end *end)
{
	const json_t *links = json_object_get(json_object_get(after, end->node_name), "links");
	char address[ADDR_TEXT_MAX];

	addr_print(&end->underlay, address);
	for (size_t i = 0; i < json_array_size(links); i++) {
		const json_t *link = json_array_get(links, i),
			     *list = json_object_get(link, "addresses");

		for (size_t k = 0; k < json_array_size(list); k++) {
			const char *one = json_string_value(json_array_get(list, k));

			if (one && strncmp(one, address, strlen(address)) == 0 &&
			    strchr("/", one[strlen(address)]))
				return text(link, "name");
		}
	}
	return NULL;
}

static void add_end(struct cell *c, const struct tunnel *t, const struct tunnel_end *end,
		    const json_t *after)
{
	const char *underlay = underlay_of(after, end);
	const struct cell_hop *inner = find(c->hops, end->node_name, end->iface);
	const struct cell_hop *outer = underlay ? find(c->hops, end->node_name, underlay) : NULL;
	guint64 inside = inner ? sent_ip_bytes(after, inner) : 0,
		outside = outer ? sent_ip_bytes(after, outer) : 0;
	struct cell_tunnel *one;

	if (!inner || !outer || inner->tx_packets == 0 || outside < inside ||
	    outer->tx_packets > inner->tx_packets + inner->tx_packets / FOREIGN_SHARE)
		return;
	one = g_new0(struct cell_tunnel, 1);
	one->tunnel = g_strdup(t->name);
	one->node = g_strdup(end->node_name);
	one->iface = g_strdup(end->iface);
	one->underlay = g_strdup(underlay);
	one->packets = inner->tx_packets;
	one->inner_bytes = inside;
	one->outer_bytes = outside;
	g_ptr_array_add(c->tunnels, one);
}

void report_hops(struct cell *c, const model *m, const json_t *before, const json_t *after)
{
	g_clear_pointer(&c->hops, g_ptr_array_unref);
	g_clear_pointer(&c->tunnels, g_ptr_array_unref);
	c->hops = hops_of(m, before, after, c->quality.sent);
	c->tunnels = g_ptr_array_new_with_free_func(cell_tunnel_free);
	for (guint i = 0; i < m->tunnels->len; i++) {
		const struct tunnel *t = m->tunnels->pdata[i];

		for (int end = 0; end < 2; end++)
			add_end(c, t, &t->ends[end], after);
	}
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
	for (guint i = 0; c->tunnels && i < c->tunnels->len; i++) {
		const struct cell_tunnel *t = c->tunnels->pdata[i];

		g_string_append_printf(out,
				       "tunnel   %s by %s: %" G_GUINT64_FORMAT
				       " packets, %" G_GUINT64_FORMAT
				       " bytes become %" G_GUINT64_FORMAT " (+%.1f %%)\n",
				       t->node, t->underlay, t->packets, t->inner_bytes,
				       t->outer_bytes, report_overhead_pct(t));
	}
}
