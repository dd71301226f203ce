/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/plan/difference_parts.h"
#include "testbed/plan/print.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* --- equality --------------------------------------------------------------------------------- */

/* Removes from a veth end's JSON what makes no difference: its number, whether it is up (that can
 * be changed), and the name when it is the port of a bridge. */
static void reduce_end(json_t *end)
{
	json_object_del(end, "ifindex");
	json_object_del(end, "up");
	if (json_is_string(json_object_get(end, "bridge")))
		json_object_del(end, "interface");
}

/* A text that is equal for equal operations; the caller frees it. */
static char *op_key(const struct op *op)
{
	json_auto_t *o = print_op_json(op);
	const json_t *ends = json_object_get(o, "ends");
	char *dump, *key;

	json_object_del(o, "line");
	json_object_del(o, "ifindex");
	for (size_t i = 0; i < json_array_size(ends); i++)
		reduce_end(json_array_get(ends, i));
	dump = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	key = g_strdup(dump);
	free(dump);
	return key;
}

bool op_equal(const struct op *a, const struct op *b)
{
	g_autofree char *key_a = op_key(a), *key_b = op_key(b);

	return g_str_equal(key_a, key_b);
}

/* --- matching --------------------------------------------------------------------------------- */

/* Pairs equal operations of both plans, in order, in `kept` and `matched`. */
static void match_equal(struct difference_work *w)
{
	g_autoptr(GHashTable) by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
							     (GDestroyNotify)g_queue_free);

	ptr_array_foreach(struct op, op, w->from->ops) {
		char *key = op_is_network(op) ? op_key(op) : NULL;
		GQueue *same = key ? g_hash_table_lookup(by_key, key) : NULL;

		if (!key)
			continue;
		if (!same)
			g_hash_table_insert(by_key, key, same = g_queue_new());
		else
			g_free(key);
		g_queue_push_tail(same, op);
	}
	ptr_array_foreach(struct op, op, w->to->ops) {
		g_autofree char *key = op_is_network(op) ? op_key(op) : NULL;
		GQueue *same = key ? g_hash_table_lookup(by_key, key) : NULL;
		struct op *old = same ? g_queue_pop_head(same) : NULL;

		if (!old)
			continue;
		g_hash_table_insert(w->kept, old, op);
		g_hash_table_insert(w->matched, op, old);
	}
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* The interface number in `op`, to read or set; `end` is 0, or 1 for the second half of a veth
 * pair.  NULL: it has none. */
static unsigned *op_ifindex(struct op *op, int end)
{
	if (op->kind == OP_BRIDGE && end == 0)
		return &op->bridge.ifindex;
	if (op->kind == OP_TUNNEL && end == 0)
		return &op->tunnel.ifindex;
	return op->kind == OP_VETH ? &op->veth[end].ifindex : NULL;
}

/* The highest interface number of the plan; PLAN_FIRST_IFINDEX for one without interfaces. */
static unsigned highest_ifindex(const plan *p)
{
	unsigned highest = PLAN_FIRST_IFINDEX;

	for (guint i = 0; i < p->ops->len; i++)
		for (int end = 0; end < 2; end++) {
			const unsigned *number = op_ifindex(p->ops->pdata[i], end);

			highest = MAX(highest, number ? *number : 0);
		}
	return highest;
}

/* Gives the end a copy of `name`. */
static void name_port(struct op_veth_end *end, const char *name)
{
	g_free(end->ifname);
	end->ifname = g_strdup(name);
}

/* A card keeps its hardware address when it is made again: neighbours remember it. */
static void keep_hardware(struct op *op, const struct op *old)
{
	for (int end = 0; op->kind == OP_VETH && end < 2; end++)
		op->veth[end].hardware =
			old->veth[end].hardware ? old->veth[end].hardware : old->veth[end].ifindex;
}

