/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/ci_parts.h"

#include "testbed/report/text.h"

#include <string.h>

enum ci_outcome ci_outcome_of(const struct cell *c)
{
	if (!c->done)
		return CI_SKIPPED;
	if (c->as_expected)
		return CI_OK;
	return c->verdict == VERDICT_ERROR ? CI_ERROR : CI_FAILURE;
}

const finding *ci_finding(const struct ci_run *run, const struct cell *c)
{
	return run->findings ? g_hash_table_lookup(run->findings, c->id) : NULL;
}

char *ci_message(const struct cell *c)
{
	g_autofree char *expected = report_expectation(c);
	const char *path = c->verdict == VERDICT_PASS ? path_class_name(c->path) : NULL;

	return g_strdup_printf("expected %s; got %s%s%s%s%s", expected, verdict_name(c->verdict),
			       path ? " over " : "", path ? path : "",
			       c->cause ? " because of " : "", c->cause ? c->cause : "");
}

const char *ci_file(const struct ci_run *run, const char *file)
{
	gsize length = run->root ? strlen(run->root) : 0;

	if (length > 0 && g_str_has_prefix(file, run->root) && file[length] == '/')
		return file + length + 1;
	return file;
}

char *ci_explain_command(const struct ci_run *run, const struct cell *c)
{
	struct run_args how = run->how;

	how.topology = how.topology ? ci_file(run, how.topology) : NULL;
	if (run->folders)
		how.folder = g_hash_table_lookup(run->folders, c->id);
	how.folder = how.folder ? ci_file(run, how.folder) : NULL;
	return run_args_explain(&how, c->id);
}

char *ci_details(const struct ci_run *run, const struct cell *c)
{
	const finding *f = ci_finding(run, c);
	g_autofree char *command = ci_explain_command(run, c);
	GString *text = g_string_new(NULL);

	if (f) {
		g_string_append_printf(text, "what: %s\n", f->what);
		if (f->why)
			g_string_append_printf(text, "why: %s\n", f->why);
		for (guint i = 0; i < f->proof->len; i++)
			g_string_append_printf(text, "proof: %s\n", (char *)f->proof->pdata[i]);
	} else if (c->reason) {
		g_string_append_printf(text, "what: %s\n", c->reason);
	}
	g_string_append_printf(text, "explain: %s\n", command);
	return g_string_free(text, FALSE);
}

/* --- cells with one cause --------------------------------------------------------------------- */

static void group_free(gpointer data)
{
	struct ci_group *g = data;

	g_ptr_array_unref(g->cells);
	g_free(g);
}

static bool is_one_cause(const finding *x, const finding *y)
{
	return x && y && x->code == y->code && g_strcmp0(x->node, y->node) == 0 &&
	       subject_equal(&x->subject, &y->subject);
}

/* The group of the cell's cause, which is added when it is new. */
static struct ci_group *group_of(GPtrArray *groups, const finding *f)
{
	struct ci_group *added;

	ptr_array_foreach(struct ci_group, g, groups) {
		if (is_one_cause(g->found, f))
			return g;
	}
	added = g_new0(struct ci_group, 1);
	added->found = f;
	added->cells = g_ptr_array_new();
	g_ptr_array_add(groups, added);
	return added;
}

GPtrArray *ci_groups(const struct ci_run *run)
{
	GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);

	ptr_array_foreach(const struct scenario_result, s, run->results->scenarios) {
		ptr_array_foreach(struct cell, c, s->cells) {
			enum ci_outcome outcome = ci_outcome_of(c);

			if (outcome == CI_FAILURE || outcome == CI_ERROR)
				g_ptr_array_add(group_of(groups, ci_finding(run, c))->cells, c);
		}
	}
	return groups;
}

char *ci_group_title(const struct ci_group *g)
{
	const finding *f = g->found;
	g_autofree char *object = f ? subject_text(&f->subject) : NULL;

	if (!f || f->code == CAUSE_NONE)
		return ci_message(g->cells->pdata[0]);
	return g_strdup_printf("%s%s%s%s%s", cause_name(f->code), f->node ? " at " : "",
			       f->node ? f->node : "", object ? ": " : "", object ? object : "");
}
