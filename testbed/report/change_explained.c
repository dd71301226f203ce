/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/change_parts.h"

#include "testbed/report/ci_parts.h"
#include "testbed/report/explain_json.h"
#include "testbed/report/explain_text.h"

static const char *program_of(const struct change_sheet *c)
{
	return c->run->how.program ? c->run->how.program : "testbed";
}

char *change_explained_verdict(const explanation *x)
{
	const struct cell *c = x->cell;
	const char *mended;

	if (x->finding->code == CAUSE_NONE)
		return g_strdup_printf("%s, over %s.", x->finding->what, path_class_name(c->path));
	if (!x->fix)
		mended = "No fix is known for its cause.";
	else if (x->trial.mended)
		mended = "With the fix it passes, on a copy of the network.";
	else if (x->trial.made && !x->trial.error)
		mended =
			"With the fix it does not come out as it should, on a copy of the network.";
	else
		mended = "The fix was not tried.";
	return g_strdup_printf("%s. %s", x->finding->what, mended);
}

char *change_explained_trial(const explanation *x)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (x->trial.made || x->trial.error)
		explain_trial_text(&x->trial, text);
	else
		g_string_append(text, "derived from the cause, not tried yet");
	return g_string_free(g_steal_pointer(&text), FALSE);
}

char *change_explained_command(const struct change_sheet *c)
{
	const struct cell *cell = c->explained->cell;

	/* in a lab that is up calls have no names */
	return c->explained->lab ?
		       g_strdup_printf("%s explain %s %s --media %s -n %s", program_of(c), cell->a,
				       cell->b, media_name(cell->media), c->explained->lab) :
		       ci_explain_command(c->run, cell);
}

void change_explained_commands(const struct change_sheet *c, struct sheet *out)
{
	const explanation *x = c->explained;
	g_autofree char *again = change_explained_command(c), *set = NULL;
	g_autoptr(GString) lines = NULL;

	sheet_heading(out, 2, "Commands");
	sheet_paragraph(out, "The call again, with its cause and the fix:");
	sheet_code(out, again);
	if (!x->fix)
		return;
	set = report_set_command(x->fix, program_of(c), x->lab);
	lines = x->lab ? g_string_new(NULL) : run_args_begin(&c->run->how, "up");
	if (!x->lab)
		g_string_append_printf(lines, " -s %s\n", x->cell->scenario);
	g_string_append_printf(lines, "%s\n", set);
	sheet_paragraph(out, "The fix in a lab that is up:");
	sheet_code(out, lines->str);
}

void change_explained_rollback(const struct change_sheet *c, struct sheet *out)
{
	const explanation *x = c->explained;
	g_autofree char *reset = report_reset_command(program_of(c), x->lab);
	g_autoptr(GString) commands = g_string_new(NULL);

	sheet_heading(out, 2, "Rollback");
	if (!x->fix) {
		sheet_paragraph(out, "There is no fix that could be taken back.");
		return;
	}
	sheet_paragraph(out,
			"A fix is tried on a copy. Where it was made in a lab that is up, this "
			"takes it back:");
	for (guint i = x->fix->changes->len; i-- > 0;) {
		char *const one[] = {x->fix->changes->pdata[i], NULL};

		change_undo_commands(c, one, commands);
	}
	g_string_append_printf(commands, "# or all changes at once\n%s\n", reset);
	sheet_code(out, commands->str);
	sheet_paragraph(out, "A command that was typed by hand is taken back by the line under it, "
			     "where there is one.");
}