/* What the hardware address of that card is made of in `p`; 0: it has no such card. */
static unsigned hardware_in(const plan *p, const struct op_veth_end *card)
{
	for (guint i = 0; i < p->ops->len; i++) {
		const struct op *op = p->ops->pdata[i];

		for (int end = 0; op->kind == OP_VETH && end < 2; end++) {
			const struct op_veth_end *e = &op->veth[end];

			if (g_str_equal(e->node, card->node) &&
			    g_str_equal(e->ifname, card->ifname))
				return e->hardware ? e->hardware : e->ifindex;
		}
	}
	return 0;
}

/* Numbers the interfaces of `op` from *next on, and names bridge ports after their numbers.  A card
 * that was in `from` is made again, by a reboot or because it has changed. */
static void take_new_numbers(const plan *from, struct op *op, unsigned *next)
{
	for (int end = 0; end < 2; end++) {
		unsigned *number = op_ifindex(op, end);

		if (op->kind == OP_VETH && !op->veth[end].bridge)
			op->veth[end].hardware = hardware_in(from, &op->veth[end]);
		if (number)
			*number = (*next)++;
		if (op->kind == OP_VETH && op->veth[end].bridge) {
			g_autofree char *name = g_strdup_printf("port%u", op->veth[end].ifindex);

			name_port(&op->veth[end], name);
		}
	}
}

/* Gives the interfaces of `op` the numbers, and bridge ports the names, of those of `old`. */
static void take_old_numbers(struct op *op, struct op *old)
{
	keep_hardware(op, old);
	for (int end = 0; end < 2; end++) {
		unsigned *number = op_ifindex(op, end);
		const unsigned *old_number = op_ifindex(old, end);

		if (number && old_number)
			*number = *old_number;
		if (op->kind == OP_VETH && op->veth[end].bridge)
			name_port(&op->veth[end], old->veth[end].ifname);
	}
}

/* Numbers all interfaces of `to`: old ones as in `from`, new ones above all of `from`. */
static void number_interfaces(struct difference_work *w)
{
	unsigned next = highest_ifindex(w->from) + 1;

	for (guint i = 0; i < w->to->ops->len; i++) {
		struct op *op = w->to->ops->pdata[i], *old = g_hash_table_lookup(w->matched, op);

		if (old)
			take_old_numbers(op, old);
		else
			take_new_numbers(w->from, op, &next);
	}
}

/* --- interfaces that are made anew ------------------------------------------------------------ */

/* Adds an interface to `anew`. */
static void mark_interface(struct difference_work *w, const char *node, const char *ifname)
{
	g_hash_table_add(w->anew, g_strdup_printf("%s/%s", node, ifname));
}

/* Adds the interfaces that `op` makes to `anew`. */
static void mark_interfaces(struct difference_work *w, const struct op *op)
{
	if (op->kind == OP_VETH) {
		mark_interface(w, op->veth[0].node, op->veth[0].ifname);
		mark_interface(w, op->veth[1].node, op->veth[1].ifname);
	} else if (op->kind == OP_TUNNEL) {
		mark_interface(w, op->node, op->tunnel.ifname);
	} else if (op->kind == OP_BRIDGE) {
		mark_interface(w, op->node, op->bridge.ifname);
	}
}

/* The interface that an operation changes without making it; NULL: none. */
static const char *changed_interface(const struct op *op)
{
	if (op->kind == OP_ADDR)
		return op->addr.ifname;
	if (op->kind == OP_LINK_UP)
		return op->link_up.ifname;
	if (op->kind == OP_ROUTE)
		return op->route.dev;
	return op->kind == OP_IMPAIR ? op->impair.ifname : NULL;
}

bool difference_is_about_new(const struct difference_work *w, const struct op *op)
{
	const char *ifname = changed_interface(op);
	g_autofree char *key = ifname ? g_strdup_printf("%s/%s", op->node, ifname) : NULL;

	return key && g_hash_table_contains(w->anew, key);
}

