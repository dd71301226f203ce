/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/object.h"
#include "testbed/plan/build.h"
#include "testbed/plan/difference_parts.h"

#include <string.h>

/* Kinds that replace what was there before: their steps are found by what they are about, not by
 * equality. */
static bool is_replacing(enum op_kind kind)
{
	return kind == OP_SYSCTL || kind == OP_NFT || kind == OP_IMPAIR;
}

/* --- one step --------------------------------------------------------------------------------- */

static void add_step(GPtrArray *steps, bool remove, const struct op *op, const struct op *before)
{
	struct plan_step *s = g_new0(struct plan_step, 1);

	*s = (struct plan_step){.remove = remove, .op = op, .before = before};
	g_ptr_array_add(steps, s);
}

static struct op *own_op(struct difference_work *w, enum op_kind kind, const struct op *like)
{
	struct op *op = op_new(kind, like->node, like->loc);

	g_ptr_array_add(w->d->own, op);
	return op;
}

/* Halves of a cable that stays, but is put up or down. */
static void add_switches(struct difference_work *w, const struct op *old, const struct op *op)
{
	for (int end = 0; end < 2; end++) {
		struct op *link;

		if (old->veth[end].up == op->veth[end].up)
			continue;
		link = own_op(w, OP_LINK_UP, op);
		g_free(link->node);
		link->node = g_strdup(op->veth[end].node);
		link->link_up.ifname = g_strdup(op->veth[end].ifname);
		add_step(op->veth[end].up ? w->additions : w->removals, !op->veth[end].up, link,
			 NULL);
	}
}

/* IPv6 addresses go when their interface goes down (net.ipv6.conf.*.keep_addr_on_down), so they are
 * put back. */
static bool lost_by_switch(const struct difference_work *w, const struct op *op)
{
	for (guint i = 0; op->kind == OP_ADDR && op->addr.address.addr.family == AF_INET6 &&
			  i < w->additions->len;
	     i++) {
		const struct plan_step *s = w->additions->pdata[i];

		if (s->op->kind == OP_LINK_UP && g_str_equal(s->op->node, op->node) &&
		    g_str_equal(s->op->link_up.ifname, op->addr.ifname))
			return true;
	}
	return false;
}

/* --- what is replaced ------------------------------------------------------------------------- */

/* What a replacing operation is about. */
static char *place_of(const struct op *op)
{
	const char *what = op->kind == OP_SYSCTL ? op->sysctl.key :
			   op->kind == OP_IMPAIR ? op->impair.ifname :
						   "";

	return g_strdup_printf("%d %s %s", (int)op->kind, op->node, what);
}

/* The last operation about a place is the one that holds; namespaces are found by their node. */
static GHashTable *places_of(const plan *p)
{
	GHashTable *places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < p->ops->len; i++) {
		struct op *op = p->ops->pdata[i];

		if (is_replacing(op->kind) || op->kind == OP_NETNS)
			g_hash_table_replace(places, place_of(op), op);
	}
	return places;
}

static const struct op *holder(GHashTable *places, const struct op *op)
{
	g_autofree char *place = place_of(op);

	return g_hash_table_lookup(places, place);
}

static bool has_node(GHashTable *places, const char *node)
{
	g_autofree char *place = g_strdup_printf("%d %s ", OP_NETNS, node);

	return g_hash_table_contains(places, place);
}

/* Every table of a ruleset made and deleted, so that deleting is no mistake where it is not there.
 */
static void delete_tables(GString *out, const char *ruleset)
{
	g_auto(GStrv) lines = g_strsplit(ruleset, "\n", -1);

	for (guint i = 0; lines[i]; i++) {
		g_autofree char *table = NULL;

		if (!g_str_has_prefix(lines[i], "table ") || !g_str_has_suffix(lines[i], " {"))
			continue;
		table = g_strndup(lines[i], strlen(lines[i]) - 2);
		g_string_append_printf(out, "%s\ndelete %s\n", table, table);
	}
}

/* One transaction from one ruleset to the other. */
static struct op *new_rules(struct difference_work *w, const struct op *old, const struct op *op)
{
	struct op *rules = own_op(w, OP_NFT, op ? op : old);
	GString *text = g_string_new(NULL);

	if (old)
		delete_tables(text, old->nft.text);
	if (op)
		g_string_append(text, op->nft.text);
	rules->nft.text = g_string_free(text, FALSE);
	return rules;
}

/* `op` or `old` may be NULL: there is none. */
static void replace(struct difference_work *w, const struct op *old, const struct op *op)
{
	const struct op *one = op ? op : old;

	if (one->kind == OP_NFT) {
		add_step(w->additions, false, new_rules(w, old, op), new_rules(w, op, old));
	} else if (one->kind == OP_IMPAIR && !op) {
		struct op *none = own_op(w, OP_IMPAIR, old);

		none->impair.ifname = g_strdup(old->impair.ifname);
		add_step(w->additions, false, none, old);
	} else if (!op) {
		add_step(w->removals, true, old, NULL);
	} else {
		add_step(w->additions, false, op, old);
	}
}

