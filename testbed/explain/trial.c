/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/trial.h"

/* What a trial needs all along. */
struct trial_setup {
	const model *base;
	const matrix_selection *was;
	const struct explain_options *options;
	GString *changes;     /* of all steps, as under `changes:` */
	enum path_class lost; /* that the first cause takes from the call (finding.h) */
};

/* The same cells again, in the network with the changes. */
static matrix_selection *select_again(const struct trial_setup *at,
				      const struct matrix_filter *filter, GError **error)
{
	const struct selected_scenario *old = at->was->scenarios->pdata[0];
	g_autoptr(matrix_selection) s = matrix_select(at->base, filter, error);
	g_autoptr(diags) d = diags_new();
	struct selected_scenario *selected;
	model *mended;

	if (!s || at->changes->len == 0)
		return g_steal_pointer(&s);
	mended = model_instantiate_with(at->base, old->scenario, "the fix", at->changes->str, d);
	if (!mended) {
		diags_set_error(d, TB_ERROR_FAILED, "the fix does not fit the topology: ", error);
		return NULL;
	}
	selected = s->scenarios->pdata[0];
	model_free(selected->model);
	selected->model = mended;
	return g_steal_pointer(&s);
}

static matrix_selection *select_cell_again(const struct trial_setup *at, GError **error)
{
	const struct cell *cell = observe_cells(at->was)->pdata[0];
	g_autofree char *pair = g_strdup_printf("%s:%s", cell->a, cell->b ? cell->b : "");
	g_autofree char *escaped = g_regex_escape_string(cell->id, -1),
			*only = g_strdup_printf("^%s$", escaped);
	const char *scenarios[] = {cell->scenario, NULL}, *pairs[] = {pair, NULL};
	const struct matrix_filter filter = {.scenarios = scenarios,
					     .pairs = cell->b ? pairs : NULL,
					     .directed = true,
					     .only = only};

	return select_again(at, &filter, error);
}

/* --- steps ------------------------------------------------------------------------------------ */

static void step_free(gpointer data)
{
	struct trial_step *s = data;

	g_free(s->node);
	subject_clear(&s->subject);
	g_free(s->change);
	g_free(s);
}

static struct trial_step *step_add(struct trial *t, const finding *f, const fix *mend)
{
	struct trial_step *s = g_new0(struct trial_step, 1);

	s->code = f->code;
	s->node = g_strdup(f->node);
	s->subject = subject_copy(&f->subject);
	s->change = fix_text(mend);
	g_ptr_array_add(t->steps, s);
	return s;
}

/* The worst path that the call may take and be mended: paths are declared from the best to the
 * worst, direct before relays and UDP before TCP.  PATH_NONE: any. */
static enum path_class worst_allowed(const struct cell *before, enum path_class lost)
{
	bool expected = before->expected_verdict == VERDICT_PASS && before->has_expected_path;

	for (guint p = PATH_COUNT; expected && p-- > 0;)
		if (before->expected_path_mask & 1u << p)
			return p;
	return lost;
}

bool trial_mended(const struct cell *before, const struct cell *after, enum path_class lost)
{
	if (after->verdict != VERDICT_PASS)
		return false;
	return before->verdict == VERDICT_PASS ? after->as_expected :
						 after->path <= worst_allowed(before, lost);
}

/* What is still at fault on the copy.  A call that passes over a path worse than `worst` is held
 * against the better ones: where the file expects none, nothing would be at fault. */
static finding *finding_of_copy(const matrix_selection *s, const struct observation *seen,
				enum path_class worst)
{
	struct cell *c = observe_cells(s)->pdata[0];
	const bool as_expected = c->as_expected, has_expected_path = c->has_expected_path;
	const unsigned mask = c->expected_path_mask;
	finding *f;

	if (c->verdict == VERDICT_PASS && c->path > worst) {
		c->as_expected = false;
		c->has_expected_path = true;
		c->expected_path_mask = 1u << worst;
	}
	f = observe_finding(s, seen);
	c->as_expected = as_expected;
	c->has_expected_path = has_expected_path;
	c->expected_path_mask = mask;
	return f;
}

