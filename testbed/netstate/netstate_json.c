/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/netstate/netstate_json.h"

/* --- parts of objects: each says whether what is there can be read; what is missing can ------- */

static bool get_number(const json_t *o, const char *key, guint64 max, guint64 *ret)
{
	const json_t *value = json_object_get(o, key);
	bool fits = json_is_integer(value) && json_integer_value(value) >= 0 &&
		    (guint64)json_integer_value(value) <= max;

	*ret = fits ? (guint64)json_integer_value(value) : 0;
	return fits || !value;
}

static bool get_unsigned(const json_t *o, const char *key, unsigned *ret)
{
	guint64 value;
	bool ok = get_number(o, key, G_MAXUINT32, &value);

	*ret = (unsigned)value;
	return ok;
}

static bool get_port(const json_t *o, const char *key, uint16_t *ret)
{
	guint64 value;
	bool ok = get_number(o, key, G_MAXUINT16, &value);

	*ret = (uint16_t)value;
	return ok;
}

/* Of numbers that nothing depends on: 0, where they can't be read. */
static guint64 number_of(const json_t *o, const char *key)
{
	guint64 value;

	get_number(o, key, G_MAXINT64, &value);
	return value;
}

static const char *text_of(const json_t *o, const char *key)
{
	return member_text(o, key);
}

/* null stands for nothing, too. */
static bool get_text(const json_t *o, const char *key, node_state *n, const char **ret)
{
	const json_t *value = json_object_get(o, key);

	*ret = node_state_text(n, json_string_value(value));
	return !value || json_is_null(value) || json_is_string(value);
}

static bool get_addr(const json_t *o, const char *key, struct addr *ret)
{
	const json_t *value = json_object_get(o, key);

	*ret = (struct addr){.family = 0};
	return !value || json_is_null(value) ||
	       (json_is_string(value) && addr_parse(json_string_value(value), ret));
}

static bool get_prefix(const json_t *o, const char *key, struct prefix *ret)
{
	const json_t *value = json_object_get(o, key);

	*ret = (struct prefix){.len = 0};
	return !value || json_is_null(value) ||
	       (json_is_string(value) && prefix_parse(json_string_value(value), ret));
}

static bool need_addr(const json_t *o, const char *key, struct addr *ret)
{
	return get_addr(o, key, ret) && addr_is_set(ret);
}

static bool get_route_type(const json_t *o, enum kernel_route_type *ret)
{
	const json_t *value = json_object_get(o, "type");

	*ret = KERNEL_ROUTE_UNICAST;
	return !value ||
	       (json_is_string(value) && kernel_route_type_named(json_string_value(value), ret));
}

/* --- items of lists: false, where one can't be read ------------------------------------------- */

static void read_losses(const json_t *o, struct link_losses *ret)
{
	*ret = (struct link_losses){
		.told = json_is_object(o),
		.packets = number_of(o, "packets"),
		.lost = number_of(o, "lost"),
		.overflowed = number_of(o, "overflowed"),
	};
}

static bool read_link(const json_t *o, node_state *n, gpointer ret)
{
	struct kernel_link *link = ret;
	const json_t *address;
	struct prefix p;
	size_t i;

	link->addresses = g_array_new(FALSE, FALSE, sizeof(struct prefix));
	json_array_foreach(json_object_get(o, "addresses"), i, address)
		if (json_is_string(address) && prefix_parse(json_string_value(address), &p))
			g_array_append_val(link->addresses, p);
	link->up = member_true(o, "up");
	link->carrier = member_true(o, "carrier");
	link->ethernet = member_true(o, "ethernet");
	link->rx_packets = number_of(o, "rx_packets");
	link->rx_bytes = number_of(o, "rx_bytes");
	link->tx_packets = number_of(o, "tx_packets");
	link->tx_bytes = number_of(o, "tx_bytes");
	read_losses(json_object_get(o, "losses"), &link->losses);
	return get_text(o, "name", n, &link->name) && link->name &&
	       get_unsigned(o, "ifindex", &link->ifindex) &&
	       get_unsigned(o, "mtu", &link->mtu_bytes);
}

