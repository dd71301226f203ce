/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/ci_parts.h"

#include "common/base/printable.h"
#include "testbed/report/sheet.h"

#define CELLS_NAMED_MAX 20u

/* --- annotations ------------------------------------------------------------------------------ */

/* Appends a value of a workflow command; in a property two more characters have a meaning. */
static void append_value(GString *out, const char *text, bool property)
{
	g_autoptr(GString) clean = g_string_new(NULL);

	printable_append(clean, text, -1, PRINTABLE_TEXT);
	g_string_replace(clean, "%", "%25", 0);
	g_string_replace(clean, "\n", "%0A", 0);
	if (property) {
		g_string_replace(clean, ":", "%3A", 0);
		g_string_replace(clean, ",", "%2C", 0);
	}
	g_string_append(out, clean->str);
}

/* The rule of the topology that says what the cell should be, else its scenario; line 0: none is
 * known. */
static struct loc place_of(const struct ci_run *run, const struct cell *c)
{
	const struct scenario *sc = run->base ? model_scenario(run->base, c->scenario) : NULL;
	const struct expect *rule =
		sc ? scenario_expect(run->base, sc, c->a, c->b, c->media) : NULL;

	return rule ? rule->loc : sc ? sc->loc : (struct loc){0};
}

static void append_cells(const GPtrArray *cells, const char *separator, GString *out)
{
	guint n = MIN(cells->len, CELLS_NAMED_MAX);

	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, "%s%s", i > 0 ? separator : "",
				       ((const struct cell *)cells->pdata[i])->id);
	if (n < cells->len)
		g_string_append_printf(out, "%sand %u more", separator, cells->len - n);
}

static void annotate(const struct ci_run *run, const struct ci_group *g, GString *out)
{
	const struct cell *first = g->cells->pdata[0];
	struct loc at = place_of(run, first);
	g_autofree char *title = ci_group_title(g), *details = ci_details(run, first),
			*message = ci_message(first);
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_append_printf(text, "%u cell%s: ", g->cells->len, g->cells->len == 1 ? "" : "s");
	append_cells(g->cells, ", ", text);
	g_string_append_printf(text, "\n%s\n%s", message, details);
	g_string_append(out, "::error ");
	if (at.line > 0) {
		g_string_append(out, "file=");
		append_value(out, ci_file(run, at.file), true);
		g_string_append_printf(out, ",line=%d,", at.line);
	}
	g_string_append(out, "title=");
	append_value(out, title, true);
	g_string_append(out, "::");
	append_value(out, g_strchomp(text->str), false);
	g_string_append_c(out, '\n');
}

void ci_annotations(const struct ci_run *run, GString *out)
{
	g_autoptr(GPtrArray) groups = ci_groups(run);
	struct results_summary sum = results_summarise(run->results);

	for (guint i = 0; i < groups->len; i++)
		annotate(run, groups->pdata[i], out);
	if (sum.not_run > 0)
		g_string_append_printf(out, "::warning title=testbed::%u cell%s not run\n",
				       sum.not_run, sum.not_run == 1 ? " was" : "s were");
}

/* --- the summary ------------------------------------------------------------------------------ */

static void append_scenario_row(const struct scenario_result *s, GString *out)
{
	guint verdicts[VERDICT_COUNT] = {0}, differ = 0, not_run = 0;
	const char *mark;

	ptr_array_foreach(const struct cell, c, s->cells) {
		not_run += !c->done;
		differ += c->done && !c->as_expected;
		if (c->done)
			verdicts[c->verdict]++;
	}
	mark = differ > 0 ? "❌" : "✅";
	g_string_append(out, "| ");
	markdown_text(out, s->name);
	g_string_append_printf(out, " | %u | %u | %u | %u | %u | %s %u |\n", s->cells->len,
			       verdicts[VERDICT_PASS], verdicts[VERDICT_FAIL],
			       verdicts[VERDICT_ERROR], not_run, mark, differ);
}

static void append_sentence(GString *out, const char *label, const char *text)
{
	g_string_append_printf(out, "- **%s** ", label);
	markdown_text(out, text);
	g_string_append_c(out, '\n');
}

static void append_group(const struct ci_run *run, const struct ci_group *g, GString *out)
{
	const struct cell *first = g->cells->pdata[0];
	const finding *f = g->found;
	g_autofree char *title = ci_group_title(g), *message = ci_message(first),
			*command = ci_explain_command(run, first);
	g_autoptr(GString) cells = g_string_new(NULL);

	g_string_append(out, "### ");
	markdown_text(out, title);
	g_string_append(out, "\n\n");
	append_cells(g->cells, ", ", cells);
	append_sentence(out, g->cells->len == 1 ? "cell" : "cells", cells->str);
	append_sentence(out, "came out", message);
	if (f || first->reason)
		append_sentence(out, "what", f ? f->what : first->reason);
	if (f && f->why)
		append_sentence(out, "why", f->why);
	for (guint i = 0; f && i < f->proof->len; i++)
		append_sentence(out, "proof", f->proof->pdata[i]);
	g_string_append_c(out, '\n');
	markdown_code(out, command);
}

void ci_summary(const struct ci_run *run, GString *out)
{
	const results *r = run->results;
	struct results_summary sum = results_summarise(r);
	g_autoptr(GPtrArray) groups = ci_groups(run);

	g_string_append(out, "## testbed: ");
	markdown_text(out, r->topology_name ? r->topology_name : "a topology");
	g_string_append_printf(out, "\n\n%u cells, %u not as expected%s\n\n", sum.cells,
			       sum.unexpected, r->complete ? "" : "; the run was interrupted");
	g_string_append(out,
			"| scenario | cells | pass | fail | error | not run | not as expected |\n"
			"|---|---|---|---|---|---|---|\n");
	for (guint i = 0; i < r->scenarios->len; i++)
		append_scenario_row(r->scenarios->pdata[i], out);
	g_string_append_c(out, '\n');
	for (guint i = 0; i < groups->len; i++)
		append_group(run, groups->pdata[i], out);
}
