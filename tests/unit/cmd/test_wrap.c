/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prose is broken at words, at any width from 40 columns. */
#include "testbed/cmd/wrap.h"

#include <criterion/criterion.h>
#include <string.h>

static const char prose[] =
	"The Edge stands between inside and outside. It has two cards, and its default route "
	"leaves by the outer one.\n"
	"Übergänge, Größen, Äste: "
	"äöüäöüäöü öäüöäüöäü äöüäöüäöü äöüäöüäöü.";

Test(wrap, breaks_at_words_at_any_width)
{
	for (guint columns = 40; columns <= 130; columns++) {
		g_autoptr(GString) text = g_string_new(NULL);
		g_auto(GStrv) lines = NULL, words = NULL;
		g_autofree char *again = NULL, *once = NULL;

		wrap_prose(text, prose, 2, columns);
		lines = g_strsplit(text->str, "\n", 0);
		for (guint i = 0; lines[i] && lines[i][0]; i++) {
			cr_expect_leq(g_utf8_strlen(lines[i], -1), columns, "%u: %s", columns,
				      lines[i]);
			cr_expect(g_str_has_prefix(lines[i], "  ") && lines[i][2] != ' ', "%u: %s",
				  columns, lines[i]);
			g_strstrip(lines[i]);
		}
		again = g_strjoinv(" ", lines);
		words = g_strsplit(prose, "\n", 0);
		once = g_strjoinv(" ", words);
		cr_expect_str_eq(g_strstrip(again), once, "%u: %s", columns, again);
	}
}

Test(wrap, keeps_empty_lines_and_long_words)
{
	g_autoptr(GString) text = g_string_new(NULL);

	wrap_prose(text, "one\n\nlooooooooooooooooooooooooooooooooooooooooooooooooong two", 1, 40);
	cr_expect_str_eq(text->str,
			 " one\n\n looooooooooooooooooooooooooooooooooooooooooooooooong\n two\n",
			 "%s", text->str);
}