static bool read_route(const json_t *o, node_state *n, gpointer ret)
{
	struct kernel_route *r = ret;

	return get_prefix(o, "to", &r->to) && addr_is_set(&r->to.addr) &&
	       get_addr(o, "via", &r->via) && get_text(o, "dev", n, &r->dev) &&
	       get_unsigned(o, "table", &r->table) && get_unsigned(o, "metric", &r->metric) &&
	       get_route_type(o, &r->type);
}

static bool read_rule(const json_t *o, node_state *n, gpointer ret)
{
	struct kernel_rule *r = ret;
	const char *action = text_of(o, "action");

	r->family = member_is(o, "family", "inet6") ? AF_INET6 : AF_INET;
	return get_unsigned(o, "pref", &r->pref) && get_unsigned(o, "table", &r->table) &&
	       get_prefix(o, "from", &r->from) && get_text(o, "in", n, &r->in) && action &&
	       kernel_rule_action_named(action, &r->action);
}

static bool read_neighbour(const json_t *o, node_state *n, gpointer ret)
{
	struct kernel_neighbour *one = ret;
	const char *state = text_of(o, "state");

	return need_addr(o, "address", &one->address) && get_text(o, "dev", n, &one->dev) &&
	       state && neighbour_state_named(state, &one->state);
}

static bool read_rule_counter(const json_t *o, node_state *n, gpointer ret)
{
	struct rule_counter *c = ret;

	c->packets = number_of(o, "packets");
	c->bytes = number_of(o, "bytes");
	return get_text(o, "table", n, &c->table) && get_text(o, "chain", n, &c->chain) &&
	       get_text(o, "name", n, &c->name) && c->name;
}

static bool read_listener(const json_t *o, node_state *n G_GNUC_UNUSED, gpointer ret)
{
	struct kernel_listener *l = ret;
	const char *proto = text_of(o, "proto");

	l->proto = g_strcmp0(proto, "udp") == 0 ? PROTO_UDP : PROTO_TCP;
	return (l->proto == PROTO_UDP || g_strcmp0(proto, "tcp") == 0) &&
	       need_addr(o, "address", &l->address) && get_port(o, "port", &l->port);
}

static bool read_tracked(const json_t *o, node_state *n, gpointer ret)
{
	struct tracked *t = ret;
	const char *proto = text_of(o, "proto");

	t->node = n->name;
	t->proto = proto ? ip_protocol_named(proto) : 0;
	t->replied = member_true(o, "replied");
	t->assured = member_true(o, "assured");
	t->timeout_s = (gint64)number_of(o, "timeout_s");
	return t->proto != 0 && get_text(o, "state", n, &t->tcp_state) &&
	       need_addr(o, "src", &t->src) && get_port(o, "sport", &t->sport) &&
	       need_addr(o, "dst", &t->dst) && get_port(o, "dport", &t->dport) &&
	       need_addr(o, "reply_src", &t->reply_src) &&
	       get_port(o, "reply_sport", &t->reply_sport) &&
	       need_addr(o, "reply_dst", &t->reply_dst) &&
	       get_port(o, "reply_dport", &t->reply_dport);
}

static bool read_lookup(const json_t *o, node_state *n, gpointer ret)
{
	struct kernel_lookup *l = ret;
	const char *error = text_of(o, "error");

	if (!need_addr(o, "from", &l->from) || !need_addr(o, "to", &l->to) ||
	    !get_text(o, "in", n, &l->in))
		return false;
	l->error = error ? kernel_error_named(error) : 0;
	if (json_object_get(o, "error"))
		return l->error != 0;
	return get_prefix(o, "prefix", &l->prefix) && get_addr(o, "via", &l->via) &&
	       get_text(o, "dev", n, &l->dev) && get_unsigned(o, "table", &l->table) &&
	       get_route_type(o, &l->type);
}

/* --- one node --------------------------------------------------------------------------------- */

typedef bool (*item_reader)(const json_t *o, node_state *n, gpointer ret);

static void read_list(node_state *n, const json_t *list, GArray *to, item_reader func)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		g_array_set_size(to, to->len + 1);
		if (!func(item, n, to->data + (gsize)(to->len - 1) * g_array_get_element_size(to)))
			g_array_set_size(to, to->len - 1);
	}
}

