#include "testbed/model/internal.h"

static void check_link_name(const struct check *c, const struct node *node, char *const *name, struct loc loc)
{
	if (*name && !node_has_link(c->m, node, *name))
		named_error(c->d, places_get(c->places, name, loc), "interface", *name, node->interfaces);
}

/* Rule and NAT names appear beside counters and in explanations, where they must mean one thing. */
static void check_name(const struct check *c, const struct node *node, char *const *name, struct loc loc,
		       GHashTable *names)
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
	check_error(c, first->line > place.line ? *first : place, NULL, "node '%s' has two rules named '%s'",
		    node->name, *name);
}

static void check_firewall(const struct check *c, const struct node *node, GHashTable *names)
{
	for (guint i = 0; i < node->firewall.rules->len; i++) {
		const struct fw_rule *rule = g_ptr_array_index(node->firewall.rules, i);

		check_name(c, node, &rule->name, rule->loc, names);
		check_link_name(c, node, &rule->in_iface, rule->loc);
		check_link_name(c, node, &rule->out_iface, rule->loc);
	}
}

static void check_nat(const struct check *c, const struct node *node, GHashTable *names)
{
	for (guint i = 0; i < node->nat->len; i++) {
		const struct nat_rule *rule = g_ptr_array_index(node->nat, i);

		check_name(c, node, &rule->name, rule->loc, names);
		check_link_name(c, node, &rule->out_iface, rule->loc);
		if (!node->forwarding)
			check_error(c, rule->loc, "add 'forwarding: true'", "node '%s' does NAT but forwards nothing",
				    node->name);
		if (rule->kind == NAT_STATIC && addr_is_set(&rule->inside) && addr_is_set(&rule->outside) &&
		    rule->inside.family != rule->outside.family)
			check_error(c, rule->loc, NULL, "'inside' and 'outside' are of different address families");
	}
}

void check_policies(const struct check *c)
{
	for (guint i = 0; i < c->m->nodes->len; i++) {
		const struct node *node = g_ptr_array_index(c->m->nodes, i);
		g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);

		check_firewall(c, node, names);
		check_nat(c, node, names);
	}
}
