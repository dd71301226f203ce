/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of an explanation made by hand: at most five, whatever was found. */
#include "testbed/report/explain_text.h"

#include <criterion/criterion.h>
#include <string.h>

/* Parts of so many characters each; the text of the explanation, which the caller frees. */
static char *text_of_parts(const guint *lengths, guint n)
{
	struct cell c = {.path = PATH_NONE, .verdict = VERDICT_FAIL};
	finding f = {.code = CAUSE_NO_ROUTE,
		     .node = g_strdup("r"),
		     .what = g_strdup("w"),
		     .why = g_strdup("y")};
	const explanation x = {.cell = &c, .finding = &f};
	GString *text = g_string_new(NULL);

	f.proof = g_ptr_array_new_with_free_func(g_free);
	f.legs = g_ptr_array_new();
	for (guint i = 0; i < n; i++)
		g_ptr_array_add(f.proof, g_strnfill(lengths[i], (char)('a' + (char)i)));
	explain_text(&x, &(const struct run_args){0}, 0, 80, text);
	g_ptr_array_unref(f.proof);
	g_ptr_array_unref(f.legs);
	g_free(f.node);
	g_free(f.what);
	g_free(f.why);
	return g_string_free(text, FALSE);
}

static guint count_lines(const char *text)
{
	guint n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

Test(explain_text, proof_is_one_line_that_says_how_much_is_left)
{
	static const struct {
		const char *name;
		guint lengths[4], n;
		const char *has, *has_not; /* NULL: nothing to look for */
		guint lines;
	} rows[] = {
		{"all of it fits", {50, 50, 50}, 3, "ccc\n", "more with -v", 5},
		{"the last does not", {150, 140, 50}, 3, "bbb; 1 more with -v\n", "cc", 5},
		{"the first is too long by itself, and stays",
		 {400, 10, 10},
		 3,
		 "aaa; 2 more with -v\n",
		 "bbb",
		 5},
		{"there is none", {0}, 0, NULL, "proof", 4},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = text_of_parts(rows[i].lengths, rows[i].n);

		cr_expect(!rows[i].has || strstr(text, rows[i].has), "%s: %s", rows[i].name, text);
		cr_expect_null(strstr(text, rows[i].has_not), "%s: %s", rows[i].name, text);
		cr_expect_eq(count_lines(text), rows[i].lines, "%s: %s", rows[i].name, text);
	}
}
