/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/change_args.h"
#include "testbed/model/object.h"
#include "testbed/model/schema.h"

/* --- nodes, networks, interfaces -------------------------------------------------------------- */

/* Moves the objects that the change names to the end of a list of the model. */
static void move_objects(struct change_args *args, GPtrArray *into)
{
	while (args->objects->len > 0)
		g_ptr_array_add(into, g_ptr_array_steal_index(args->objects, 0));
}

/* `arg` is the offset of the list in the model. */
void change_add_objects(struct apply *a, struct change_args *args, struct node *node G_GNUC_UNUSED)
{
	move_objects(args, *(GPtrArray **)(void *)((char *)a->m + a->change->kind->arg));
}

void change_add_interface(struct apply *a G_GNUC_UNUSED, struct change_args *args,
			  struct node *node)
{
	move_objects(args, node->interfaces);
}

void change_remove_node(struct apply *a, struct change_args *args G_GNUC_UNUSED, struct node *node)
{
	guint index;

	if (g_ptr_array_find(a->m->nodes, node, &index))
		model_retire(a->m, a->m->nodes, index);
}

/* Sets an interface up or, with `arg` 0, down. */
void change_link(struct apply *a, struct change_args *args, struct node *node)
{
	struct iface *iface = change_find(a, "interface", &args->interface, node->interfaces);

	if (iface)
		iface->up = a->change->kind->arg;
}

/* Sets a tunnel up or, with `arg` 0, down. */
void change_tunnel(struct apply *a, struct change_args *args, struct node *node G_GNUC_UNUSED)
{
	struct tunnel *tunnel = change_find(a, "tunnel", &args->tunnel, a->m->tunnels);

	if (tunnel)
		tunnel->up = a->change->kind->arg;
}

/* --- impairment ------------------------------------------------------------------------------- */

static void replace_impairment(struct impairment **at, const struct impairment *by)
{
	g_free(*at);
	*at = g_memdup2(by, sizeof *by);
}

/* Where the impairment of a node's interface is kept, its own interface or a tunnel's; NULL: the
 * node does not exist or has none of that name. */
static struct impairment **find_impairment(model *m, const char *node_name, const char *ifname)
{
	struct node *node = named_find(m->nodes, node_name);
	struct iface *iface = node ? named_find(node->interfaces, ifname) : NULL;
	guint end = 0;
	const struct tunnel *at = iface ? NULL : model_tunnel_at(m, node_name, ifname, &end);
	struct tunnel *t = at ? named_find(m->tunnels, at->name) : NULL;

	return iface ? &iface->impair : t ? &t->ends[end].impair : NULL;
}

static void impair_interface(struct apply *a, struct change_args *args, guint index)
{
	const char *name = g_ptr_array_index(args->nodes, index);
	struct node *node = named_find(a->m->nodes, name);
	struct impairment **at = find_impairment(a->m, name, args->interface);

	if (at)
		replace_impairment(at, &args->impair);
	else if (!node)
		named_error(a->r->d, places_item(a->r->places, args->nodes, index, a->change->loc),
			    "node", name, a->m->nodes);
	else
		change_not_found(a, "interface", &args->interface, node->interfaces);
}

/* Sets it for both directions.  What an end said for itself would win, so it is removed. */
static void impair_tunnel(struct apply *a, struct change_args *args)
{
	struct tunnel *t = change_find(a, "tunnel", &args->tunnel, a->m->tunnels);

	if (!t)
		return;
	replace_impairment(&t->impair, &args->impair);
	for (int e = 0; e < 2; e++)
		g_clear_pointer(&t->ends[e].impair, g_free);
}

/* Sets it for all interfaces of the network; what they said for themselves is removed. */
static void impair_network(struct apply *a, struct change_args *args)
{
	struct network *net = change_find(a, "network", &args->network, a->m->networks);

	if (!net)
		return;
	replace_impairment(&net->impair, &args->impair);
	ptr_array_foreach(struct node, n, a->m->nodes) {
		ptr_array_foreach(struct iface, f, n->interfaces)
			if (g_strcmp0(f->network_name, net->name) == 0)
				g_clear_pointer(&f->impair, g_free);
	}
}

