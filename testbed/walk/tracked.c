/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/walk/tracked.h"

/* --- from the state --------------------------------------------------------------------------- */

GPtrArray *tracked_of(const netstate *state, const char *node)
{
	GPtrArray *all = g_ptr_array_new();

	ptr_array_foreach(const node_state, n, state ? state->nodes : NULL) {
		if (node && !g_str_equal(node, n->name))
			continue;
		for (guint k = 0; n->sessions && k < n->sessions->len; k++)
			g_ptr_array_add(all, &g_array_index(n->sessions, struct tracked, k));
	}
	return all;
}

bool tracked_is_whole(const netstate *state, const char *node)
{
	const node_state *n = netstate_node(state, node);

	return n && n->sessions && n->sessions_left_out == 0;
}

/* --- whose packets ---------------------------------------------------------------------------- */

static bool is_proto(const struct tracked *t, enum ip_proto proto)
{
	static const uint8_t numbers[] = {
		[PROTO_TCP] = IPPROTO_TCP, [PROTO_UDP] = IPPROTO_UDP, [PROTO_ICMP] = IPPROTO_ICMP};

	return proto == PROTO_ANY || t->proto == numbers[proto];
}

static bool fits(uint16_t wanted, uint16_t port)
{
	return wanted == 0 || wanted == port;
}

bool tracked_asks(const struct tracked *t, const struct flow *packet)
{
	return is_proto(t, packet->proto) && addr_equal(&t->src, &packet->src) &&
	       addr_equal(&t->dst, &packet->dst) && fits(packet->sport, t->sport) &&
	       fits(packet->dport, t->dport);
}

bool tracked_has(const struct tracked *t, const struct flow *packet)
{
	return tracked_asks(t, packet) ||
	       (is_proto(t, packet->proto) && addr_equal(&t->reply_src, &packet->src) &&
		addr_equal(&t->reply_dst, &packet->dst) && fits(packet->sport, t->reply_sport) &&
		fits(packet->dport, t->reply_dport));
}

/* --- for people ------------------------------------------------------------------------------- */

static const char *end_text(const struct addr *a, uint16_t port,
			    char buf[static ADDR_PORT_TEXT_MAX])
{
	return port != 0 ? addr_port_print(a, port, buf) : addr_print(a, buf);
}

char *tracked_text(const struct tracked *t)
{
	char from[ADDR_PORT_TEXT_MAX], to[ADDR_PORT_TEXT_MAX], proto[KERNEL_WORD_MAX];

	return g_strdup_printf("%s %s -> %s", ip_protocol_name(t->proto, proto),
			       end_text(&t->src, t->sport, from), end_text(&t->dst, t->dport, to));
}

char *tracked_nat_text(const struct tracked *t)
{
	bool source = !addr_equal(&t->src, &t->reply_dst) || t->sport != t->reply_dport;
	bool destination = !addr_equal(&t->dst, &t->reply_src) || t->dport != t->reply_sport;
	char outside[ADDR_PORT_TEXT_MAX], inside[ADDR_PORT_TEXT_MAX];

	if (!source && !destination)
		return NULL;
	end_text(&t->reply_dst, t->reply_dport, outside);
	end_text(&t->reply_src, t->reply_sport, inside);
	return g_strdup_printf("%s%s%s%s%s", source ? "outside " : "", source ? outside : "",
			       source && destination ? ", " : "", destination ? "led to " : "",
			       destination ? inside : "");
}