/* The cause that the copy still has, and the fix for it; FALSE: there is nothing more to try. */
static bool find_next(struct trial *t, const matrix_selection *s, const struct observation *seen,
		      enum path_class worst, finding **found, fix **mend)
{
	const struct selected_scenario *selected = s->scenarios->pdata[0];
	g_autofree char *change = NULL;

	finding_free(*found);
	object_free(*mend);
	*found = finding_of_copy(s, seen, worst);
	*mend = fix_derive(selected->model, *found);
	change = *mend ? fix_text(*mend) : NULL;
	t->next = (*found)->code;
	for (guint i = 0; *mend && i < t->steps->len; i++)
		if (g_str_equal(((const struct trial_step *)t->steps->pdata[i])->change, change))
			return false;
	return *mend != NULL;
}

static void note_step(struct trial *t, struct trial_step *step, const struct trial_setup *at,
		      const struct cell *after)
{
	t->verdict = step->verdict = after->verdict;
	t->path = step->path = after->path;
	t->mended = trial_mended(observe_cells(at->was)->pdata[0], after, at->lost);
	t->next = CAUSE_NONE;
}

/* What was seen of the last step is told; takes it over. */
static void keep_seen(struct trial *t, const matrix_selection *s, struct observation *seen)
{
	if (t->seen.heard)
		observation_clear(&t->seen);
	t->seen = *seen;
	t->after = observe_cells(s)->pdata[0];
	t->network = ((const struct selected_scenario *)s->scenarios->pdata[0])->model;
}

/* One step: the call with all changes up to now.  TRUE: there is a further one, in *next and
 * *next_fix. */
static bool try_step(struct trial *t, const struct trial_setup *at, const finding *f,
		     const fix *mend, finding **next, fix **next_fix, GError **error)
{
	struct trial_step *step = step_add(t, f, mend);
	struct observation seen;
	matrix_selection *s;
	bool more = false;

	g_string_append(at->changes, step->change);
	observe_tell_stage(at->options, EXPLAIN_TRYING, step->change);
	s = select_cell_again(at, error);
	if (!s)
		return false;
	g_ptr_array_add(t->copies, s);
	observation_init(&seen);
	if (observe_run(s, at->options, &seen, error)) {
		note_step(t, step, at, observe_cells(s)->pdata[0]);
		more = !t->mended &&
		       find_next(t, s, &seen,
				 worst_allowed(observe_cells(at->was)->pdata[0], at->lost), next,
				 next_fix);
		keep_seen(t, s, &seen);
	} else {
		observation_clear(&seen);
	}
	return more;
}

static void try_steps(struct trial *t, const struct trial_setup *at, const finding *first,
		      const fix *mend, GError **error)
{
	guint max = at->options->steps_max > 0 ? at->options->steps_max : TRIAL_STEPS_MAX;
	finding *next = NULL;
	fix *next_fix = NULL;
	bool more = try_step(t, at, first, mend, &next, &next_fix, error);

	while (more && t->steps->len < max)
		more = try_step(t, at, next, next_fix, &next, &next_fix, error);
	finding_free(next);
	object_free(next_fix);
}

/* --- every other call ------------------------------------------------------------------------- */

