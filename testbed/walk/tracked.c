/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/walk/tracked.h"

/* --- from the state --------------------------------------------------------------------------- */

static bool read_end(const json_t *item, const char *address, const char *port, struct addr *ret,
		     uint16_t *ret_port)
{
	const char *text = json_string_value(json_object_get(item, address));

	*ret_port = (uint16_t)json_integer_value(json_object_get(item, port));
	return text && addr_parse(text, ret);
}

static struct tracked *read_one(const char *node, const json_t *item)
{
	struct tracked *t = g_new0(struct tracked, 1);

	t->node = node;
	t->item = item;
	t->proto = json_string_value(json_object_get(item, "proto"));
	t->state = json_string_value(json_object_get(item, "state"));
	t->replied = json_is_true(json_object_get(item, "replied"));
	t->assured = json_is_true(json_object_get(item, "assured"));
	t->timeout_s = json_integer_value(json_object_get(item, "timeout_s"));
	if (t->proto && read_end(item, "src", "sport", &t->src, &t->sport) &&
	    read_end(item, "dst", "dport", &t->dst, &t->dport) &&
	    read_end(item, "reply_src", "reply_sport", &t->reply_src, &t->reply_sport) &&
	    read_end(item, "reply_dst", "reply_dport", &t->reply_dst, &t->reply_dport))
		return t;
	g_free(t);
	return NULL;
}

GPtrArray *tracked_of(const json_t *state, const char *node)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	const char *name;
	json_t *one;

	json_object_foreach(json_object_get(state, "nodes"), name, one) {
		const json_t *item;
		size_t i;

		if (node && !g_str_equal(node, name))
			continue;
		json_array_foreach(json_object_get(one, "conntrack"), i, item) {
			struct tracked *t = read_one(name, item);

			if (t)
				g_ptr_array_add(all, t);
		}
	}
	return all;
}

bool tracked_is_whole(const json_t *state, const char *node)
{
	const json_t *one = json_object_get(json_object_get(state, "nodes"), node);

	return json_is_array(json_object_get(one, "conntrack")) &&
	       !json_object_get(one, "conntrack_left_out");
}

/* --- whose packets ---------------------------------------------------------------------------- */

static bool is_proto(const struct tracked *t, enum ip_proto proto)
{
	static const char *const names[] = {[PROTO_ANY] = NULL,
					    [PROTO_TCP] = "tcp",
					    [PROTO_UDP] = "udp",
					    [PROTO_ICMP] = "icmp"};

	return !names[proto] || g_str_equal(t->proto, names[proto]);
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
	char from[ADDR_PORT_TEXT_MAX], to[ADDR_PORT_TEXT_MAX];

	return g_strdup_printf("%s %s -> %s", t->proto, end_text(&t->src, t->sport, from),
			       end_text(&t->dst, t->dport, to));
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
