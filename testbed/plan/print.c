/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/plan/print.h"

#include <string.h>

/* --- one line for each operation: each describe_* appends its part ---------------------------- */

static void describe_veth_end(const struct op_veth_end *end, GString *out)
{
	g_string_append_printf(out, " %s:%s index %u", end->node, end->ifname, end->ifindex);
	if (end->bridge)
		g_string_append_printf(out, " bridge %s", end->bridge);
	if (end->mtu_bytes > 0)
		g_string_append_printf(out, " mtu %u", end->mtu_bytes);
	if (!end->up)
		g_string_append(out, " down");
}

static void describe_tunnel(const struct op_tunnel *t, GString *out)
{
	char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX], text[PREFIX_TEXT_MAX];

	g_string_append_printf(out, " %s index %u kind %s local %s remote %s port %u vni %u",
			       t->ifname, t->ifindex, tunnel_kind_name(t->kind),
			       addr_print(&t->local, local), addr_print(&t->remote, remote),
			       t->port, t->vni);
	if (t->mtu_bytes > 0)
		g_string_append_printf(out, " mtu %u", t->mtu_bytes);
	for (guint i = 0; i < t->allowed->len; i++)
		g_string_append_printf(out, "%s%s", i == 0 ? " allowed " : ",",
				       prefix_print(&g_array_index(t->allowed, struct prefix, i),
						    text));
}

void put_route_words(const struct op_route *r, GString *out)
{
	char text[ADDR_TEXT_MAX];

	if (addr_is_set(&r->via))
		g_string_append_printf(out, " via %s", addr_print(&r->via, text));
	if (r->dev)
		g_string_append_printf(out, " dev %s", r->dev);
	if (addr_is_set(&r->src))
		g_string_append_printf(out, " src %s", addr_print(&r->src, text));
	if (r->onlink)
		g_string_append(out, " onlink");
	if (r->metric > 0)
		g_string_append_printf(out, " metric %u", r->metric);
}

/* Appends a route in the words of ip(8), after the node's name. */
static void describe_route(const struct op_route *r, GString *out)
{
	char text[PREFIX_TEXT_MAX];

	if (r->type != ROUTE_UNICAST)
		g_string_append_printf(out, " %s", route_type_name(r->type));
	g_string_append_printf(out, " %s",
			       prefix_is_default(&r->to) ? "default" : prefix_print(&r->to, text));
	put_route_words(r, out);
	if (r->table != ROUTE_TABLE_MAIN)
		g_string_append_printf(out, " table %u", r->table);
}

void put_rule_words(const struct op_rule *r, GString *out)
{
	char text[PREFIX_TEXT_MAX];

	g_string_append_printf(out, " pref %u from %s", r->pref, prefix_print(&r->from, text));
	if (r->in)
		g_string_append_printf(out, " iif %s", r->in);
	if (r->unreachable)
		g_string_append(out, " unreachable");
	else
		g_string_append_printf(out, " lookup %u", r->table);
}

static void describe_process(const struct op_process *p, GString *out)
{
	g_autofree char *argv = g_strjoinv(" ", p->argv);

	g_string_append_printf(out, " %s role %s: %s", p->name, p->role, argv);
}

void op_describe(const struct op *op, GString *out)
{
	char text[PREFIX_TEXT_MAX];

	g_string_append(out, op_kind_name(op->kind));
	if (op->kind != OP_VETH)
		g_string_append_printf(out, " %s", op->node);
	switch (op->kind) {
	case OP_SYSCTL:
		g_string_append_printf(out, " %s=%s", op->sysctl.key, op->sysctl.value);
		break;
	case OP_BRIDGE:
		g_string_append_printf(out, " %s index %u", op->bridge.ifname, op->bridge.ifindex);
		break;
	case OP_VETH:
		describe_veth_end(&op->veth[0], out);
		describe_veth_end(&op->veth[1], out);
		break;
	case OP_TUNNEL:
		describe_tunnel(&op->tunnel, out);
		break;
	case OP_ADDR:
		g_string_append_printf(out, " %s %s", op->addr.ifname,
				       prefix_print(&op->addr.address, text));
		if (addr_is_set(&op->addr.peer))
			g_string_append_printf(out, " peer %s", addr_print(&op->addr.peer, text));
		break;
	case OP_LINK_UP:
		g_string_append_printf(out, " %s", op->link_up.ifname);
		break;
	case OP_ROUTE:
		describe_route(&op->route, out);
		break;
	case OP_IMPAIR:
		g_string_append_printf(out, " %s", op->impair.ifname);
		impairment_print(&op->impair.what, out);
		break;
	case OP_RULE:
		put_rule_words(&op->rule, out);
		break;
	case OP_FILE:
		g_string_append_printf(out, " %s", op->file.path);
		break;
	case OP_DAEMON:
	case OP_AGENT:
		describe_process(&op->process, out);
		break;
	case OP_NETNS:
	case OP_NFT:
	case OP_KIND_COUNT:
		break;
	}
}

/* --- text: bodies of rulesets and files follow, indented -------------------------------------- */

/* The text of a ruleset or file, borrowed; NULL: the operation has none. */
static const char *op_body(const struct op *op)
{
	if (op->kind == OP_NFT)
		return op->nft.text;
	return op->kind == OP_FILE ? op->file.text : NULL;
}

/* Appends `body` with a tab before every line. */
static void put_indented(const char *body, GString *out)
{
	while (*body) {
		const char *end = strchrnul(body, '\n');

		g_string_append_c(out, '\t');
		g_string_append_len(out, body, end - body);
		g_string_append_c(out, '\n');
		body = *end ? end + 1 : end;
	}
}

static void print_text(const plan *p, GString *out)
{
	ptr_array_foreach(const struct op, op, p->ops) {
		op_describe(op, out);
		g_string_append_c(out, '\n');
		if (op_body(op))
			put_indented(op_body(op), out);
	}
}

static const struct {
	const char *name;
	void (*print)(const plan *p, GString *out);
} formats[] = {
	[PLAN_TEXT] = {"text", print_text},
	[PLAN_JSON] = {"json", print_json},
	[PLAN_SH] = {"sh", print_sh},
};

bool plan_format_parse(const char *name, enum plan_format *ret)
{
	for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
		if (!g_str_equal(formats[i].name, name))
			continue;
		*ret = (enum plan_format)i;
		return true;
	}
	return false;
}

void plan_print(const plan *p, enum plan_format format, GString *out)
{
	formats[format].print(p, out);
}
