/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan as JSON: { "schema": "testbed.plan/1", "ops": [ { "op": "route", "node": "edge", ... },
 * ... ] }. */
#include "testbed/plan/print.h"

#include <jansson.h>
#include <stdlib.h>

/* Adds a text; null for NULL. */
static void set_text(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, value ? json_string(value) : json_null());
}

static void set_number(json_t *o, const char *key, unsigned value)
{
	json_object_set_new(o, key, json_integer(value));
}

/* Adds an address as text; null when it is not set. */
static void set_addr(json_t *o, const char *key, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	set_text(o, key, addr_is_set(a) ? addr_print(a, text) : NULL);
}

static void set_prefix(json_t *o, const char *key, const struct prefix *p)
{
	char text[PREFIX_TEXT_MAX];

	set_text(o, key, prefix_print(p, text));
}

static json_t *veth_end_json(const struct op_veth_end *end)
{
	json_t *o = json_object();

	set_text(o, "node", end->node);
	set_text(o, "interface", end->ifname);
	set_number(o, "ifindex", end->ifindex);
	set_text(o, "bridge", end->bridge);
	if (end->mtu_bytes > 0)
		set_number(o, "mtu_bytes", end->mtu_bytes);
	json_object_set_new(o, "up", json_boolean(end->up));
	return o;
}

static void set_tunnel(json_t *o, const struct op_tunnel *t)
{
	json_t *allowed = json_array();
	char text[PREFIX_TEXT_MAX];

	set_text(o, "tunnel", t->tunnel);
	set_text(o, "kind", tunnel_kind_name(t->kind));
	set_text(o, "interface", t->ifname);
	set_number(o, "ifindex", t->ifindex);
	set_number(o, "mtu_bytes", t->mtu_bytes);
	set_addr(o, "local", &t->local);
	set_addr(o, "remote", &t->remote);
	set_number(o, "port", t->port);
	set_number(o, "vni", t->vni);
	for (guint i = 0; i < t->allowed->len; i++)
		json_array_append_new(allowed,
				      json_string(prefix_print(
					      &g_array_index(t->allowed, struct prefix, i), text)));
	json_object_set_new(o, "allowed", allowed);
}

static void set_route(json_t *o, const struct op_route *r)
{
	set_prefix(o, "to", &r->to);
	set_addr(o, "via", &r->via);
	set_text(o, "interface", r->dev);
	set_addr(o, "source", &r->src);
	if (r->onlink)
		json_object_set_new(o, "onlink", json_true());
	if (r->metric > 0)
		set_number(o, "metric", r->metric);
	set_number(o, "table", r->table);
	set_text(o, "type", route_type_name(r->type));
}

static void set_rule(json_t *o, const struct op_rule *r)
{
	set_number(o, "pref", r->pref);
	set_prefix(o, "from", &r->from);
	if (r->in)
		set_text(o, "in", r->in);
	set_number(o, "table", r->table);
	json_object_set_new(o, "unreachable", json_boolean(r->unreachable));
}

static void set_impairment(json_t *o, const struct op *op)
{
	const struct impairment *i = &op->impair.what;

	set_text(o, "interface", op->impair.ifname);
	set_number(o, "delay_us", i->delay_us);
	set_number(o, "jitter_us", i->jitter_us);
	set_text(o, "distribution", jitter_shape_name(i->shape));
	json_object_set_new(o, "loss_pct", json_real(i->loss_pct));
	set_number(o, "burst_packets", i->burst_packets);
	json_object_set_new(o, "reorder_pct", json_real(i->reorder_pct));
	json_object_set_new(o, "duplicate_pct", json_real(i->duplicate_pct));
	set_number(o, "rate_kbit", i->rate_kbit);
	json_object_set_new(o, "queue_bytes", json_integer((json_int_t)impairment_queue_bytes(i)));
}

static void set_process(json_t *o, const struct op_process *p)
{
	json_t *argv = json_array();

	set_text(o, "name", p->name);
	set_text(o, "role", p->role);
	for (char **a = p->argv; *a; a++)
		json_array_append_new(argv, json_string(*a));
	json_object_set_new(o, "argv", argv);
}

/* Adds the members that belong to the operation's kind. */
static void set_fields(json_t *o, const struct op *op)
{
	switch (op->kind) {
	case OP_SYSCTL:
		set_text(o, "key", op->sysctl.key);
		set_text(o, "value", op->sysctl.value);
		break;
	case OP_BRIDGE:
		set_text(o, "interface", op->bridge.ifname);
		set_number(o, "ifindex", op->bridge.ifindex);
		break;
	case OP_VETH:
		json_object_set_new(o, "ends",
				    json_pack("[o,o]", veth_end_json(&op->veth[0]),
					      veth_end_json(&op->veth[1])));
		break;
	case OP_TUNNEL:
		set_tunnel(o, &op->tunnel);
		break;
	case OP_ADDR:
		set_text(o, "interface", op->addr.ifname);
		set_prefix(o, "address", &op->addr.address);
		if (addr_is_set(&op->addr.peer))
			set_addr(o, "peer", &op->addr.peer);
		break;
	case OP_LINK_UP:
		set_text(o, "interface", op->link_up.ifname);
		break;
	case OP_ROUTE:
		set_route(o, &op->route);
		break;
	case OP_RULE:
		set_rule(o, &op->rule);
		break;
	case OP_IMPAIR:
		set_impairment(o, op);
		break;
	case OP_NFT:
		set_text(o, "ruleset", op->nft.text);
		break;
	case OP_FILE:
		set_text(o, "path", op->file.path);
		set_text(o, "text", op->file.text);
		break;
	case OP_DAEMON:
	case OP_AGENT:
		set_process(o, &op->process);
		break;
	case OP_NETNS:
	case OP_KIND_COUNT:
		break;
	}
}

json_t *print_op_json(const struct op *op)
{
	json_t *o = json_object();

	set_text(o, "op", op_kind_name(op->kind));
	set_text(o, "node", op->node);
	if (op->loc.file)
		json_object_set_new(o, "line", json_integer(op->loc.line));
	set_fields(o, op);
	return o;
}

void print_json(const plan *p, GString *out)
{
	json_t *root = json_object(), *ops = json_array();
	char *text;

	set_text(root, "schema", "testbed.plan/1");
	for (guint i = 0; i < p->ops->len; i++)
		json_array_append_new(ops, print_op_json(p->ops->pdata[i]));
	json_object_set_new(root, "ops", ops);
	text = json_dumps(root, JSON_INDENT(1));
	g_string_append(out, text);
	g_string_append_c(out, '\n');
	free(text); /* jansson's own allocator is malloc */
	json_decref(root);
}
