/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/explain.h"

#include "testbed/diagnose/bypass.h"

/* --- which cell ------------------------------------------------------------------------------- */

char **explain_near_ids(const matrix_selection *selection, const char *id, guint limit)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	g_autoptr(GStrvBuilder) near = g_strv_builder_new();
	const char *nearest;

	ptr_array_foreach(const struct scenario_result, s, selection->results->scenarios)
		for (guint k = 0; k < s->cells->len; k++)
			g_ptr_array_add(ids, ((struct cell *)s->cells->pdata[k])->id);
	g_ptr_array_add(ids, NULL);
	for (guint i = 0;
	     i < limit && (nearest = diag_nearest(id, (const char *const *)ids->pdata)); i++) {
		g_strv_builder_add(near, nearest);
		g_ptr_array_remove(ids, (gpointer)(guintptr)nearest);
	}
	return g_strv_builder_end(near);
}

static matrix_selection *unknown_id(const model *base, const char *id, GError **error)
{
	const struct matrix_filter everything = {0};
	g_autoptr(matrix_selection) all = matrix_select(base, &everything, NULL);
	g_auto(GStrv) near = all ? explain_near_ids(all, id, 3) : NULL;
	g_autofree char *list = near && near[0] ? g_strjoinv(", ", near) : NULL;

	g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "no cell '%s'%s%s%s", id,
		    list ? " (near: " : "", list ? list : "",
		    list ? ")" : "; an id is SCENARIO/A-B/MEDIA");
	return NULL;
}

matrix_selection *explain_select_id(const model *base, const char *id, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(id, "/", 2);
	g_autofree char *escaped = g_regex_escape_string(id, -1);
	g_autofree char *only = g_strdup_printf("^%s$", escaped);
	const char *scenarios[] = {parts[0], NULL};
	const struct matrix_filter filter = {.scenarios = scenarios, .only = only};
	g_autoptr(GError) why = NULL;
	matrix_selection *s = matrix_select(base, &filter, &why);

	if (s || !g_error_matches(why, TB_ERROR, TB_ERROR_CHANGE))
		return s ? s : unknown_id(base, id, error);
	g_propagate_error(error, g_steal_pointer(&why));
	return NULL;
}

matrix_selection *explain_select_call(const model *base, const char *scenario, const char *a,
				      const char *b, enum media media, GError **error)
{
	g_autofree char *pair = g_strdup_printf("%s:%s", a, b);
	const char *scenarios[] = {scenario, NULL}, *pairs[] = {pair, NULL};
	const struct matrix_filter filter = {.scenarios = scenarios,
					     .pairs = pairs,
					     .media_mask = 1u << media,
					     .directed = true};

	return matrix_select(base, &filter, error);
}

/* --- public ----------------------------------------------------------------------------------- */

/* Of a call that works now: that it fails after a restart is found out on a copy; so is that the
 * fix outlasts one. */
static void try_restart(const model *base, explanation *x, const struct explain_options *o)
{
	g_autoptr(fix) restart = fix_new(), lasting = fix_new();
	struct explain_options one = *o;
	struct trial after = {0};

	fix_add_change(restart, "reboot: {node: %s}", x->finding->node);
	if (x->fix)
		fix_add_changes(lasting, x->fix);
	fix_add_changes(lasting, restart);

	one.all = false;
	one.steps_max = 1;
	trial_make(&after, base, x->selection, x->finding, restart, &one);
	if (after.made && after.verdict == VERDICT_PASS) {
		x->finding->code = CAUSE_NONE;
		g_clear_pointer(&x->fix, object_free);
	} else if (after.made) {
		g_ptr_array_add(x->finding->proof,
				g_strdup_printf("%s restarted on a copy: the call fails",
						x->finding->node));
	}
	trial_clear(&after);
	if (x->fix)
		trial_make(&x->trial, base, x->selection, x->finding, lasting, o);
}

static void alternative_free(gpointer data)
{
	struct alternative *a = data;

	object_free(a->fix);
	trial_clear(&a->trial);
	g_free(a);
}

/* Whether it helps is asked of the call alone, or of all others too, as for the fix; what stands
 * behind the first cause is not taken away with it. */
static void try_bypass(const model *base, explanation *x, const struct explain_options *o)
{
	fix *way = bypass_derive(x->model, x->seen.state, x->finding);
	struct explain_options once = *o;
	struct alternative *a;

	x->alternatives = g_ptr_array_new_with_free_func(alternative_free);
	if (!way)
		return;
	a = g_new0(struct alternative, 1);
	a->name = "the bypass: the site's clients go around the tunnel";
	a->fix = way;
	once.steps_max = 1;
	g_ptr_array_add(x->alternatives, a);
	trial_make(&a->trial, base, x->selection, x->finding, way, &once);
}

