#include "testbed/explain/explain.h"

#include <unistd.h>

/* --- which cell -------------------------------------------------------------------------------------- */

char **explain_near_ids(const matrix_selection *selection, const char *id, guint limit)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	g_autoptr(GStrvBuilder) near = g_strv_builder_new();
	const char *nearest;

	for (guint i = 0; i < selection->results->scenarios->len; i++) {
		const struct scenario_result *s = selection->results->scenarios->pdata[i];

		for (guint k = 0; k < s->cells->len; k++)
			g_ptr_array_add(ids, ((struct cell *)s->cells->pdata[k])->id);
	}
	g_ptr_array_add(ids, NULL);
	for (guint i = 0; i < limit && (nearest = diag_nearest(id, (const char *const *)ids->pdata)); i++) {
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

	g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "no cell '%s'%s%s%s", id, list ? " (near: " : "", list ? list : "",
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
	matrix_selection *s = matrix_select(base, &filter, NULL);

	return s ? s : unknown_id(base, id, error);
}

matrix_selection *explain_select_call(const model *base, const char *scenario, const char *a, const char *b,
				      enum media media, GError **error)
{
	g_autofree char *pair = g_strdup_printf("%s:%s", a, b);
	const char *scenarios[] = {scenario, NULL}, *pairs[] = {pair, NULL};
	const struct matrix_filter filter = {
		.scenarios = scenarios, .pairs = pairs, .media_mask = 1u << media, .directed = true};

	return matrix_select(base, &filter, error);
}

/* --- running cells ------------------------------------------------------------------------------------ */

static void on_agent_event(const char *scenario, const char *agent, const json_t *event, gpointer user_data)
{
	explanation *x = user_data;

	(void)scenario;
	g_ptr_array_add(x->heard, heard_new(agent, event));
}

static void on_lab_state(const struct scenario_result *s, const json_t *state, const GError *error, gpointer user_data)
{
	explanation *x = user_data;

	(void)s;
	(void)error;
	x->state = json_deep_copy(state);
}

static void on_cancelled(GCancellable *cancel, gpointer user_data)
{
	(void)cancel;
	matrix_cancel(user_data);
}

/* Runs the cells of a selection of one scenario; `watch` hears of it, or NULL. */
static gboolean run(matrix_selection *s, const struct explain_options *o, explanation *watch, GError **error)
{
	static const struct matrix_observer nobody = {0};
	static const struct matrix_observer observer = {.agent_event = on_agent_event, .lab_state = on_lab_state};
	const struct matrix_options options = {.program_dir = o->program_dir, .seed = o->seed};
	const struct scenario_result *result = s->results->scenarios->pdata[0];
	g_autoptr(matrix) m = NULL;
	gboolean ran;
	gulong asked;

	g_free(s->results->run_id);
	s->results->run_id = g_strdup_printf("explain-%d", (int)getpid());
	m = matrix_new(s, &options, watch ? &observer : &nobody, watch);
	asked = o->cancel ? g_cancellable_connect(o->cancel, G_CALLBACK(on_cancelled), m, NULL) : 0;
	ran = matrix_run(m, error);
	g_cancellable_disconnect(o->cancel, asked);
	if (!ran || g_cancellable_set_error_if_cancelled(o->cancel, error))
		return FALSE;
	if (result->error) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "the lab failed: %s", result->error);
		return FALSE;
	}
	return TRUE;
}

/* --- the trial ---------------------------------------------------------------------------------------- */

/* The same cells again, in the network with the fix. */
static matrix_selection *select_again(const model *base, const matrix_selection *was, const struct matrix_filter *filter,
				      const fix *mend, GError **error)
{
	const struct selected_scenario *old = was->scenarios->pdata[0];
	g_autoptr(matrix_selection) s = matrix_select(base, filter, error);
	g_autoptr(diags) d = diags_new();
	struct selected_scenario *selected;
	model *mended;

	if (!s)
		return NULL;
	mended = model_instantiate_with(base, old->scenario, "the fix", mend->change, d);
	if (!mended) {
		g_autofree char *text = diags_to_text(d);

		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "the fix does not fit the topology: %s", g_strchomp(text));
		return NULL;
	}
	selected = s->scenarios->pdata[0];
	model_free(selected->model);
	selected->model = mended;
	return g_steal_pointer(&s);
}