/* "^(ID|ID)$" of all of them. */
static char *regex_of(const GPtrArray *ids)
{
	g_autoptr(GString) text = g_string_new("^(");

	for (guint i = 0; i < ids->len; i++) {
		g_autofree char *escaped = g_regex_escape_string(ids->pdata[i], -1);

		g_string_append_printf(text, "%s%s", i > 0 ? "|" : "", escaped);
	}
	g_string_append(text, ")$");
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* On a busy machine a call among hundreds may fail for want of a processor.  What the change breaks
 * fails also with none beside it but its like; the others are told, too, as unsteady. */
static gboolean confirm_broken(struct trial *t, const struct trial_setup *at, GError **error)
{
	g_autofree char *only = regex_of(t->broken);
	const struct cell *cell = observe_cells(at->was)->pdata[0];
	const char *scenarios[] = {cell->scenario, NULL};
	const struct matrix_filter filter = {.scenarios = scenarios, .only = only};
	g_autoptr(matrix_selection) again =
		t->broken->len > 0 ? select_again(at, &filter, error) : NULL;

	if (t->broken->len == 0)
		return TRUE;
	if (!again || !observe_run(again, at->options, NULL, error))
		return FALSE;
	g_ptr_array_set_size(t->broken, 0);
	ptr_array_foreach(const struct cell, c, observe_cells(again))
		g_ptr_array_add(c->verdict == VERDICT_PASS ? t->unsteady : t->broken,
				g_strdup(c->id));
	return TRUE;
}

/* Both runs hold the same cells in the same order. */
static gboolean try_others(struct trial *t, const struct trial_setup *at, GError **error)
{
	const struct cell *cell = observe_cells(at->was)->pdata[0];
	const char *scenarios[] = {cell->scenario, NULL};
	const struct matrix_filter filter = {.scenarios = scenarios};
	g_autoptr(matrix_selection) before = matrix_select(at->base, &filter, error);
	g_autoptr(matrix_selection) after = before ? select_again(at, &filter, error) : NULL;

	observe_tell_stage(at->options, EXPLAIN_COMPARING, NULL);
	if (!after || !observe_run(before, at->options, NULL, error) ||
	    !observe_run(after, at->options, NULL, error))
		return FALSE;
	for (guint i = 0; i < observe_cells(before)->len; i++) {
		const struct cell *first = observe_cells(before)->pdata[i],
				  *then = observe_cells(after)->pdata[i];

		if (first->verdict != VERDICT_PASS)
			continue;
		t->others++;
		if (then->verdict != VERDICT_PASS)
			g_ptr_array_add(t->broken, g_strdup(then->id));
	}
	return confirm_broken(t, at, error);
}

/* --- public ----------------------------------------------------------------------------------- */

void trial_make(struct trial *t, const model *base, const matrix_selection *was,
		const finding *found, const fix *mend, const struct explain_options *options)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) changes = g_string_new(NULL);
	const struct trial_setup at = {.base = base,
				       .was = was,
				       .options = options,
				       .changes = changes,
				       .lost = found->lost};

	if (options->no_trial) {
		t->error = g_strdup("not asked for");
		return;
	}
	t->broken = g_ptr_array_new_with_free_func(g_free);
	t->unsteady = g_ptr_array_new_with_free_func(g_free);
	t->steps = g_ptr_array_new_with_free_func(step_free);
	t->copies = g_ptr_array_new_with_free_func(object_free);
	try_steps(t, &at, found, mend, &error);
	t->made = !error && (!options->all || try_others(t, &at, &error));
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		t->error = g_strdup("interrupted");
	else if (error)
		t->error = g_strdup(error->message);
}

bool trial_repeats(struct trial *t, const model *base, const matrix_selection *was,
		   const struct explain_options *options)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) none = g_string_new(NULL);
	const struct trial_setup at = {
		.base = base, .was = was, .options = options, .changes = none};
	g_autoptr(matrix_selection) s = select_cell_again(&at, &error);
	const struct cell *before = observe_cells(was)->pdata[0], *after;

	observe_tell_stage(options, EXPLAIN_REPEATING, NULL);
	if (!s || !observe_run(s, options, NULL, &error)) {
		t->error = g_strdup(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ?
					    "interrupted" :
					    error->message);
		return false;
	}
	after = observe_cells(s)->pdata[0];
	if (after->verdict == before->verdict &&
	    (after->verdict != VERDICT_PASS || after->path == before->path))
		return true;
	t->error = g_strdup_printf("on a copy the call comes out as %s without it; what is at "
				   "fault is in the lab and not in its topology "
				   "(typed in by hand?)",
				   verdict_name(after->verdict));
	return false;
}

void trial_clear(struct trial *t)
{
	g_free(t->error);
	g_clear_pointer(&t->steps, g_ptr_array_unref);
	g_clear_pointer(&t->copies, g_ptr_array_unref);
	if (t->seen.heard)
		observation_clear(&t->seen);
	g_clear_pointer(&t->broken, g_ptr_array_unref);
	g_clear_pointer(&t->unsteady, g_ptr_array_unref);
}