/* NULL: it was not told. */
static GArray *read_optional(node_state *n, const json_t *list, gsize item_bytes, item_reader func)
{
	GArray *to = json_is_array(list) ? g_array_new(FALSE, TRUE, (guint)item_bytes) : NULL;

	if (to)
		read_list(n, list, to, func);
	return to;
}

static void read_counters(node_state *n, json_t *counters)
{
	const char *name;
	json_t *value;

	json_object_foreach(counters, name, value) {
		const struct kernel_counter c = {node_state_text(n, name),
						 json_integer_value(value)};

		if (json_is_integer(value))
			g_array_append_val(n->counters, c);
	}
}

static void read_sysctl(node_state *n, const json_t *sysctl)
{
	const json_t *rp_filter = json_object_get(sysctl, "rp_filter");

	n->ipv4_forward = number_of(sysctl, "ip_forward") != 0;
	n->ipv6_forward = number_of(sysctl, "ip6_forward") != 0;
	get_unsigned(rp_filter, "all", &n->rp_filter_all);
	array_foreach(struct kernel_link, link, n->links)
		get_unsigned(rp_filter, link->name, &link->rp_filter);
}

node_state *node_state_from_json(const char *name, const json_t *json)
{
	node_state *n = node_state_new(name);

	n->time_us = (gint64)number_of(json, "time_us");
	read_list(n, json_object_get(json, "links"), n->links, read_link);
	read_list(n, json_object_get(json, "routes"), n->routes, read_route);
	read_list(n, json_object_get(json, "rules"), n->rules, read_rule);
	read_list(n, json_object_get(json, "neighbours"), n->neighbours, read_neighbour);
	read_counters(n, json_object_get(json, "counters"));
	read_list(n, json_object_get(json, "nft"), n->rule_counters, read_rule_counter);
	read_sysctl(n, json_object_get(json, "sysctl"));
	n->listeners = read_optional(n, json_object_get(json, "listeners"),
				     sizeof(struct kernel_listener), read_listener);
	n->sessions = read_optional(n, json_object_get(json, "conntrack"), sizeof(struct tracked),
				    read_tracked);
	n->sessions_left_out = number_of(json, "conntrack_left_out");
	n->lookups = read_optional(n, json_object_get(json, "lookups"),
				   sizeof(struct kernel_lookup), read_lookup);
	n->lookups_error = node_state_text(n, text_of(json, "lookups_error"));
	n->lookups_cut = member_true(json, "lookups_cut");
	return n;
}

/* --- items, written --------------------------------------------------------------------------- */

static json_t *addr_json(const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	return addr_is_set(a) ? json_string(addr_print(a, text)) : json_null();
}

static json_t *prefix_json(const struct prefix *p)
{
	char text[PREFIX_TEXT_MAX];

	return addr_is_set(&p->addr) ? json_string(prefix_print(p, text)) : json_null();
}

/* NULL: not told. */
static json_t *losses_json(const struct link_losses *l)
{
	return l->told ? json_pack("{s:I, s:I, s:I}", "packets", (json_int_t)l->packets, "lost",
				   (json_int_t)l->lost, "overflowed", (json_int_t)l->overflowed) :
			 NULL;
}

static json_t *link_json(gconstpointer item)
{
	const struct kernel_link *link = item;
	json_t *addresses = json_array();

	for (guint i = 0; i < link->addresses->len; i++)
		json_array_append_new(
			addresses, prefix_json(&g_array_index(link->addresses, struct prefix, i)));
	return json_pack("{s:s, s:I, s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:o, s:o*}", "name",
			 link->name, "ifindex", (json_int_t)link->ifindex, "up", link->up,
			 "carrier", link->carrier, "ethernet", link->ethernet, "mtu",
			 (json_int_t)link->mtu_bytes, "rx_packets", (json_int_t)link->rx_packets,
			 "rx_bytes", (json_int_t)link->rx_bytes, "tx_packets",
			 (json_int_t)link->tx_packets, "tx_bytes", (json_int_t)link->tx_bytes,
			 "addresses", addresses, "losses", losses_json(&link->losses));
}