void change_set_impair(struct apply *a, struct change_args *args, struct node *node G_GNUC_UNUSED)
{
	for (guint i = 0; i < args->nodes->len; i++)
		impair_interface(a, args, i);
	if (args->tunnel)
		impair_tunnel(a, args);
	if (args->network)
		impair_network(a, args);
}

void change_set_mtu(struct apply *a, struct change_args *args, struct node *node)
{
	struct iface *iface = change_find(a, "interface", &args->interface, node->interfaces);

	if (iface)
		iface->mtu_bytes = args->mtu_bytes;
}

/* The prefixes behind the end of the tunnel on that node; NULL with an error when one is not
 * there. */
static GArray *end_prefixes(struct apply *a, const struct change_args *args)
{
	struct tunnel *tunnel = change_find(a, "tunnel", &args->tunnel, a->m->tunnels);

	if (!tunnel)
		return NULL;
	for (guint i = 0; i < G_N_ELEMENTS(tunnel->ends); i++) {
		if (g_strcmp0(tunnel->ends[i].node_name, args->end) == 0)
			return tunnel->ends[i].prefixes;
	}
	diags_add(a->r->d, DIAG_ERROR, places_get(a->r->places, &args->end, a->change->loc), NULL,
		  "tunnel '%s' has no end on node '%s'", tunnel->name, args->end);
	return NULL;
}

void change_add_prefix(struct apply *a, struct change_args *args, struct node *node G_GNUC_UNUSED)
{
	GArray *prefixes = end_prefixes(a, args);

	if (prefixes)
		g_array_append_val(prefixes, args->to);
}

void change_remove_prefix(struct apply *a, struct change_args *args,
			  struct node *node G_GNUC_UNUSED)
{
	GArray *prefixes = end_prefixes(a, args);
	char buf[PREFIX_TEXT_MAX];

	for (guint i = 0; prefixes && i < prefixes->len; i++) {
		if (prefix_equal(&g_array_index(prefixes, struct prefix, i), &args->to)) {
			g_array_remove_index(prefixes, i);
			return;
		}
	}
	if (prefixes)
		diags_add(a->r->d, DIAG_ERROR, places_get(a->r->places, &args->to, a->change->loc),
			  NULL, "tunnel '%s' does not carry %s to '%s'", args->tunnel,
			  prefix_print(&args->to, buf), args->end);
}

/* Removes the routes that are not persistent (they go to lost_routes) and enables all services. */
void change_reboot(struct apply *a G_GNUC_UNUSED, struct change_args *args G_GNUC_UNUSED,
		   struct node *node)
{
	for (guint i = node->routes->len; i > 0; i--) {
		if (!((const struct route *)node->routes->pdata[i - 1])->persistent)
			g_ptr_array_add(node->lost_routes,
					g_ptr_array_steal_index(node->routes, i - 1));
	}
	for (guint i = 0; i < node->services->len; i++)
		((struct service *)node->services->pdata[i])->enabled = true;
}

/* --- routes, rules, NAT ----------------------------------------------------------------------- */

void change_add_route(struct apply *a, struct change_args *args, struct node *node)
{
	args->route->loc = a->change->loc;
	g_ptr_array_add(node->routes, g_steal_pointer(&args->route));
}

/* Whether the keys of remove-route mean this one. */
static bool is_meant(const struct change_args *args, const struct route *route)
{
	return prefix_equal(&route->to, &args->to) && route->table == args->table &&
	       (args->metric == ANY_METRIC || args->metric == route->metric);
}

void change_remove_route(struct apply *a, struct change_args *args, struct node *node)
{
	struct loc loc = places_get(a->r->places, &args->to, a->change->loc);
	char to[PREFIX_TEXT_MAX];
	guint count = 0, index = 0;

	for (guint i = 0; i < node->routes->len; i++) {
		if (!is_meant(args, node->routes->pdata[i]))
			continue;
		index = i;
		count++;
	}
	prefix_print(&args->to, to);
	if (count == 1)
		model_retire(a->m, node->routes, index);
	else if (count > 1)
		diags_add(a->r->d, DIAG_ERROR, loc, "add its 'metric'",
			  "node '%s' has %u routes to %s", node->name, count, to);
	else
		diags_add(a->r->d, DIAG_ERROR, loc, NULL, "node '%s' has no route to %s",
			  node->name, to);
}

