/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever the bytes are, loading ends, in an orderly way. */
#include "tests/unit/model/support.h"

#include <criterion/criterion.h>
#include <string.h>

static void load_any(const char *text, gsize length)
{
	g_autoptr(diags) d = diags_new();
	model *m = model_load_text("text.yaml", text, length, d);

	cr_expect((m != NULL) == (diags_errors(d) == 0), "a model or errors, not both or neither");
	model_free(m);
}

static char *company_text(gsize *length)
{
	char *text = NULL;

	cr_assert(g_file_get_contents("tests/data/topologies/company.yaml", &text, length, NULL),
		  "no such file");
	return text;
}

Test(robust, truncated_anywhere)
{
	gsize length;
	g_autofree char *text = company_text(&length);

	for (gsize end = 0; end < length; end += 97)
		load_any(text, end);
}

Test(robust, a_byte_changed_anywhere)
{
	static const char bytes[] = {'\0', '\t', '\n', ':', '{', ']', '*', '&', '"', '\xff', '9'};
	gsize length;
	g_autofree char *text = company_text(&length);

	for (gsize at = 0; at < length; at += 131) {
		char kept = text[at];

		text[at] = bytes[at % sizeof(bytes)];
		load_any(text, length);
		text[at] = kept;
	}
}

Test(robust, a_line_left_out_anywhere)
{
	gsize length;
	g_autofree char *text = company_text(&length);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (guint out = 0; out < g_strv_length(lines); out += 3) {
		g_autoptr(GString) rest = g_string_new(NULL);

		for (guint i = 0; lines[i]; i++)
			if (i != out)
				g_string_append_printf(rest, "%s\n", lines[i]);
		load_any(rest->str, rest->len);
	}
}

Test(robust, deep_nesting_of_every_shape)
{
	static const char *const units[] = {"[", "{a: ", "- ", "? ", NULL};

	for (const char *const *unit = units; *unit; unit++) {
		g_autoptr(GString) text = g_string_new("topology: \n  ");

		for (int i = 0; i < 5000; i++)
			g_string_append(text, *unit);
		load_any(text->str, text->len);
	}
}

Test(robust, byte_order_mark_and_windows_line_ends)
{
	g_autofree char *text = small_topology(NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *windows = g_strjoinv("\r\n", lines);
	g_autofree char *marked = g_strconcat("\xef\xbb\xbf", windows, NULL);
	g_autoptr(model) m = load_good(marked);

	cr_expect_str_eq(m->name, "small");
}
