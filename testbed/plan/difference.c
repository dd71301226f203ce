/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/object.h"
#include "testbed/plan/build.h"
#include "testbed/plan/difference_parts.h"

#include <string.h>

/* Whether an operation of this kind replaces the one before it with the same place (place_of).
 * Their steps are found by place and not by equality. */
static bool is_replacing(enum op_kind kind)
{
	return kind == OP_SYSCTL || kind == OP_NFT || kind == OP_IMPAIR;
}

/* --- one step --------------------------------------------------------------------------------- */

/* Appends a step to `steps`; `before` as in struct plan_step. */
static void add_step(GPtrArray *steps, bool remove, const struct op *op, const struct op *before)
{
	struct plan_step *s = g_new0(struct plan_step, 1);

	*s = (struct plan_step){.remove = remove, .op = op, .before = before};
	g_ptr_array_add(steps, s);
}

/* A new operation that is in neither plan, for the node and line of `like`; the difference owns
 * it. */
static struct op *own_op(struct difference_work *w, enum op_kind kind, const struct op *like)
{
	struct op *op = op_new(kind, like->node, like->loc);

	g_ptr_array_add(w->d->own, op);
	return op;
}

/* Adds the steps that put halves of a veth pair up or down.  The pair itself is in both plans. */
static void add_up_and_down(struct difference_work *w, const struct op *old, const struct op *op)
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

/* Whether `op` is an IPv6 address of an interface that a step puts up.  The kernel removed it when
 * the interface went down (net.ipv6.conf.*.keep_addr_on_down), so it must be added again. */
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

/* What a replacing operation replaces, as a key: kind, node, and setting or interface.  OP_NETNS
 * has one, too: it tells whether a plan has a node.  The caller frees it. */
static char *place_of(const struct op *op)
{
	const char *what = op->kind == OP_SYSCTL ? op->sysctl.key :
			   op->kind == OP_IMPAIR ? op->impair.ifname :
						   "";

	return g_strdup_printf("%d %s %s", (int)op->kind, op->node, what);
}

/* Place -> the operation of the plan that holds it: the last one.  The caller frees the table. */
static GHashTable *places_of(const plan *p)
{
	GHashTable *places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	ptr_array_foreach(struct op, op, p->ops)
		if (is_replacing(op->kind) || op->kind == OP_NETNS)
			g_hash_table_replace(places, place_of(op), op);
	return places;
}

/* The operation that has the same place as `op` in the other plan's `places`; NULL: none. */
static const struct op *op_at_place_of(GHashTable *places, const struct op *op)
{
	g_autofree char *place = place_of(op);

	return g_hash_table_lookup(places, place);
}

/* Whether the plan of these places has the node. */
static bool has_node(GHashTable *places, const char *node)
{
	g_autofree char *place = g_strdup_printf("%d %s ", OP_NETNS, node);

	return g_hash_table_contains(places, place);
}

/* Appends commands that delete every table of the ruleset.  Each table is made first, because to
 * delete one that is not there is an error. */
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

/* One transaction that replaces the ruleset of `old` by that of `op`; either may be NULL. */
static struct op *ruleset_change(struct difference_work *w, const struct op *old,
				 const struct op *op)
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

/* Adds the step that replaces `old` by `op`.  One of the two may be NULL: nothing was there, or
 * nothing takes its place. */
