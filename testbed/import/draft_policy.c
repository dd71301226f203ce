/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy rules of a node, after its routes: only those whose table has one. */
#include "testbed/import/draft.h"

/* The family of the table's routes that were kept; of both, IPv4.  AF_UNSPEC: it has none. */
static int family_of_table(const struct draft_node *node, unsigned table, bool six)
{
	int family = AF_UNSPEC;

	array_foreach(const struct draft_route, r, node->policy_routes) {
		if (r->table != table)
			continue;
		if (r->to.addr.family == (six ? AF_INET6 : AF_INET))
			return r->to.addr.family;
		family = r->to.addr.family;
	}
	return family;
}

static bool has_rule(const struct draft_node *node, const struct draft_rule *rule)
{
	array_foreach(const struct draft_rule, r, node->rules)
		if (prefix_equal(&r->from, &rule->from) && r->table == rule->table &&
		    g_strcmp0(r->in, rule->in) == 0)
			return true;
	return false;
}

/* "from all" is said of both families in the same words: the second one is that of IPv6. */
static void add_rule(struct draft_node *node, struct draft_rule rule)
{
	bool all = !addr_is_set(&rule.from.addr);

	if (all)
		rule.from.addr.family = family_of_table(node, rule.table, false);
	if (all && has_rule(node, &rule))
		rule.from.addr.family = family_of_table(node, rule.table, true);
	if (!has_rule(node, &rule))
		g_array_append_val(node->rules, rule);
}

/* Whether the rule's table and interface are written, and so it is. */
static bool put_rule(struct draft_node *node, const struct fact_rule *r)
{
	struct draft_rule rule = {.from = r->from,
				  .table = facts_table(node->facts, r->table),
				  .table_name = r->table};
	bool written = false;

	if (family_of_table(node, rule.table, false) == AF_UNSPEC)
		return false;
	if (!r->in) {
		add_rule(node, rule);
		return true;
	}
	ptr_array_foreach(const struct draft_iface, i, node->ifaces) {
		if (!g_str_equal(i->source_name, r->in))
			continue;
		rule.in = i->name;
		add_rule(node, rule);
		written = true;
	}
	return written;
}

static bool has_table(const struct draft_node *node, unsigned table)
{
	array_foreach(const struct draft_rule, r, node->rules)
		if (r->table == table)
			return true;
	return false;
}

void draft_policy_rules(struct draft *t, struct draft_node *node)
{
	char to[PREFIX_TEXT_MAX];

	ptr_array_foreach(const struct fact_rule, r, node->facts->rules) {
		if (!r->left_out && !put_rule(node, r))
			diags_add(t->found, DIAG_WARNING, r->loc, NULL,
				  "the policy rule '%s' is left out: its table or interface is",
				  r->text);
	}
	for (guint k = node->policy_routes->len; k-- > 0;) {
		const struct draft_route *r =
			&g_array_index(node->policy_routes, struct draft_route, k);

		if (has_table(node, r->table))
			continue;
		diags_add(t->found, DIAG_WARNING, r->loc, NULL,
			  "the route to %s is left out: no rule leads to its table",
			  prefix_print(&r->to, to));
		g_array_remove_index(node->policy_routes, k);
	}
}