/* A fresh lab is its own proof. */
static bool can_be_tried(const model *base, explanation *x, const struct explain_options *o)
{
	return !x->lab || o->no_trial || trial_repeats(&x->trial, base, x->selection, o);
}

/* From what was heard and read to cause, fix and trial. */
static void conclude(const model *base, explanation *x, const struct explain_options *o)
{
	bool repeats = true;

	observe_tell_stage(o, EXPLAIN_SEARCHING, NULL);
	x->finding = observe_finding(x->selection, &x->seen);
	x->fix = fix_derive(x->model, x->finding);
	if (x->finding->code == CAUSE_ROUTE_NOT_PERSISTENT && x->cell->verdict == VERDICT_PASS &&
	    !o->no_trial)
		try_restart(base, x, o);
	else if (x->fix && (repeats = can_be_tried(base, x, o)))
		trial_make(&x->trial, base, x->selection, x->finding, x->fix, o);
	if (o->alternatives && repeats)
		try_bypass(base, x, o);
}

explanation *explain_cell(const model *base, matrix_selection *selection,
			  const struct explain_options *options, GError **error)
{
	g_autoptr(GError) run_error = NULL;
	g_autoptr(explanation) x = g_new0(explanation, 1);

	x->selection = selection;
	observation_init(&x->seen);
	x->cell = observe_cells(selection)->pdata[0];
	x->model = ((struct selected_scenario *)selection->scenarios->pdata[0])->model;
	observe_tell_stage(options, EXPLAIN_CALLING, NULL);
	if (observe_run(selection, options, &x->seen, &run_error)) {
		conclude(base, x, options);
	} else if (!g_error_matches(run_error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_propagate_error(error, g_steal_pointer(&run_error));
		return NULL;
	}
	return g_steal_pointer(&x);
}

/* The selection's cell becomes the one that ran. */
static void take_cell(matrix_selection *selection, const struct cell *ran)
{
	struct cell *c = observe_cells(selection)->pdata[0];

	c->done = ran->done;
	c->verdict = ran->verdict;
	c->path = ran->path;
	g_free(c->reason);
	c->reason = g_strdup(ran->reason);
}

void explain_try(const model *base, matrix_selection *selection, const struct cell *ran,
		 const fix *mend, enum path_class lost, const struct explain_options *options,
		 struct trial *t)
{
	g_autoptr(finding) f = finding_new(ran);

	f->lost = lost;
	take_cell(selection, ran);
	if (trial_repeats(t, base, selection, options))
		trial_make(t, base, selection, f, mend, options);
}

explanation *explain_recorded(const model *base, matrix_selection *selection,
			      struct recorded *recorded, const struct explain_options *options)
{
	explanation *x = g_new0(explanation, 1);

	take_cell(selection, recorded->cell);
	x->selection = selection;
	x->cell = observe_cells(selection)->pdata[0];
	x->model = ((struct selected_scenario *)selection->scenarios->pdata[0])->model;
	x->seen = recorded->seen;
	x->run_id = g_steal_pointer(&recorded->run_id);
	x->run_dir = g_steal_pointer(&recorded->dir);
	x->lab = g_steal_pointer(&recorded->lab);
	x->missing = g_steal_pointer(&recorded->missing);
	recorded->seen = (struct observation){0};
	conclude(base, x, options);
	if (!x->cell->done) {
		g_free(x->finding->what);
		x->finding->what =
			g_strdup_printf("%s had not ended when the run was cut off", x->cell->id);
	}
	recorded_clear(recorded);
	return x;
}

void recorded_clear(struct recorded *r)
{
	g_clear_pointer(&r->run_id, g_free);
	g_clear_pointer(&r->dir, g_free);
	g_clear_pointer(&r->lab, g_free);
	g_clear_pointer(&r->missing, g_ptr_array_unref);
	if (r->seen.heard)
		observation_clear(&r->seen);
}

void explanation_free(explanation *x)
{
	if (!x)
		return;
	g_free(x->run_id);
	g_free(x->run_dir);
	g_free(x->lab);
	g_clear_pointer(&x->missing, g_ptr_array_unref);
	trial_clear(&x->trial);
	object_free(x->fix);
	g_clear_pointer(&x->alternatives, g_ptr_array_unref);
	finding_free(x->finding);
	observation_clear(&x->seen);
	object_free(x->selection);
	g_free(x);
}