static const GPtrArray *cells_of(const matrix_selection *s)
{
	return ((struct scenario_result *)s->results->scenarios->pdata[0])->cells;
}

static gboolean try_cell(const model *base, explanation *x, const struct explain_options *o, GError **error)
{
	g_autofree char *pair = g_strdup_printf("%s:%s", x->cell->a, x->cell->b ? x->cell->b : "");
	g_autofree char *escaped = g_regex_escape_string(x->cell->id, -1), *only = g_strdup_printf("^%s$", escaped);
	const char *scenarios[] = {x->cell->scenario, NULL}, *pairs[] = {pair, NULL};
	const struct matrix_filter filter = {.scenarios = scenarios,
					     .pairs = x->cell->b ? pairs : NULL,
					     .directed = true,
					     .only = only};
	g_autoptr(matrix_selection) s = select_again(base, x->selection, &filter, x->fix, error);
	const struct cell *c;

	if (!s || !run(s, o, NULL, error))
		return FALSE;
	c = cells_of(s)->pdata[0];
	x->trial.verdict = c->verdict;
	x->trial.path = c->path;
	return TRUE;
}

/* Both runs hold the same cells in the same order. */
static gboolean try_others(const model *base, explanation *x, const struct explain_options *o, GError **error)
{
	const char *scenarios[] = {x->cell->scenario, NULL};
	const struct matrix_filter filter = {.scenarios = scenarios};
	g_autoptr(matrix_selection) before = matrix_select(base, &filter, error);
	g_autoptr(matrix_selection) after = before ? select_again(base, x->selection, &filter, x->fix, error) : NULL;

	if (!after || !run(before, o, NULL, error) || !run(after, o, NULL, error))
		return FALSE;
	for (guint i = 0; i < cells_of(before)->len; i++) {
		const struct cell *was = cells_of(before)->pdata[i], *is = cells_of(after)->pdata[i];

		if (was->verdict != VERDICT_PASS)
			continue;
		x->trial.others++;
		if (is->verdict != VERDICT_PASS)
			g_ptr_array_add(x->trial.broken, g_strdup(is->id));
	}
	return TRUE;
}

static void try_fix(const model *base, explanation *x, const struct explain_options *o)
{
	g_autoptr(GError) error = NULL;

	if (!x->fix)
		return;
	if (o->no_trial) {
		x->trial.error = g_strdup("not asked for");
		return;
	}
	x->trial.made = try_cell(base, x, o, &error) && (!o->all || try_others(base, x, o, &error));
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		x->trial.error = g_strdup("interrupted");
	else if (error)
		x->trial.error = g_strdup(error->message);
}

/* --- public -------------------------------------------------------------------------------------------- */

/* From what was heard and read to cause, fix and trial. */
static void conclude(const model *base, explanation *x, const struct explain_options *o)
{
	const struct evidence e = {
		.walk = walk_both, .model = x->model, .cell = x->cell, .heard = x->heard, .state = x->state};

	x->finding = cause_find(&e);
	x->fix = fix_derive(x->model, x->finding);
	try_fix(base, x, o);
}

explanation *explain_cell(const model *base, matrix_selection *selection, const struct explain_options *options,
			  GError **error)
{
	g_autoptr(GError) run_error = NULL;
	g_autoptr(explanation) x = g_new0(explanation, 1);

	x->selection = selection;
	x->heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
	x->trial.broken = g_ptr_array_new_with_free_func(g_free);
	x->cell = cells_of(selection)->pdata[0];
	x->model = ((struct selected_scenario *)selection->scenarios->pdata[0])->model;
	if (run(selection, options, x, &run_error)) {
		conclude(base, x, options);
	} else if (!g_error_matches(run_error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_propagate_error(error, g_steal_pointer(&run_error));
		return NULL;
	}
	return g_steal_pointer(&x);
}

void explanation_free(explanation *x)
{
	if (!x)
		return;
	g_free(x->trial.error);
	g_ptr_array_unref(x->trial.broken);
	fix_free(x->fix);
	finding_free(x->finding);
	json_decref(x->state);
	g_ptr_array_unref(x->heard);
	matrix_selection_free(x->selection);
	g_free(x);
}
