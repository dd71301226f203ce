/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/diag.h"

#include <criterion/criterion.h>
#include <string.h>

static struct loc at(const char *file, int line, int col)
{
	return (struct loc){.file = g_intern_string(file), .line = line, .col = col};
}

Test(diag, text_is_sorted_by_place)
{
	g_autoptr(diags) d = diags_new();
	g_autofree char *text = NULL;

	diags_add(d, DIAG_ERROR, at("b.yaml", 1, 1), NULL, "third");
	diags_add(d, DIAG_ERROR, at("a.yaml", 20, 3), "mend it", "second '%s'", "x");
	diags_add(d, DIAG_WARNING, at("a.yaml", 20, 2), NULL, "first");
	diags_add(d, DIAG_ERROR, at("a.yaml", 0, 0), NULL, "whole file");
	text = diags_to_text(d);
	cr_expect_str_eq(text, "a.yaml: error: whole file\n"
			       "a.yaml:20:2: warning: first\n"
			       "a.yaml:20:3: error: second 'x' (mend it)\n"
			       "b.yaml:1:1: error: third\n");
	cr_expect_eq(diags_count(d), 4, "%u", diags_count(d));
	cr_expect_eq(diags_errors(d), 3, "%u", diags_errors(d));
	cr_expect_str_eq(diags_get(d, 1)->message, "first");
	cr_expect_null(diags_get(d, 4), "beyond the end");
}

Test(diag, same_place_keeps_the_order_of_adding)
{
	g_autoptr(diags) d = diags_new();

	diags_add(d, DIAG_ERROR, at("a", 1, 1), NULL, "z");
	diags_add(d, DIAG_ERROR, at("a", 1, 1), NULL, "a");
	cr_expect_str_eq(diags_get(d, 0)->message, "z");
	cr_expect_str_eq(diags_get(d, 1)->message, "a");
}

Test(diag, a_finding_is_kept_once)
{
	g_autoptr(diags) d = diags_new();

	for (int i = 0; i < 3; i++)
		diags_add(d, DIAG_ERROR, at("a", 1, 1), "hint", "same");
	diags_add(d, DIAG_ERROR, at("a", 1, 2), "hint", "same");
	cr_expect_eq(diags_count(d), 2, "%u", diags_count(d));
	cr_expect_eq(diags_errors(d), 2, "%u", diags_errors(d));
}

Test(diag, nothing_in_a_file_reaches_a_terminal_as_control)
{
	g_autoptr(diags) d = diags_new();
	g_autofree char *text = NULL, *huge = g_strnfill(100000, 'x');

	diags_add(d, DIAG_ERROR, at("a", 1, 1), "\x1b[2J",
		  "red \x1b[31m\r\n\t\xc2\x9b"
		  "1m \xff end");
	diags_add(d, DIAG_ERROR, at("a", 2, 1), NULL, "%s", huge);
	text = diags_to_text(d);
	cr_expect(g_utf8_validate(text, -1, NULL), "must be UTF-8");
	cr_expect_null(strchr(text, '\x1b'), "no escape");
	cr_expect_null(strchr(text, '\r'), "no carriage return");
	cr_expect_null(strstr(text, "\xc2\x9b"), "no C1 control");
	cr_expect_lt(strlen(text), 1000, "bounded: %zu", strlen(text));
}

Test(diag, nearest)
{
	static const char *const keys[] = {"network", "networks", "node",	"nodes",
					   "to",      "via",	  "persistent", NULL};
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{"netwrok", "network"}, {"networsk", "network"},
		{"Node", "node"},	{"ndoe", "node"},
		{"too", "to"},		{"ot", "to"},
		{"vai", "via"},		{"presistent", "persistent"},
		{"xyz", NULL},		{"", NULL},
		{"gateway", NULL},	{"persist", "persistent"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *found = diag_nearest(rows[i].word, keys);

		cr_expect_eq(g_strcmp0(found, rows[i].nearest), 0, "'%s' gives %s", rows[i].word,
			     found ? found : "nothing");
	}
}

Test(diag, nearest_of_huge_or_no_words)
{
	static const char *const none[] = {NULL};
	static const char *const keys[] = {"a", NULL};
	g_autofree char *huge = g_strnfill(1000000, 'a');

	cr_expect_null(diag_nearest("a", none), "no keys");
	cr_expect_null(diag_nearest(huge, keys), "a word nobody types");
}
