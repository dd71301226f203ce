/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/diff_parts.h"

#include <string.h>

#define KIND_COLUMNS 8

char *diff_figures_text(const struct diff_cell *d, const char *arrow)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < DIFF_FIGURES; i++) {
		const struct diff_figure *f = &diff_figures[i];

		if (!diff_figure_moved(d, f))
			continue;
		g_string_append_printf(out, "%s%s %.*f%s %s %.*f%s", out->len > 0 ? ", " : "",
				       f->label, f->digits, diff_figure_of(d->before, f), f->unit,
				       arrow, f->digits, diff_figure_of(d->after, f), f->unit);
	}
	return g_string_free(out, FALSE);
}

char *diff_sum_text(const diff *d, const char *const names[2])
{
	GString *out = g_string_new(NULL);
	guint both = 0;
	const char *join = ": ";

	for (guint i = 0; i < DIFF_COUNT; i++)
		both += i == DIFF_ADDED || i == DIFF_REMOVED ? 0 : d->counts[i];
	g_string_append_printf(out, "%u cell%s in both", both, both == 1 ? "" : "s");
	for (guint i = 0; i < DIFF_COUNT; i++) {
		if (d->counts[i] == 0 || i == DIFF_ADDED || i == DIFF_REMOVED)
			continue;
		g_string_append_printf(out, "%s%u %s", join, d->counts[i], diff_words[i].sum);
		join = ", ";
	}
	if (d->counts[DIFF_REMOVED] > 0)
		g_string_append_printf(out, "; %u only in %s", d->counts[DIFF_REMOVED], names[0]);
	if (d->counts[DIFF_ADDED] > 0)
		g_string_append_printf(out, "; %u only in %s", d->counts[DIFF_ADDED], names[1]);
	return g_string_free(out, FALSE);
}

/* Appends kind and cell, and below what came out before and after. */
static void append_cell(const struct diff_cell *d, const struct report_style *style, GString *out)
{
	const char *arrow = style->utf8 ? "→" : "->";
	g_autofree char *before = diff_came_out(d->before), *after = diff_came_out(d->after),
			*figures = diff_figures_text(d, arrow);

	ink_append(out, style, diff_words[d->kind].ink, diff_words[d->kind].name, KIND_COLUMNS);
	g_string_append_printf(out, "%s\n%*s", diff_id(d), KIND_COLUMNS, "");
	if (d->kind == DIFF_QUALITY)
		g_string_append_printf(out, "%s: %s\n", after, figures);
	else
		g_string_append_printf(out, "%s %s %s%s%s\n", before, arrow, after,
				       *figures ? ": " : "", figures);
}

char *diff_explain_command(const diff *d, const struct run_args *after)
{
	/* those that broke are the first */
	const struct diff_cell *first = d->counts[DIFF_BROKE] > 0 ? d->cells->pdata[0] : NULL;

	return after && first ? run_args_explain(after, first->after->id) : NULL;
}

void diff_text(const diff *d, const char *const names[2], const struct run_args *after,
	       const struct report_style *style, GString *out)
{
	g_autofree char *sum = diff_sum_text(d, names), *command = diff_explain_command(d, after);

	for (guint i = 0; i < d->cells->len; i++)
		append_cell(d->cells->pdata[i], style, out);
	ink_append(out, style, INK_BOLD, sum, 0);
	g_string_append_c(out, '\n');
	if (command)
		g_string_append_printf(out, "to see the cause and the fix:\n  %s\n", command);
}
