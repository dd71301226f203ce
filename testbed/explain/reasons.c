/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/reasons.h"

#include "testbed/diagnose/cause.h"
#include "testbed/session/machine.h"

#include <string.h>

struct reasons {
	const matrix_selection *selection;
	GHashTable *heard; /* scenario -> GPtrArray of struct heard */
};

static void list_free(gpointer list)
{
	g_ptr_array_unref(list);
}

static const struct object_shape reasons_shape =
	OBJECT_SHAPE(reasons, NULL, OWNS_TABLE(reasons, heard));

reasons *reasons_new(const matrix_selection *s)
{
	reasons *r = object_new(&reasons_shape);

	r->selection = s;
	r->heard = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, list_free);
	return r;
}

/* Thousands of events, of which few matter: they are not copied. */
void reasons_heard(reasons *r, const char *scenario, const char *agent, const json_t *event)
{
	GPtrArray *list = g_hash_table_lookup(r->heard, scenario);

	if (!list) {
		list = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
		g_hash_table_insert(r->heard, g_strdup(scenario), list);
	}
	g_ptr_array_add(list, heard_ref(agent, (json_t *)(gpointer)(guintptr)event));
}

/* Whether an event belongs to the cell: a server told it, or a client that takes part, and it is of
 * this call or of none. */
static bool concerns(const struct heard *h, const struct cell *c, const char *call)
{
	const char *of = member_text(h->event, "call");

	if (!strchr(h->agent, '/') &&
	    !g_ptr_array_find_with_equal_func(c->participants, h->agent, g_str_equal, NULL))
		return false;
	return !of || g_str_equal(of, call);
}

static GPtrArray *heard_of(const reasons *r, const struct cell *c)
{
	const GPtrArray *all = g_hash_table_lookup(r->heard, c->scenario);
	g_autofree char *call = cell_call_id(c, r->selection->results->run_id);
	GPtrArray *some = g_ptr_array_new();

	for (guint i = 0; all && i < all->len; i++) {
		if (concerns(all->pdata[i], c, call))
			g_ptr_array_add(some, all->pdata[i]);
	}
	return some;
}

static const struct selected_scenario *selected(const reasons *r, const struct scenario_result *s)
{
	ptr_array_foreach(const struct selected_scenario, one, r->selection->scenarios)
		if (one->result == s)
			return one;
	return NULL;
}

static void find_cause(const reasons *r, const model *m, struct cell *c, const knet *net,
		       const netstate *state)
{
	g_autoptr(GPtrArray) heard = heard_of(r, c);
	const struct evidence e = {.model = m,
				   .cell = c,
				   .heard = heard,
				   .state = state,
				   .net = net,
				   .walk = walk_both,
				   .meet = walk_meet};
	g_autoptr(finding) f = cause_find(&e);

	c->cause = g_strdup(cause_name(f->code));
	cell_judge(c);
}

void reasons_find(reasons *r, const struct scenario_result *s, const netstate *state,
		  GPtrArray *told)
{
	const struct selected_scenario *sc = selected(r, s);
	g_autoptr(knet) net = sc && state ? knet_new(sc->model, state) : NULL;

	for (guint i = 0; sc && i < s->cells->len; i++) {
		struct cell *c = s->cells->pdata[i];

		if (!c->done || c->verdict != VERDICT_FAIL || c->cause)
			continue;
		find_cause(r, sc->model, c, net, state);
		g_ptr_array_add(told, c);
	}
}

bool reasons_expected(const matrix_selection *s)
{
	ptr_array_foreach(const struct scenario_result, one, s->results->scenarios) {
		for (guint k = 0; k < one->cells->len; k++) {
			if (((const struct cell *)one->cells->pdata[k])->expected_cause)
				return true;
		}
	}
	return false;
}
