/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/diff_parts.h"

#include "common/base/printable.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" "
	"content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<title>What changed</title>\n<style>\n"
	":root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif }\n"
	"body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem }\n"
	"table { border-collapse: collapse; width: 100% }\n"
	"th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid GrayText;\n"
	"  vertical-align: top; overflow-wrap: anywhere }\n"
	"caption { text-align: left; padding: .5rem 0; font-weight: bold }\n"
	"</style></head>\n<body><main>\n<h1>What changed</h1>\n";

static void append_escaped(GString *out, const char *before, const char *text, const char *after)
{
	g_autoptr(GString) clean = g_string_new(NULL);
	g_autofree char *escaped = NULL;

	printable_append(clean, text, -1, PRINTABLE_LINE);
	escaped = g_markup_escape_text(clean->str, (gssize)clean->len);
	g_string_append_printf(out, "%s%s%s", before, escaped, after);
}

static void append_row(const struct diff_cell *d, GString *out)
{
	g_autofree char *before = diff_came_out(d->before), *after = diff_came_out(d->after),
			*figures = diff_figures_text(d, "→");

	g_string_append(out, "<tr>");
	append_escaped(out, "<td>", diff_words[d->kind].name, "</td>");
	append_escaped(out, "<th scope=\"row\">", diff_id(d), "</th>");
	append_escaped(out, "<td>", before, "</td>");
	append_escaped(out, "<td>", after, "</td>");
	append_escaped(out, "<td>", figures, "</td>");
	g_string_append(out, "</tr>\n");
}

void diff_html(const diff *d, const char *const names[2], const struct run_args *after,
	       GString *out)
{
	g_autofree char *sum = diff_sum_text(d, names), *command = diff_explain_command(d, after);

	g_string_append(out, head);
	append_escaped(out, "<p>Before: ", names[0], "<br>\n");
	append_escaped(out, "After: ", names[1], "</p>\n");
	append_escaped(out, "<p><strong>", sum, "</strong></p>\n");
	if (command)
		append_escaped(out, "<p>To see the cause and the fix: <code>", command,
			       "</code></p>\n");
	if (!diff_is_empty(d)) {
		g_string_append(out, "<table><caption>Calls that differ</caption>\n<thead><tr>"
				     "<th>change</th><th>call</th><th>before</th><th>after</th>"
				     "<th>quality</th></tr></thead>\n<tbody>\n");
		for (guint i = 0; i < d->cells->len; i++)
			append_row(d->cells->pdata[i], out);
		g_string_append(out, "</tbody></table>\n");
	}
	g_string_append(out, "</main></body></html>\n");
}