static json_t *route_json(gconstpointer item)
{
	const struct kernel_route *r = item;

	return json_pack("{s:o, s:o, s:s?, s:I, s:I, s:s}", "to", prefix_json(&r->to), "via",
			 addr_json(&r->via), "dev", r->dev, "table", (json_int_t)r->table, "metric",
			 (json_int_t)r->metric, "type", kernel_route_type_name(r->type));
}

static json_t *rule_json(gconstpointer item)
{
	const struct kernel_rule *r = item;

	return json_pack("{s:I, s:o, s:s*, s:I, s:s, s:s*}", "pref", (json_int_t)r->pref, "from",
			 prefix_json(&r->from), "in", r->in, "table", (json_int_t)r->table,
			 "action", kernel_rule_action_name(r->action), "family",
			 r->family == AF_INET6 ? "inet6" : NULL);
}

static json_t *neighbour_json(gconstpointer item)
{
	const struct kernel_neighbour *n = item;

	return json_pack("{s:o, s:s?, s:s}", "address", addr_json(&n->address), "dev", n->dev,
			 "state", neighbour_state_name(n->state));
}

static json_t *rule_counter_json(gconstpointer item)
{
	const struct rule_counter *c = item;

	return json_pack("{s:s?, s:s?, s:s, s:I, s:I}", "table", c->table, "chain", c->chain,
			 "name", c->name, "packets", (json_int_t)c->packets, "bytes",
			 (json_int_t)c->bytes);
}

static json_t *listener_json(gconstpointer item)
{
	const struct kernel_listener *l = item;

	return json_pack("{s:s, s:o, s:i}", "proto", l->proto == PROTO_TCP ? "tcp" : "udp",
			 "address", addr_json(&l->address), "port", (int)l->port);
}

json_t *tracked_to_json(const struct tracked *t)
{
	char proto[KERNEL_WORD_MAX];

	return json_pack("{s:s, s:o, s:i, s:o, s:i, s:o, s:i, s:o, s:i, s:s?, s:b, s:b, s:I}",
			 "proto", ip_protocol_name(t->proto, proto), "src", addr_json(&t->src),
			 "sport", (int)t->sport, "dst", addr_json(&t->dst), "dport", (int)t->dport,
			 "reply_src", addr_json(&t->reply_src), "reply_sport", (int)t->reply_sport,
			 "reply_dst", addr_json(&t->reply_dst), "reply_dport", (int)t->reply_dport,
			 "state", t->tcp_state, "replied", t->replied, "assured", t->assured,
			 "timeout_s", (json_int_t)t->timeout_s);
}

static json_t *tracked_json(gconstpointer item)
{
	return tracked_to_json(item);
}

/* A state has hundreds of these: what would be null is left out. */
static json_t *lookup_json(gconstpointer item)
{
	const struct kernel_lookup *l = item;
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX], via[ADDR_TEXT_MAX], prefix[PREFIX_TEXT_MAX],
		error[KERNEL_WORD_MAX];

	addr_print(&l->from, from);
	addr_print(&l->to, to);
	if (l->error != 0)
		return json_pack("{s:s, s:s, s:s*, s:s}", "from", from, "to", to, "in", l->in,
				 "error", kernel_error_name(l->error, error));
	return json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:s*, s:I, s:s}", "from", from, "to", to,
			 "in", l->in, "prefix",
			 addr_is_set(&l->prefix.addr) ? prefix_print(&l->prefix, prefix) : NULL,
			 "via", addr_is_set(&l->via) ? addr_print(&l->via, via) : NULL, "dev",
			 l->dev, "table", (json_int_t)l->table, "type",
			 kernel_route_type_name(l->type));
}

/* --- one node, written ------------------------------------------------------------------------ */

static void put_list(json_t *json, const char *key, const GArray *list,
		     json_t *(*func)(gconstpointer item))
{
	guint item_bytes = list ? g_array_get_element_size((GArray *)(guintptr)list) : 0;
	json_t *array = list ? json_array() : NULL;

	for (guint i = 0; list && i < list->len; i++)
		json_array_append_new(array, func(list->data + (gsize)i * item_bytes));
	if (array)
		json_object_set_new(json, key, array);
}

static json_t *counters_json(const node_state *n)
{
	json_t *counters = json_object();

	array_foreach(const struct kernel_counter, c, n->counters)
		json_object_set_new(counters, c->name, json_integer(c->value));
	return counters;
}