static void add_replacement(struct difference_work *w, const struct op *old, const struct op *op)
{
	const struct op *one = op ? op : old;

	if (one->kind == OP_NFT) {
		add_step(w->additions, false, ruleset_change(w, old, op),
			 ruleset_change(w, op, old));
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

/* The same for impairments.  An interface that is made again has lost its impairment, so the old
 * one is removed first (which undo needs) and the new one is added like any other operation. */
static void replace_impairment(struct difference_work *w, const struct op *old, const struct op *op)
{
	if (!difference_is_about_new(w, op ? op : old)) {
		add_replacement(w, old, op);
		return;
	}
	if (old)
		add_step(w->removals, true, old, NULL);
	if (op)
		add_step(w->additions, false, op, NULL);
}

/* Adds the steps that replace `old` by `op`, both of one place, where they differ.  One may be
 * NULL. */
static void compare_place(struct difference_work *w, const struct op *op, const struct op *old)
{
	bool equal = op && old && op_equal(op, old);

	if (op && op->kind == OP_IMPAIR && (!equal || difference_is_about_new(w, op)))
		replace_impairment(w, old, op);
	else if (!op && old->kind == OP_IMPAIR)
		replace_impairment(w, old, NULL);
	else if (!equal)
		add_replacement(w, old, op);
}

/* --- all steps -------------------------------------------------------------------------------- */

/* Collects the steps for what `from` has and `to` has not. */
static void collect_removals(struct difference_work *w)
{
	ptr_array_foreach(const struct op, old, w->from->ops) {
		if (!op_is_network(old) ||
		    (old->kind == OP_NETNS && !difference_is_of_rebooted(w, old)))
			continue;
		if (difference_is_of_rebooted(w, old)) {
			add_step(w->removals, true, old, NULL);
		} else if (!is_replacing(old->kind)) {
			if (!g_hash_table_contains(w->kept, old))
				add_step(w->removals, true, old, NULL);
		} else if (op_at_place_of(w->from_places, old) == old &&
			   !op_at_place_of(w->to_places, old) &&
			   has_node(w->to_places, old->node)) {
			compare_place(w, NULL, old);
		} else if (old->kind == OP_IMPAIR && !has_node(w->to_places, old->node)) {
			add_step(w->removals, true, old, NULL);
		}
	}
}

/* Collects the steps for what `to` has and `from` has not, or has in another form. */
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
			if (op_at_place_of(w->to_places, op) == op ||
			    !has_node(w->from_places, op->node))
				compare_place(w, op,
					      has_node(w->from_places, op->node) ?
						      op_at_place_of(w->from_places, op) :
						      NULL);
		} else if (!old || lost_by_switch(w, op)) {
			add_step(w->additions, false, op, NULL);
		} else if (op->kind == OP_VETH) {
			add_up_and_down(w, old, op);
		}
	}
}

/* Namespaces go last, after the additions: all steps up to there can be undone. */
static void collect_namespace_removals(struct difference_work *w)
{
	ptr_array_foreach(const struct op, old, w->from->ops)
		if (old->kind == OP_NETNS && !difference_is_of_rebooted(w, old) &&
		    !g_hash_table_contains(w->kept, old))
			add_step(w->additions, true, old, NULL);
}

/* Removals in the reverse order of building, then additions. */
static void take_steps(struct difference_work *w)
{
	for (guint i = w->removals->len; i-- > 0;)
		g_ptr_array_add(w->d->steps, w->removals->pdata[i]);
	g_ptr_array_extend(w->d->steps, w->additions, NULL, NULL);
}

static const struct object_shape plan_difference_shape =
	OBJECT_SHAPE(plan_difference, NULL, OWNS(plan_difference, steps, g_ptr_array_unref),
		     OWNS(plan_difference, own, g_ptr_array_unref));

plan_difference *plan_difference_new(const plan *from, plan *to, const char *reboot)
{
	plan_difference *d = object_new(&plan_difference_shape);
	g_autoptr(GHashTable) kept = g_hash_table_new(NULL, NULL),
			      matched = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) anew = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) removals = g_ptr_array_new(), additions = g_ptr_array_new();
	g_autoptr(GHashTable) from_places = places_of(from), to_places = places_of(to);
	struct difference_work w = {.from = from,
				    .to = to,
				    .d = d,
				    .reboot = reboot,
				    .kept = kept,
				    .matched = matched,
				    .from_places = from_places,
				    .to_places = to_places,
				    .anew = anew,
				    .removals = removals,
				    .additions = additions};

	d->steps = g_ptr_array_new_with_free_func(g_free);
	d->own = g_ptr_array_new_with_free_func(object_free);
	difference_match(&w);
	collect_removals(&w);
	collect_additions(&w);
	collect_namespace_removals(&w);
	take_steps(&w);
	return d;
}

bool plan_difference_is_light(const plan_difference *d)
{
	for (guint i = 0; i < d->steps->len; i++)
		if (((const struct plan_step *)d->steps->pdata[i])->op->kind != OP_IMPAIR)
			return false;
	return true;
}