/* Takes the pair of equal operations apart: both are carried out. */
static void forget_match(struct difference_work *w, struct op *old, struct op *op)
{
	g_hash_table_remove(w->kept, old);
	g_hash_table_remove(w->matched, op);
}

/* Whether `op` is a veth pair with a port at a bridge in `anew`.  The kernel removes the port's
 * link to its bridge together with the bridge. */
static bool hangs_on_new(const struct difference_work *w, const struct op *op)
{
	for (int end = 0; op->kind == OP_VETH && end < 2; end++) {
		g_autofree char *key =
			op->veth[end].bridge ?
				g_strdup_printf("%s/%s", op->veth[end].node, op->veth[end].bridge) :
				NULL;

		if (key && g_hash_table_contains(w->anew, key))
			return true;
	}
	return false;
}

bool difference_is_of_rebooted(const struct difference_work *w, const struct op *op)
{
	return g_strcmp0(w->reboot, op->node) == 0;
}

/* Whether `op` is made again with the rebooted node: its own, and veth pairs that end there. */
static bool goes_with_rebooted(const struct difference_work *w, const struct op *op)
{
	return difference_is_of_rebooted(w, op) ||
	       (op->kind == OP_VETH && g_strcmp0(w->reboot, op->veth[1].node) == 0);
}

/* Whether `op` is an end of a tunnel whose other end is made again.  One that keeps its WireGuard
 * session would for 15 s send packets that the new end can't decrypt. */
static bool has_new_far_end(const struct difference_work *w, const struct op *op)
{
	for (guint i = 0; op->kind == OP_TUNNEL && i < w->to->ops->len; i++) {
		struct op *far = w->to->ops->pdata[i];

		if (far->kind == OP_TUNNEL && !g_hash_table_contains(w->matched, far) &&
		    g_str_equal(far->tunnel.tunnel, op->tunnel.tunnel))
			return true;
	}
	return false;
}

/* Whether `op` is an end of a tunnel whose packets leave by an interface in `anew`: its program
 * would for 15 s send them by the interface that is gone. */
static bool runs_over_new(const struct difference_work *w, const struct op *op)
{
	for (guint i = 0; op->kind == OP_TUNNEL && i < w->to->ops->len; i++) {
		const struct op *a = w->to->ops->pdata[i];

		if (a->kind == OP_ADDR && g_str_equal(a->node, op->node) &&
		    addr_equal(&a->addr.address.addr, &op->tunnel.local) &&
		    difference_is_about_new(w, a))
			return true;
	}
	return false;
}

/* Takes apart all pairs of equal operations for which `apart` is true, so that they are made
 * again. */
static void forget_matches(struct difference_work *w,
			   bool (*apart)(const struct difference_work *w, const struct op *op))
{
	for (guint i = 0; i < w->to->ops->len; i++) {
		struct op *op = w->to->ops->pdata[i], *old = g_hash_table_lookup(w->matched, op);

		if (old && apart(w, op))
			forget_match(w, old, op);
	}
}

/* Adds the interfaces of all operations without an equal one to `anew`. */
static void mark_unmatched(struct difference_work *w)
{
	for (guint i = 0; i < w->from->ops->len; i++)
		if (!g_hash_table_contains(w->kept, w->from->ops->pdata[i]))
			mark_interfaces(w, w->from->ops->pdata[i]);
	for (guint i = 0; i < w->to->ops->len; i++)
		if (!g_hash_table_contains(w->matched, w->to->ops->pdata[i]))
			mark_interfaces(w, w->to->ops->pdata[i]);
}

void difference_match(struct difference_work *w)
{
	match_equal(w);
	forget_matches(w, goes_with_rebooted);
	mark_unmatched(w);
	forget_matches(w, hangs_on_new);
	mark_unmatched(w);
	forget_matches(w, runs_over_new);
	forget_matches(w, has_new_far_end);
	mark_unmatched(w);
	forget_matches(w, difference_is_about_new);
	number_interfaces(w);
}