/* An interface that is made anew has lost its impairment with it: what was there is taken off
 * before. */
static void replace_impairment(struct difference_work *w, const struct op *old, const struct op *op)
{
	if (!difference_is_about_new(w, op ? op : old)) {
		replace(w, old, op);
		return;
	}
	if (old)
		add_step(w->removals, true, old, NULL);
	if (op)
		add_step(w->additions, false, op, NULL);
}

/* In the order of `to`, each place once. */
static void compare_place(struct difference_work *w, const struct op *op, const struct op *old)
{
	bool equal = op && old && op_equal(op, old);

	if (op && op->kind == OP_IMPAIR && (!equal || difference_is_about_new(w, op)))
		replace_impairment(w, old, op);
	else if (!op && old->kind == OP_IMPAIR)
		replace_impairment(w, old, NULL);
	else if (!equal)
		replace(w, old, op);
}

/* --- all steps -------------------------------------------------------------------------------- */

static void collect_removals(struct difference_work *w)
{
	for (guint i = 0; i < w->from->ops->len; i++) {
		const struct op *old = w->from->ops->pdata[i];

		if (!op_is_network(old) ||
		    (old->kind == OP_NETNS && !difference_is_of_rebooted(w, old)))
			continue;
		if (difference_is_of_rebooted(w, old)) {
			add_step(w->removals, true, old, NULL);
		} else if (!is_replacing(old->kind)) {
			if (!g_hash_table_contains(w->kept, old))
				add_step(w->removals, true, old, NULL);
		} else if (holder(w->from_places, old) == old && !holder(w->to_places, old) &&
			   has_node(w->to_places, old->node)) {
			compare_place(w, NULL, old);
		} else if (old->kind == OP_IMPAIR && !has_node(w->to_places, old->node)) {
			add_step(w->removals, true, old, NULL);
		}
	}
}

static void collect_additions(struct difference_work *w)
{
	for (guint i = 0; i < w->to->ops->len; i++) {
		const struct op *op = w->to->ops->pdata[i],
				*old = g_hash_table_lookup(w->matched, op);

		if (!op_is_network(op))
			continue;
		if (difference_is_of_rebooted(w, op)) {
			add_step(w->additions, false, op, NULL);
		} else if (is_replacing(op->kind)) {
			if (holder(w->to_places, op) == op || !has_node(w->from_places, op->node))
				compare_place(w, op,
					      has_node(w->from_places, op->node) ?
						      holder(w->from_places, op) :
						      NULL);
		} else if (!old || lost_by_switch(w, op)) {
			add_step(w->additions, false, op, NULL);
		} else if (op->kind == OP_VETH) {
			add_switches(w, old, op);
		}
	}
}

/* Namespaces go last: up to there every step can be undone. */
static void collect_farewells(struct difference_work *w)
{
	for (guint i = 0; i < w->from->ops->len; i++) {
		const struct op *old = w->from->ops->pdata[i];

		if (old->kind == OP_NETNS && !difference_is_of_rebooted(w, old) &&
		    !g_hash_table_contains(w->kept, old))
			add_step(w->additions, true, old, NULL);
	}
}

static void take_steps(struct difference_work *w)
{
	for (guint i = w->removals->len; i-- > 0;)
		g_ptr_array_add(w->d->steps, w->removals->pdata[i]);
	g_ptr_array_extend(w->d->steps, w->additions, NULL, NULL);
}

plan_difference *plan_difference_new(const plan *from, plan *to, const char *reboot)
{
	plan_difference *d = g_new0(plan_difference, 1);
	g_autoptr(GHashTable) kept = g_hash_table_new(NULL, NULL),
			      matched = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) anew = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) removals = g_ptr_array_new(), additions = g_ptr_array_new();
	g_autoptr(GHashTable) from_places = places_of(from), to_places = places_of(to);
	struct difference_work w = {from,	 to,	    d,	  reboot,   kept,     matched,
				    from_places, to_places, anew, removals, additions};

	d->steps = g_ptr_array_new_with_free_func(g_free);
	d->own = g_ptr_array_new_with_free_func(object_free);
	difference_match(&w);
	collect_removals(&w);
	collect_additions(&w);
	collect_farewells(&w);
	take_steps(&w);
	return d;
}

void plan_difference_free(plan_difference *d)
{
	if (!d)
		return;
	g_ptr_array_unref(d->steps);
	g_ptr_array_unref(d->own);
	g_free(d);
}

bool plan_difference_is_light(const plan_difference *d)
{
	for (guint i = 0; i < d->steps->len; i++)
		if (((const struct plan_step *)d->steps->pdata[i])->op->kind != OP_IMPAIR)
			return false;
	return true;
}
