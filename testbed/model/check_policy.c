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

/* --- forwards and 1:1 NAT --------------------------------------------------------------------- */

/* Reports keys of a forward that can't be what they are. */
static void check_forward_keys(const struct check *c, const struct nat_rule *rule)
{
	const struct port_range *first =
		rule->ports->len > 0 ? &g_array_index(rule->ports, struct port_range, 0) : NULL;

	if (rule->proto != PROTO_TCP && rule->proto != PROTO_UDP)
		check_error(c, places_get(c->places, &rule->proto, rule->loc),
			    "two forwards are needed for both",
			    "a forward is of 'proto: tcp' or 'proto: udp', which have ports");
	if (rule->outside.family == AF_INET6 || rule->inside.family == AF_INET6)
		check_error(c, rule->loc, "IPv6 is not translated; allow the ports in the firewall",
			    "a forward needs IPv4 addresses");
	if (rule->to_port != 0 && (rule->ports->len > 1 || (first && first->first != first->last)))
		check_error(c, places_get(c->places, &rule->to_port, rule->loc),
			    "a forward for each port",
			    "'to_port' is of one port, and 'ports' has several");
}

/* A forward leads to a node, and takes no port that the router itself or another node needs. */
static void check_forward_ends(const struct check *c, const struct node *node,
			       const struct nat_rule *rule)
{
	const struct node *inside = model_owner(c->m, &rule->inside),
			  *outside = model_owner(c->m, &rule->outside);
	char text[ADDR_TEXT_MAX];

	if (addr_is_set(&rule->inside) && !inside)
		check_error(c, places_get(c->places, &rule->inside, rule->loc),
			    "'inside' is the address of the server",
			    "NAT rule '%s' forwards to %s, which no node has", rule->name,
			    addr_print(&rule->inside, text));
	else if (inside == node)
		check_error(c, places_get(c->places, &rule->inside, rule->loc),
			    "what runs on the router is reached without a forward",
			    "NAT rule '%s' forwards to the router itself", rule->name);
	if (addr_is_set(&rule->outside) && outside && outside != node)
		check_error(c, places_get(c->places, &rule->outside, rule->loc),
			    "'outside' is an address of the router, or one that is routed to it",
			    "NAT rule '%s' forwards %s, which is the address of node '%s'",
			    rule->name, addr_print(&rule->outside, text), outside->name);
	ptr_array_foreach(const struct tunnel, t, c->m->tunnels)
		for (int e = 0; e < 2; e++)
			if (t->ends[e].node == node && tunnel_is_udp(t->kind) &&
			    addr_equal(&t->ends[e].underlay, &rule->outside) &&
			    rule->proto == PROTO_UDP && port_ranges_contain(rule->ports, t->port))
				check_error(c, places_get(c->places, &rule->ports, rule->loc),
					    "leave that port out",
					    "NAT rule '%s' forwards port %u, at which tunnel '%s' "
					    "listens",
					    rule->name, t->port, t->name);
}

/* The first port that both forwards take; 0: none. */
static unsigned shared_port(const struct nat_rule *a, const struct nat_rule *b)
{
	array_foreach(const struct port_range, x, a->ports) {
		array_foreach(const struct port_range, y, b->ports) {
			if (x->first <= y->last && y->first <= x->last)
				return MAX(x->first, y->first);
		}
	}
	return 0;
}

static void check_forward(const struct check *c, const struct node *node,
			  const struct nat_rule *rule, guint index)
{
	char text[ADDR_TEXT_MAX];

	check_forward_keys(c, rule);
	check_forward_ends(c, node, rule);
	for (guint i = 0; i < index; i++) {
		const struct nat_rule *other = g_ptr_array_index(node->nat, i);
		unsigned port = 0;

		if (other->kind == NAT_FORWARD && other->proto == rule->proto &&
		    addr_equal(&other->outside, &rule->outside))
			port = shared_port(other, rule);
		if (port != 0)
			check_error(c, places_get(c->places, &rule->ports, rule->loc),
				    "one port leads to one place; forward another outside port, "
				    "with 'to_port'",
				    "NAT rules '%s' and '%s' both forward %s port %u of %s",
				    other->name, rule->name, ip_proto_name(rule->proto), port,
				    addr_print(&rule->outside, text));
	}
}

/* A 1:1 NAT takes every port of its outside address, so nothing else may use that. */
static void check_static(const struct check *c, const struct node *node,
			 const struct nat_rule *rule)
{
	char outside[ADDR_TEXT_MAX], inside[ADDR_TEXT_MAX];
	g_autofree char *hint = NULL;

	if (addr_is_set(&rule->inside) && addr_is_set(&rule->outside) &&
	    rule->inside.family != rule->outside.family)
		check_error(c, rule->loc, NULL,
			    "'inside' and 'outside' are of different address families");
	ptr_array_foreach(const struct nat_rule, other, node->nat) {
		const struct prefix *own =
			other->kind == NAT_MASQUERADE ?
				node_prefix_on(c->m, node, other->out_iface, AF_INET) :
				NULL;

		if (!addr_is_set(&rule->outside) || other->kind == NAT_STATIC ||
		    !addr_equal(&rule->outside, own ? &own->addr : &other->outside))
			continue;
		hint = g_strdup_printf("'forward' leads single ports inside: '{name: %s, forward: "
				       "{outside: %s, inside: %s, proto: udp, ports: [...]}, out: "
				       "%s}'",
				       rule->name, addr_print(&rule->outside, outside),
				       addr_print(&rule->inside, inside), rule->out_iface);
		check_error(c, places_get(c->places, &rule->outside, rule->loc), hint,
			    "the 1:1 NAT '%s' takes every port of %s, which '%s' uses too",
			    rule->name, outside, other->name);
		return;
	}
}

static void check_nat(const struct check *c, const struct node *node, GHashTable *names)
{
	for (guint i = 0; i < node->nat->len; i++) {
		const struct nat_rule *rule = g_ptr_array_index(node->nat, i);

		if (rule->kind == NAT_MASQUERADE)
			check_masquerade(c, node, rule, i);
		else if (rule->kind == NAT_FORWARD)
			check_forward(c, node, rule, i);
		else
			check_static(c, node, rule);
		check_rule_name(c, node, &rule->name, rule->loc, names);
		check_link_name(c, node, &rule->out_iface, rule->loc);
		if (!node->forwarding)
			check_error(c, rule->loc, "add 'forwarding: true'",
				    "node '%s' does NAT but forwards nothing", node->name);
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
