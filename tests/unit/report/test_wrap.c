/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prose is broken at words, at any width from 40 columns. */
#include "testbed/report/wrap.h"

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

static const struct {
	guint columns;
	const char *text, *wanted;
} finished[] = {
	{40, "short lines stay\n  as they  are\n", "short lines stay\n  as they  are\n"},
	{40, "why    it has no route to 10.20.0.0/24 by interface int",
	 "why    it has no route to 10.20.0.0/24\n       by interface int"},
	{40, "  what is indented goes on indented, at any width",
	 "  what is indented goes on indented, at\n  any width"},
	/* a second column in the right half is none */
	{40, "a-name-of-thirty-columns-or-so  and its text",
	 "a-name-of-thirty-columns-or-so  and its\ntext"},
	/* a long word is not broken where it fits a line of its own */
	{40, "                    by lyncdiscover.contoso.com, too",
	 "                    by\n               lyncdiscover.contoso.com,\n               too"},
	{40, "  testbed run matrix -s missing-route --media audio",
	 "  testbed run matrix -s missing-route \\\n      --media audio"},
	{40, "  testbed set 'add-route: {node: edge, to: 10.20.0.0/24}'",
	 "  testbed set \\\n'add-route: {node: edge, to: 10.20.0.0/24}'"},
	{40, "    New-NetRoute -DestinationPrefix \"10.20.0.0/24\"",
	 "    New-NetRoute -DestinationPrefix `\n        \"10.20.0.0/24\""},
	{40, "    netsh interface ipv4 add route 10.20.0.0/24 \"int\"",
	 "    netsh interface ipv4 add route 10.20.0.0/24 \"int\""},
	{40, "\033[1mbold\033[0m words take as many columns as plain ones do",
	 "\033[1mbold\033[0m words take as many columns as plain\nones do"},
	{40, "a prompt that ends in a blank ", "a prompt that ends in a blank "},
};

Test(wrap, finished_text)
{
	for (guint i = 0; i < G_N_ELEMENTS(finished); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		wrap_lines(out, finished[i].text, -1, finished[i].columns);
		cr_expect_str_eq(out->str, finished[i].wanted, "not:\n%s\nbut:\n%s",
				 finished[i].wanted, out->str);
	}
}

/* Nothing but blanks is lost or added, whatever the width. */
Test(wrap, finished_text_keeps_its_words)
{
	static const char text[] = "proof  the walk back ends at edge (no-route): edge has no "
				   "route to 10.20.0.101 for "
				   "packets from 172.25.33.10; seen: 3 packets\n\n"
				   "home1  any       addr+port no      kept -     any       nat1\n"
				   "expected fail because of RETURN_WRONG_EGRESS: as expected\n";
	g_auto(GStrv) words = g_strsplit_set(text, " \n", 0);

	for (guint columns = 40; columns <= 130; columns++) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_auto(GStrv) lines = NULL, again = NULL;
		guint n = 0;

		wrap_lines(out, text, -1, columns);
		lines = g_strsplit(out->str, "\n", 0);
		for (guint i = 0; lines[i]; i++)
			cr_expect_leq(strlen(lines[i]), columns, "%u: %s", columns, lines[i]);
		again = g_strsplit_set(out->str, " \n", 0);
		for (guint i = 0; words[i]; i++) {
			if (!*words[i])
				continue;
			while (again[n] && !*again[n])
				n++;
			cr_assert_str_eq(words[i], again[n] ? again[n] : "");
			n++;
		}
	}
}
