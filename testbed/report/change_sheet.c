/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/change_sheet.h"

#include "testbed/model/change_text.h"
#include "testbed/report/change_parts.h"
#include "testbed/report/ci_parts.h"
#include "testbed/report/diff_parts.h"
#include "testbed/report/explain_json.h"

#include <string.h>

#define CELLS_NAMED_MAX 20u

static const results *results_of(const struct change_sheet *c)
{
	return c->run->results;
}

/* Adds an item with printf-like text. */
static void add_item(struct sheet *out, const char *label, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

static void add_item(struct sheet *out, const char *label, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	sheet_item(out, label, text);
}

/* --- what came out ---------------------------------------------------------------------------- */

/* The first sentence; the caller frees it. */
static char *verdict_text(const struct change_sheet *c)
{
	struct results_summary sum = results_summarise(results_of(c));
	guint broke = c->compared ? c->compared->counts[DIFF_BROKE] : 0;

	if (c->explained)
		return change_explained_verdict(c->explained);
	if (sum.not_run > 0)
		return g_strdup_printf("The run was interrupted: %u of %u calls were not placed.",
				       sum.not_run, sum.cells);
	if (c->compared && broke == 0)
		return g_strdup_printf("Nothing that worked breaks, of %u calls.", sum.cells);
	if (c->compared)
		return g_strdup_printf("%u of %u calls worked before the change and do not "
				       "any more.",
				       broke, sum.cells);
	if (sum.unexpected == 0)
		return g_strdup_printf("All %u calls came out as expected.", sum.cells);
	return g_strdup_printf("%u of %u calls did not come out as expected.", sum.unexpected,
			       sum.cells);
}

static void put_tested(const struct change_sheet *c, struct sheet *out)
{
	const results *r = results_of(c);
	const char *vpn = g_hash_table_lookup(r->features, "vpn");

	sheet_heading(out, 2, "What was tested");
	add_item(out, "network", "%s (%s, SHA-256 %.12s)",
		 r->topology_name ? r->topology_name : "?",
		 r->topology_file ? r->topology_file : "?",
		 r->topology_sha256 ? r->topology_sha256 : "?");
	for (char *const *change = r->changes; change && *change; change++)
		sheet_item(out, "changed by", *change);
	if (!r->changes || !*r->changes)
		sheet_item(out, "changed by", "nothing");
	ptr_array_foreach(const struct scenario_result, s, r->scenarios)
		add_item(out, "scenario", "%s%s%s", s->name, s->title ? ": " : "",
			 s->title ? s->title : "");
	if (c->started)
		sheet_item(out, "when", c->started);
	if (c->explained && c->explained->lab)
		sheet_item(out, "lab", c->explained->lab);
	else if (r->run_id)
		add_item(out, "how",
			 "testbed %s, kernel %s, %.0f s%s%s, seed %" G_GUINT64_FORMAT ", run %s",
			 r->version ? r->version : "?", r->kernel ? r->kernel : "?",
			 r->wall_ms / 1e3, vpn ? ", VPN by " : "", vpn ? vpn : "", r->seed,
			 r->run_id);
}

/* "udp-relay 12, udp-direct 4"; the caller frees it. */
static char *paths_text(const struct scenario_result *s)
{
	guint counts[PATH_COUNT] = {0};
	GString *text = g_string_new(NULL);

	ptr_array_foreach(const struct cell, c, s->cells)
		if (c->done && c->verdict == VERDICT_PASS)
			counts[c->path]++;
	for (enum path_class p = 0; p < PATH_COUNT; p++)
		if (counts[p] > 0)
			g_string_append_printf(text, "%s%s %u", text->len > 0 ? ", " : "",
					       path_class_name(p), counts[p]);
	return g_string_free(text, FALSE);
}

static void put_scenario(const struct scenario_result *s, struct sheet *out)
{
	guint passed = 0, failed = 0, differ = 0, not_run = 0;
	g_autofree char *paths = paths_text(s);
	char numbers[5][12];

	ptr_array_foreach(const struct cell, c, s->cells) {
		not_run += !c->done;
		differ += c->done && !c->as_expected;
		passed += c->done && c->as_expected && c->verdict == VERDICT_PASS;
		failed += c->done && c->as_expected && c->verdict != VERDICT_PASS;
	}
	g_snprintf(numbers[0], sizeof numbers[0], "%u", s->cells->len);
	g_snprintf(numbers[1], sizeof numbers[1], "%u", passed);
	g_snprintf(numbers[2], sizeof numbers[2], "%u", failed);
	g_snprintf(numbers[3], sizeof numbers[3], "%u", differ);
	g_snprintf(numbers[4], sizeof numbers[4], "%u", not_run);
	sheet_row(out, (const char *const[]){s->name, numbers[0], numbers[1], numbers[2],
					     numbers[3], numbers[4], paths, NULL});
}

static void put_passed(const struct change_sheet *c, struct sheet *out)
{
	sheet_heading(out, 2, "What passed");
	sheet_table(out, (const char *const[]){"scenario", "calls", "pass as expected",
					       "fail as expected", "not as expected", "not placed",
					       "ways of those that pass", NULL});
	ptr_array_foreach(const struct scenario_result, s, results_of(c)->scenarios)
		put_scenario(s, out);
}

/* --- what broke ------------------------------------------------------------------------------- */

static void put_cells(const GPtrArray *cells, struct sheet *out)
{
	g_autoptr(GString) text = g_string_new(NULL);
	guint n = MIN(cells->len, CELLS_NAMED_MAX);

	for (guint i = 0; i < n; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
				       ((const struct cell *)cells->pdata[i])->id);
	if (n < cells->len)
		g_string_append_printf(text, ", and %u more", cells->len - n);
	sheet_item(out, cells->len == 1 ? "call" : "calls", text->str);
}

/* The commands of a fix, by where they are to be typed, each with what takes it back. */
static void put_fix(const fix *x, const char *tried, struct sheet *out)
{
	static const char *const places[FIX_PLACE_COUNT] = {
		[FIX_IN_LAB] = "in a shell of the lab's node",
		[FIX_ON_WINDOWS] = "on Windows",
		[FIX_ON_LINUX] = "on a Linux gateway",
	};
	g_autofree char *changes = fix_text(x);

	sheet_item(out, "fix", tried);
	sheet_code(out, changes);
	for (enum fix_place place = 0; place < FIX_PLACE_COUNT; place++) {
		g_autoptr(GString) text = g_string_new(NULL);

		ptr_array_foreach(const struct fix_command, one, x->commands) {
			if (one->place != place)
				continue;
			if (one->node)
				g_string_append_printf(text, "# %s\n", one->node);
			g_string_append_printf(text, "%s\n", one->text);
			if (one->undo)
				g_string_append_printf(text, "# to take it back: %s\n", one->undo);
		}
		if (text->len == 0)
			continue;
		sheet_paragraph(out, places[place]);
		sheet_code(out, text->str);
	}
}

static void put_finding(const finding *f, struct sheet *out)
{
	sheet_item(out, "cause", cause_text(f->code));
	sheet_item(out, "what", f->what);
	if (f->why)
		sheet_item(out, "why", f->why);
	ptr_array_foreach(const char, line, f->proof)
		sheet_item(out, "proof", line);
}

static void put_group(const struct change_sheet *c, const struct ci_group *g, struct sheet *out)
{
	const struct cell *first = g->cells->pdata[0];
	g_autofree char *title = ci_group_title(g), *message = ci_message(first),
			*command = ci_explain_command(c->run, first);
	g_autoptr(fix) x = g->found ? c->fix_of(first, g->found, c->user_data) : NULL;

	sheet_heading(out, 3, title);
	put_cells(g->cells, out);
	sheet_item(out, "came out", message);
	if (g->found && g->found->code != CAUSE_NONE)
		put_finding(g->found, out);
	else if (first->reason)
		sheet_item(out, "what", first->reason);
	if (x)
		put_fix(x, "derived from the cause, not tried yet", out);
	sheet_paragraph(out, "To see it, and the fix tried on a copy:");
	sheet_code(out, command);
}

/* The call that was explained, whether its scenario expects that it fails or not. */
static void put_explained(const struct change_sheet *c, struct sheet *out)
{
	const explanation *x = c->explained;
	g_autoptr(GPtrArray) cells = g_ptr_array_new();
	const struct ci_group g = {x->finding, cells};
	g_autofree char *title = NULL, *message = ci_message(x->cell),
			*tried = change_explained_trial(x);

	g_ptr_array_add(cells, (gpointer)(guintptr)x->cell);
	title = ci_group_title(&g);
	sheet_heading(out, 2, "What does not work");
	if (x->finding->code == CAUSE_NONE) {
		sheet_paragraph(out, "Nothing that should work.");
		return;
	}
	sheet_heading(out, 3, title);
	put_cells(cells, out);
	sheet_item(out, "came out", message);
	put_finding(x->finding, out);
	if (x->fix)
		put_fix(x->fix, tried, out);
}

/* Calls that pass and should not, by what the scenario expects: a change may have mended them. */
static bool passes(const struct ci_group *g)
{
	return ((const struct cell *)g->cells->pdata[0])->verdict == VERDICT_PASS;
}

static void put_passing(const GPtrArray *groups, struct sheet *out)
{
	bool any = false;

	ptr_array_foreach(const struct ci_group, g, groups) {
		g_autofree char *message = ci_message(g->cells->pdata[0]);

		if (!passes(g))
			continue;
		if (!any)
			sheet_heading(out, 2, "What passes, and was not expected to");
		any = true;
		put_cells(g->cells, out);
		sheet_item(out, "came out", message);
	}
}

static void put_broken(const struct change_sheet *c, struct sheet *out)
{
	g_autoptr(GPtrArray) groups = ci_groups(c->run);
	bool any = false;

	/* what failed without the change, too, did not break by it */
	sheet_heading(out, 2, c->compared ? "What does not work" : "What broke");
	ptr_array_foreach(const struct ci_group, g, groups) {
		if (!passes(g))
			put_group(c, g, out);
		any = any || !passes(g);
	}
	if (!any)
		sheet_paragraph(out, "Nothing that should work.");
	put_passing(groups, out);
}

/* Calls that differ from the run without the change. */
static void put_compared(const struct change_sheet *c, struct sheet *out)
{
	static const char *const names[2] = {"the run without the change", "the run with it"};
	g_autofree char *sum = NULL;

	if (!c->compared)
		return;
	sum = diff_sum_text(c->compared, names);
	sheet_heading(out, 2, "Before and after");
	sheet_paragraph(out, sum);
	diff_table(c->compared, out);
}

/* --- what to do ------------------------------------------------------------------------------- */

static void put_commands(const struct change_sheet *c, struct sheet *out)
{
	const results *r = results_of(c);
	g_autoptr(GString) line =
		run_args_begin_run(&c->run->how, c->compared ? "whatif" : "run matrix");
	const char *join = " -s ";

	ptr_array_foreach(const struct scenario_result, s, r->scenarios) {
		g_string_append_printf(line, "%s%s", join, s->name);
		join = ",";
	}
	sheet_heading(out, 2, "Commands");
	g_string_append(line, c->only ? c->only : "");
	sheet_paragraph(out, c->only ? "The same again:" : "All calls of these scenarios again:");
	sheet_code(out, line->str);
}

void change_undo_commands(const struct change_sheet *c, char *const *changes, GString *out)
{
	const char *program = c->run->how.program ? c->run->how.program : "testbed",
		   *lab = c->explained ? c->explained->lab : NULL;

	for (guint i = g_strv_length((char **)(gpointer)(guintptr)changes); i-- > 0;) {
		g_autofree char *undo = model_change_undo(changes[i]);

		if (!undo) {
			g_string_append_printf(out, "# as the topology says again: %s\n",
					       changes[i]);
			continue;
		}
		g_string_append_printf(out, "%s set %s%s%s", program, lab ? "-n " : "",
				       lab ? lab : "", lab ? " " : "");
		run_args_word(out, undo);
		g_string_append_c(out, '\n');
	}
}

static void put_rollback(const struct change_sheet *c, struct sheet *out)
{
	char *const *changes = results_of(c)->changes;
	g_autoptr(GString) commands = g_string_new(NULL);

	sheet_heading(out, 2, "Rollback");
	if (!changes || !*changes) {
		sheet_paragraph(out, "Nothing was changed: the network is as its file says.");
		return;
	}
	sheet_paragraph(out, "In a lab that is up the changes are taken back in this order, the "
			     "last one first:");
	change_undo_commands(c, changes, commands);
	sheet_code(out, commands->str);
	sheet_paragraph(out, "'testbed reset' takes all of them back.");
}

void change_sheet_write(const struct change_sheet *c, struct sheet *out)
{
	const results *r = results_of(c);
	g_autofree char *title = g_strdup_printf("Change report: %s",
						 r->topology_name ? r->topology_name : "a network"),
			*verdict = verdict_text(c);

	sheet_begin(out, title);
	sheet_strong(out, verdict);
	put_tested(c, out);
	put_passed(c, out);
	if (c->explained) {
		put_explained(c, out);
		change_explained_commands(c, out);
		change_explained_rollback(c, out);
	} else {
		put_broken(c, out);
		put_compared(c, out);
		put_commands(c, out);
		put_rollback(c, out);
	}
	sheet_end(out);
}
