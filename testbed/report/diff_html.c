/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/diff_parts.h"

void diff_table(const diff *d, struct sheet *out)
{
	if (!diff_is_empty(d))
		sheet_table(out, (const char *const[]){"call", "change", "before", "after",
						       "quality", NULL});
	ptr_array_foreach(const struct diff_cell, c, d->cells) {
		g_autofree char *before = diff_came_out(c->before),
				*after = diff_came_out(c->after),
				*figures = diff_figures_text(c, "→");

		sheet_row(out, (const char *const[]){diff_id(c), diff_words[c->kind].name, before,
						     after, figures, NULL});
	}
}

void diff_html(const diff *d, const char *const names[2], const struct run_args *after,
	       GString *out)
{
	struct sheet sheet = {.out = out, .html = true};
	g_autofree char *sum = diff_sum_text(d, names), *command = diff_explain_command(d, after);

	sheet_begin(&sheet, "What changed");
	sheet_item(&sheet, "before", names[0]);
	sheet_item(&sheet, "after", names[1]);
	sheet_strong(&sheet, sum);
	if (command) {
		sheet_paragraph(&sheet, "To see the cause and the fix:");
		sheet_code(&sheet, command);
	}
	diff_table(d, &sheet);
	sheet_end(&sheet);
}
