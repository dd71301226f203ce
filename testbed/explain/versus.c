/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/versus.h"

#include "testbed/plan/difference.h"

/* One network and its plan. */
struct side {
	const char *name; /* of the scenario; NULL: the file's own network */
	const model *model;
	model *owned; /* the same; NULL: it is borrowed */
	plan *plan;
	GHashTable *ops; /* node -> GPtrArray of const struct op */
};

struct versus {
	GPtrArray *sides; /* struct side; the first is the file's own */
};

static const struct object_shape side_shape =
	OBJECT_SHAPE(side, NULL, OWNS(side, owned, model_free), OWNS(side, plan, plan_free),
		     OWNS_TABLE(side, ops));
static const struct object_shape versus_shape =
	OBJECT_SHAPE(versus, NULL, OWNS_LIST(versus, sides, object_free));

static void list_free(gpointer list)
{
	g_ptr_array_unref(list);
}

/* Takes over `owned`, which is `m` or NULL. */
static void side_add(versus *v, const char *name, const model *m, model *owned)
{
	struct side *s = object_new(&side_shape);

	s->name = name;
	s->model = m;
	s->owned = owned;
	s->plan = plan_build(m);
	s->ops = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, list_free);
	ptr_array_foreach(const struct op, op, s->plan->ops) {
		GPtrArray *list = g_hash_table_lookup(s->ops, op->node);

		if (!list) {
			list = g_ptr_array_new();
			g_hash_table_insert(s->ops, op->node, list);
		}
		g_ptr_array_add(list, (gpointer)(guintptr)op);
	}
	g_ptr_array_add(v->sides, s);
}

versus *versus_new(const model *base)
{
	versus *v = object_new(&versus_shape);
	g_autoptr(diags) unheard = diags_new();

	side_add(v, NULL, base, NULL);
	ptr_array_foreach(const struct scenario, sc, base->scenarios) {
		model *m = model_instantiate(base, sc, unheard);

		if (m)
			side_add(v, sc->name, m, m);
	}
	return v;
}

static const struct side *side_of(const versus *v, const char *scenario)
{
	ptr_array_foreach(const struct side, s, v->sides)
		if (g_strcmp0(s->name, scenario) == 0)
			return s;
	return NULL;
}

const model *versus_model(const versus *v, const char *scenario)
{
	const struct side *s = side_of(v, scenario);

	return s ? s->model : NULL;
}

/* --- nodes ------------------------------------------------------------------------------------ */

static bool has_op(const GPtrArray *list, const struct op *op)
{
	ptr_array_foreach(const struct op, other, list)
		if (op_equal(op, other))
			return true;
	return false;
}

/* Whether the two plans do the same at a node. */
static bool same_ops(const GPtrArray *a, const GPtrArray *b)
{
	if (a->len != b->len)
		return false;
	ptr_array_foreach(const struct op, op, a)
		if (!has_op(b, op))
			return false;
	return true;
}

/* --- routes ----------------------------------------------------------------------------------- */

static bool has_route_to(const GPtrArray *list, const struct op *route)
{
	ptr_array_foreach(const struct op, op, list)
		if (op->kind == OP_ROUTE && op->route.table == route->route.table &&
		    prefix_equal(&op->route.to, &route->route.to))
			return true;
	return false;
}

static bool is_told(const GPtrArray *missing, const struct map_missing *m)
{
	ptr_array_foreach(const struct map_missing, other, missing)
		if (g_str_equal(other->node, m->node) && g_str_equal(other->to, m->to))
			return true;
	return false;
}

static const struct object_shape missing_shape =
	OBJECT_SHAPE(map_missing, NULL, OWNS_TEXT(map_missing, text), OWNS_TEXT(map_missing, to),
		     OWNS_TEXT(map_missing, via), OWNS_TEXT(map_missing, scenario));

static void add_missing(GPtrArray *missing, const struct op *op, const char *scenario)
{
	struct map_missing *m = object_new(&missing_shape);
	char to[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX];

	m->node = g_intern_string(op->node);
	m->to = g_strdup(prefix_print(&op->route.to, to));
	m->via = addr_is_set(&op->route.via) ? g_strdup(addr_print(&op->route.via, via)) : NULL;
	m->scenario = g_strdup(scenario);
	m->text = g_strdup_printf("no route to %s (%s has it%s%s)", m->to, scenario,
				  m->via ? ", via " : "", m->via ? m->via : "");
	if (is_told(missing, m))
		object_free(m);
	else
		g_ptr_array_add(missing, m);
}

/* Whether the network has anything there. */
static bool exists(const model *m, const struct prefix *to)
{
	ptr_array_foreach(const struct network, n, m->networks)
		if (prefix_overlaps(&n->subnet, to) || prefix_overlaps(&n->subnet6, to))
			return true;
	return false;
}

/* Routes of another scenario at nodes that both have, to where this one has no route. */
static void find_missing(const struct side *own, const struct side *other, GPtrArray *missing)
{
	ptr_array_foreach(const struct op, op, other->plan->ops) {
		const GPtrArray *here = g_hash_table_lookup(own->ops, op->node);

		if (op->kind == OP_ROUTE && op->route.table == ROUTE_TABLE_MAIN &&
		    op->route.type == ROUTE_UNICAST && here && !has_route_to(here, op) &&
		    exists(own->model, &op->route.to))
			add_missing(missing, op, other->name);
	}
}

/* --- public ----------------------------------------------------------------------------------- */

void versus_mark(const versus *v, const char *scenario, struct map_marks *ret)
{
	const struct side *own = side_of(v, scenario), *usual = side_of(v, NULL);

	*ret = (struct map_marks){
		.changes = g_hash_table_new(g_str_hash, g_str_equal),
		.missing = g_ptr_array_new_with_free_func(object_free),
	};
	if (!own)
		return;
	ptr_array_foreach(const struct node, n, own->model->nodes) {
		const GPtrArray *here = g_hash_table_lookup(own->ops, n->name),
				*there = g_hash_table_lookup(usual->ops, n->name);

		if (!there)
			g_hash_table_insert(ret->changes, n->name, (gpointer)(guintptr) "added");
		else if (here && !same_ops(here, there))
			g_hash_table_insert(ret->changes, n->name, (gpointer)(guintptr) "changed");
	}
	ptr_array_foreach(const struct side, other, v->sides)
		if (other != own && other->name)
			find_missing(own, other, ret->missing);
}

void map_marks_clear(struct map_marks *marks)
{
	g_clear_pointer(&marks->changes, g_hash_table_unref);
	g_clear_pointer(&marks->missing, g_ptr_array_unref);
}
