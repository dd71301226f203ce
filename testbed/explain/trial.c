#include "testbed/explain/trial.h"

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

static gboolean try_cell(struct trial *t, const model *base, const matrix_selection *was, const fix *mend,
			 const struct explain_options *o, GError **error)
{
	const struct cell *cell = observe_cells(was)->pdata[0];
	g_autofree char *pair = g_strdup_printf("%s:%s", cell->a, cell->b ? cell->b : "");
	g_autofree char *escaped = g_regex_escape_string(cell->id, -1), *only = g_strdup_printf("^%s$", escaped);
	const char *scenarios[] = {cell->scenario, NULL}, *pairs[] = {pair, NULL};
	const struct matrix_filter filter = {.scenarios = scenarios,
					     .pairs = cell->b ? pairs : NULL,
					     .directed = true,
					     .only = only};
	g_autoptr(matrix_selection) s = select_again(base, was, &filter, mend, error);
	const struct cell *c;

	if (!s || !observe_run(s, o, NULL, error))
		return FALSE;
	c = observe_cells(s)->pdata[0];
	t->verdict = c->verdict;
	t->path = c->path;
	return TRUE;
}

/* Both runs hold the same cells in the same order. */
static gboolean try_others(struct trial *t, const model *base, const matrix_selection *was, const fix *mend,
			   const struct explain_options *o, GError **error)
{
	const struct cell *cell = observe_cells(was)->pdata[0];
	const char *scenarios[] = {cell->scenario, NULL};
	const struct matrix_filter filter = {.scenarios = scenarios};
	g_autoptr(matrix_selection) before = matrix_select(base, &filter, error);
	g_autoptr(matrix_selection) after = before ? select_again(base, was, &filter, mend, error) : NULL;

	if (!after || !observe_run(before, o, NULL, error) || !observe_run(after, o, NULL, error))
		return FALSE;
	for (guint i = 0; i < observe_cells(before)->len; i++) {
		const struct cell *first = observe_cells(before)->pdata[i], *then = observe_cells(after)->pdata[i];

		if (first->verdict != VERDICT_PASS)
			continue;
		t->others++;
		if (then->verdict != VERDICT_PASS)
			g_ptr_array_add(t->broken, g_strdup(then->id));
	}
	return TRUE;
}

/* --- public -------------------------------------------------------------------------------------------- */

void trial_make(struct trial *t, const model *base, const matrix_selection *was, const fix *mend,
		const struct explain_options *options)
{
	g_autoptr(GError) error = NULL;

	if (options->no_trial) {
		t->error = g_strdup("not asked for");
		return;
	}
	t->broken = g_ptr_array_new_with_free_func(g_free);
	t->made = try_cell(t, base, was, mend, options, &error) &&
		  (!options->all || try_others(t, base, was, mend, options, &error));
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		t->error = g_strdup("interrupted");
	else if (error)
		t->error = g_strdup(error->message);
}

void trial_clear(struct trial *t)
{
	g_free(t->error);
	if (t->broken)
		g_ptr_array_unref(t->broken);
}
