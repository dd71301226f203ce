/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/internal.h"

/* The name, if given, must be an interface or tunnel interface of the node. */
static void check_link_name(const struct check *c, const struct node *node, char *const *name,
			    struct loc loc)
{
	if (*name && !node_has_link(c->m, node, *name))
		named_error(c->d, places_get(c->places, name, loc), "interface", *name,
			    node->interfaces);
}

/* No two rules of a node (firewall and NAT) may have one name: counters and explanations use it.
 * `names` holds those seen. */
static void check_rule_name(const struct check *c, const struct node *node, char *const *name,
			    struct loc loc, GHashTable *names)
{
	struct loc place = places_get(c->places, name, loc);
	const struct loc *first = *name ? g_hash_table_lookup(names, *name) : NULL;

	if (!*name)
		return;
	if (!first) {
		g_hash_table_insert(names, *name, g_memdup2(&place, sizeof(place)));
		return;
	}
	/* A rule that a change puts in front stands later in the file, and is the one to rename. */
	check_error(c, first->line > place.line ? *first : place, NULL,
		    "node '%s' has two rules named '%s'", node->name, *name);
}

/* What is inspected is a connection that the rule lets begin; its later packets pass as replies do.
 */
static void check_inspection(const struct check *c, const struct node *node,
			     const struct fw_rule *rule)
{
	struct loc place = places_get(c->places, &rule->inspect, rule->loc);

	if (rule->inspect == INSPECT_NONE)
		return;
	if (rule->action != FW_ACCEPT || rule->proto != PROTO_TCP)
		check_error(c, place, "use 'action: accept' and 'proto: tcp'",
			    "rule '%s' can't inspect: only a rule that accepts TCP can",
			    rule->name);
	if (!node->firewall.stateful)
		check_error(c, place, "remove 'stateful: false'",
			    "rule '%s' can't inspect: the firewall of '%s' knows no connections",
			    rule->name, node->name);
}

static void check_firewall(const struct check *c, const struct node *node, GHashTable *names)
{
	ptr_array_foreach(const struct fw_rule, rule, node->firewall.rules) {
		check_rule_name(c, node, &rule->name, rule->loc, names);
		check_link_name(c, node, &rule->in_iface, rule->loc);
		check_link_name(c, node, &rule->out_iface, rule->loc);
		check_inspection(c, node, rule);
	}
}

/* Reports what the kernel can't do for a masquerade rule, number `index` of the node. */
static void check_masquerade(const struct check *c, const struct node *node,
			     const struct nat_rule *rule, guint index)
{
	struct loc out = places_get(c->places, &rule->out_iface, rule->loc);
	struct loc timeout = places_get(c->places, &rule->udp_timeout_ms, rule->loc);

	if (rule->out_iface && node_has_link(c->m, node, rule->out_iface) &&
	    !node_prefix_on(c->m, node, rule->out_iface, AF_INET))
		check_error(c, out, "give it one; IPv6 is not translated",
			    "masquerade: interface '%s' has no IPv4 address", rule->out_iface);
	if (rule->udp_timeout_ms % 1000 != 0)
		check_error(c, timeout, "the kernel counts idle time in seconds",
			    "'udp_timeout' must be whole seconds");
	for (guint i = 0; i < index; i++) {
		const struct nat_rule *other = g_ptr_array_index(node->nat, i);

		if (other->kind != NAT_MASQUERADE)
			continue;
		if (g_strcmp0(other->out_iface, rule->out_iface) == 0 && other->src->len == 0)
			check_error(c, rule->loc, "give the first one 'src'",
				    "NAT rule '%s' leaves nothing for '%s'", other->name,
				    rule->name);
		if (other->udp_timeout_ms != rule->udp_timeout_ms)
			check_error(
				c, timeout,
				"a kernel has one timer for all; give both the same, or use two "
				"nodes",
				"NAT rules '%s' and '%s' of one node have different 'udp_timeout'",
				other->name, rule->name);
	}
}

static void check_nat(const struct check *c, const struct node *node, GHashTable *names)
{
	for (guint i = 0; i < node->nat->len; i++) {
		const struct nat_rule *rule = g_ptr_array_index(node->nat, i);

		if (rule->kind == NAT_MASQUERADE)
			check_masquerade(c, node, rule, i);

		check_rule_name(c, node, &rule->name, rule->loc, names);
		check_link_name(c, node, &rule->out_iface, rule->loc);
		if (!node->forwarding)
			check_error(c, rule->loc, "add 'forwarding: true'",
				    "node '%s' does NAT but forwards nothing", node->name);
		if (rule->kind == NAT_STATIC && addr_is_set(&rule->inside) &&
		    addr_is_set(&rule->outside) && rule->inside.family != rule->outside.family)
			check_error(c, rule->loc, NULL,
				    "'inside' and 'outside' are of different address families");
	}
}

void check_policies(const struct check *c)
{
	ptr_array_foreach(const struct node, node, c->m->nodes) {
		g_autoptr(GHashTable) names =
			g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);

		check_firewall(c, node, names);
		check_nat(c, node, names);
	}
}
