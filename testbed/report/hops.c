#include "testbed/report/hops.h"

#include <string.h>

#define FOREIGN_SHARE 10 /* one packet of so many may be none of the tunnel's */

static const char *const counters[] = {"rx_packets", "rx_bytes", "tx_packets", "tx_bytes"};

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

/* What an interface carried meanwhile; one that is new counts from nothing. */
static json_t *carried(const json_t *before, const json_t *link, const char *node)
{
	const json_t *then = link_of(before, node, text(link, "name"));
	json_t *o = json_pack("{s:s, s:s}", "node", node, "interface", text(link, "name"));

	for (gsize i = 0; i < G_N_ELEMENTS(counters); i++)
		json_object_set_new(o, counters[i], json_integer(number(link, counters[i]) - number(then, counters[i])));
	return o;
}

static json_t *hops_of(const model *m, const json_t *before, const json_t *after, guint64 packets)
{
	json_t *hops = json_array();

	for (guint i = 0; i < m->nodes->len; i++) {
		const char *node = ((const struct node *)m->nodes->pdata[i])->name;
		const json_t *links = json_object_get(json_object_get(after, node), "links");

		for (size_t k = 0; k < json_array_size(links); k++) {
			json_t *hop = carried(before, json_array_get(links, k), node);
			json_int_t n = number(hop, "rx_packets") + number(hop, "tx_packets");

			if (n >= (json_int_t)MAX(packets / 2, 1))
				json_array_append(hops, hop);
			json_decref(hop);
		}
	}
	return hops;
}

static const json_t *find(const json_t *hops, const char *node, const char *name)
{
	for (size_t i = 0; i < json_array_size(hops); i++) {
		const json_t *hop = json_array_get(hops, i);

		if (strcmp(text(hop, "node"), node) == 0 && strcmp(text(hop, "interface"), name) == 0)
			return hop;
	}
	return NULL;
}

/* Name of the interface that has the address; NULL: none. */
static const char *underlay_of(const json_t *after, const struct tunnel_end *end)
{
	const json_t *links = json_object_get(json_object_get(after, end->node_name), "links");
	char address[ADDR_TEXT_MAX];

	addr_print(&end->underlay, address);
	for (size_t i = 0; i < json_array_size(links); i++) {
		const json_t *link = json_array_get(links, i), *list = json_object_get(link, "addresses");

		for (size_t k = 0; k < json_array_size(list); k++) {
			const char *one = json_string_value(json_array_get(list, k));

			if (one && strncmp(one, address, strlen(address)) == 0 && strchr("/", one[strlen(address)]))
				return text(link, "name");
		}
	}
	return NULL;
}

static void add_end(json_t *list, const struct tunnel *t, const struct tunnel_end *end, const json_t *hops, const json_t *after)
{
	const char *underlay = underlay_of(after, end);
	const json_t *inner = find(hops, end->node_name, end->iface);
	const json_t *outer = underlay ? find(hops, end->node_name, underlay) : NULL;
	json_int_t packets = number(inner, "tx_packets"), bytes = number(inner, "tx_bytes");
	json_int_t more = number(outer, "tx_bytes") - bytes;

	if (!outer || packets == 0 || number(outer, "tx_packets") - packets > packets / FOREIGN_SHARE)
		return;
	json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:f}", "tunnel", t->name, "node",
					      end->node_name, "interface", end->iface, "underlay", underlay, "packets", packets,
					      "inner_bytes", bytes, "outer_bytes", number(outer, "tx_bytes"), "overhead_bytes", more,
					      "overhead_pct", 100.0 * (double)more / (double)bytes));
}

json_t *report_hops(const model *m, const json_t *before, const json_t *after, guint64 packets)
{
	json_t *hops = hops_of(m, before, after, packets), *tunnels = json_array();

	for (guint i = 0; i < m->tunnels->len; i++) {
		const struct tunnel *t = m->tunnels->pdata[i];

		for (int end = 0; end < 2; end++)
			add_end(tunnels, t, &t->ends[end], hops, after);
	}
	return json_pack("{s:o, s:o}", "hops", hops, "tunnels", tunnels);
}

void report_hops_text(const json_t *o, GString *out)
{
	const json_t *hops = json_object_get(o, "hops"), *tunnels = json_object_get(o, "tunnels");

	for (size_t i = 0; i < json_array_size(hops); i++) {
		const json_t *hop = json_array_get(hops, i);
		g_autofree char *where = g_strconcat(text(hop, "node"), ":", text(hop, "interface"), NULL);

		g_string_append_printf(out, "%s%-22s in %6lld bytes (%lld packets), out %6lld (%lld)\n",
				       i == 0 ? "wire     " : "         ", where, (long long)number(hop, "rx_bytes"),
				       (long long)number(hop, "rx_packets"), (long long)number(hop, "tx_bytes"),
				       (long long)number(hop, "tx_packets"));
	}
	for (size_t i = 0; i < json_array_size(tunnels); i++) {
		const json_t *t = json_array_get(tunnels, i);

		g_string_append_printf(out, "tunnel   %s sends %lld packets: %lld bytes inside, %lld by %s: %lld (%.1f %%) more\n",
				       text(t, "node"), (long long)number(t, "packets"), (long long)number(t, "inner_bytes"),
				       (long long)number(t, "outer_bytes"), text(t, "underlay"),
				       (long long)number(t, "overhead_bytes"),
				       json_number_value(json_object_get(t, "overhead_pct")));
	}
}