void change_add_policy_rule(struct apply *a, struct change_args *args, struct node *node)
{
	args->policy_rule->loc = a->change->loc;
	g_ptr_array_add(node->policy_rules, g_steal_pointer(&args->policy_rule));
}

void change_remove_policy_rule(struct apply *a, struct change_args *args, struct node *node)
{
	char from[PREFIX_TEXT_MAX];

	for (guint i = 0; i < node->policy_rules->len; i++) {
		if (!policy_rule_equal(node->policy_rules->pdata[i], args->policy_rule))
			continue;
		model_retire(a->m, node->policy_rules, i);
		return;
	}
	diags_add(a->r->d, DIAG_ERROR, a->change->loc, NULL,
		  "node '%s' has no such policy rule from %s", node->name,
		  prefix_print(&args->policy_rule->from, from));
}

/* Adds the rule, with `arg` as its action, before the node's own ones and after those that changes
 * have added before. */
void change_add_rule(struct apply *a, struct change_args *args, struct node *node)
{
	guint count = GPOINTER_TO_UINT(g_hash_table_lookup(a->front, node));

	args->rule->action = (enum fw_action)a->change->kind->arg;
	args->rule->loc = a->change->loc;
	g_ptr_array_insert(node->firewall.rules, (gint)count, g_steal_pointer(&args->rule));
	g_hash_table_replace(a->front, node, GUINT_TO_POINTER(count + 1));
}

void change_remove_rule(struct apply *a, struct change_args *args, struct node *node)
{
	GPtrArray *rules = node->firewall.rules;
	guint front = GPOINTER_TO_UINT(g_hash_table_lookup(a->front, node)), index;
	struct fw_rule *rule = change_find(a, "rule", &args->rule_name, rules);

	if (!rule || !g_ptr_array_find(rules, rule, &index))
		return;
	if (index < front)
		g_hash_table_replace(a->front, node, GUINT_TO_POINTER(front - 1));
	model_retire(a->m, rules, index);
}

void change_add_nat(struct apply *a, struct change_args *args, struct node *node)
{
	args->nat_rule->loc = a->change->loc;
	g_ptr_array_add(node->nat, g_steal_pointer(&args->nat_rule));
}

void change_remove_nat(struct apply *a, struct change_args *args, struct node *node)
{
	struct nat_rule *rule = change_find(a, "NAT rule", &args->nat, node->nat);
	guint index;

	if (rule && g_ptr_array_find(node->nat, rule, &index))
		model_retire(a->m, node->nat, index);
}

/* Changes the rule named by 'nat', or the only one of the node. */
void change_set_nat(struct apply *a, struct change_args *args, struct node *node)
{
	struct nat_rule *rule = NULL, *scratch = args->nat_rule;

	if (args->nat)
		rule = change_find(a, "NAT rule", &args->nat, node->nat);
	else if (node->nat->len == 1)
		rule = g_ptr_array_index(node->nat, 0);
	if (!rule && args->nat)
		return;
	if (!rule) {
		diags_add(a->r->d, DIAG_ERROR, a->change->loc,
			  node->nat->len > 0 ? "add 'nat: NAME'" : NULL,
			  node->nat->len > 0 ? "node '%s' has several NAT rules" :
					       "node '%s' has no NAT rule",
			  node->name);
		return;
	}
	nat_kind_check(a->r, a->change->value, rule->kind);
	/* a list that is given replaces the old one: reading only appends */
	if (read_has_key(a->r, a->change->value, "ports"))
		g_array_set_size(rule->ports, 0);
	/* Only the keys that are there may overwrite, so they are read again, now into the rule
	 * itself. */
	args->nat_rule = rule;
	change_args_read(a->r, a->change, args);
	args->nat_rule = scratch;
}