static json_t *sysctl_json(const node_state *n)
{
	json_t *rp_filter = json_pack("{s:I}", "all", (json_int_t)n->rp_filter_all);
	json_t *sysctl = json_pack("{s:o, s:i}", "rp_filter", rp_filter, "ip_forward",
				   n->ipv4_forward ? 1 : 0);

	array_foreach(const struct kernel_link, link, n->links)
		json_object_set_new(rp_filter, link->name, json_integer(link->rp_filter));
	if (node_state_tells_ipv6(n))
		json_object_set_new(sysctl, "ip6_forward", json_integer(n->ipv6_forward ? 1 : 0));
	return sysctl;
}

json_t *node_state_to_json(const node_state *n)
{
	json_t *json = json_pack("{s:I}", "time_us", (json_int_t)n->time_us);

	put_list(json, "links", n->links, link_json);
	put_list(json, "routes", n->routes, route_json);
	put_list(json, "rules", n->rules, rule_json);
	put_list(json, "neighbours", n->neighbours, neighbour_json);
	json_object_set_new(json, "counters", counters_json(n));
	put_list(json, "nft", n->rule_counters, rule_counter_json);
	json_object_set_new(json, "sysctl", sysctl_json(n));
	put_list(json, "listeners", n->listeners, listener_json);
	put_list(json, "conntrack", n->sessions, tracked_json);
	if (n->sessions_left_out > 0)
		json_object_set_new(json, "conntrack_left_out",
				    json_integer((json_int_t)n->sessions_left_out));
	put_list(json, "lookups", n->lookups, lookup_json);
	if (n->lookups_error)
		json_object_set_new(json, "lookups_error", json_string(n->lookups_error));
	if (n->lookups_cut)
		json_object_set_new(json, "lookups_cut", json_true());
	return json;
}

/* --- all nodes -------------------------------------------------------------------------------- */

void netstate_read_evidence(netstate *s, const json_t *json)
{
	s->counts_evidence = json_is_object(json);
	s->evidence_packets = number_of(json, "packets");
	s->evidence_lost = number_of(json, "lost");
}

netstate *netstate_from_json(const json_t *json)
{
	netstate *s = json_is_object(json) ? netstate_new() : NULL;
	const char *name;
	json_t *node;

	if (!s)
		return NULL;
	netstate_read_evidence(s, json_object_get(json, "evidence"));
	json_object_foreach(json_object_get(json, "nodes"), name, node)
		netstate_add(s, node_state_from_json(name, node));
	return s;
}

json_t *netstate_to_json(const netstate *s)
{
	json_t *nodes = json_object();
	json_t *evidence = s->counts_evidence ? json_pack("{s:I, s:I}", "packets",
							  (json_int_t)s->evidence_packets, "lost",
							  (json_int_t)s->evidence_lost) :
						NULL;

	ptr_array_foreach(const node_state, n, s->nodes)
		json_object_set_new(nodes, n->name, node_state_to_json(n));
	return json_pack("{s:o, s:o?}", "nodes", nodes, "evidence", evidence);
}

/* --- questions about routes ------------------------------------------------------------------- */

GPtrArray *route_questions_from_json(const json_t *json)
{
	GPtrArray *questions = route_questions_new();
	json_t *list, *item;
	const char *node;
	size_t i;

	json_object_foreach((json_t *)(guintptr)json, node, list) {
		json_array_foreach(list, i, item) {
			struct addr from, to;

			if (need_addr(item, "from", &from) && need_addr(item, "to", &to))
				route_questions_add(questions, node, &from, &to,
						    text_of(item, "in"));
		}
	}
	return questions;
}

json_t *route_questions_to_json(const GPtrArray *questions)
{
	json_t *json = json_object();

	ptr_array_foreach(const struct route_question, q, questions) {
		json_t *list = json_object_get(json, q->node);

		if (!list) {
			list = json_array();
			json_object_set_new(json, q->node, list);
		}
		json_array_append_new(list,
				      json_pack("{s:o, s:o, s:s?}", "from", addr_json(&q->from),
						"to", addr_json(&q->to), "in", q->in));
	}
	return json;
}
