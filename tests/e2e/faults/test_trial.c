/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trial of a change on every call of a scenario: what it breaks is named, and nothing else. */
#include "testbed/explain/explain.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>

#define CELL "as-it-is/pc1-pc2/im"
#define BROKEN                                                                     \
	"as-it-is/pc1-home1/im as-it-is/pc1-home1/audio as-it-is/pc1-home1/video " \
	"as-it-is/pc2-home1/im as-it-is/pc2-home1/audio as-it-is/pc2-home1/video"

Test(trial, names_what_a_change_breaks)
{
	g_autofree char *program = program_path("testbed"), *dir = g_path_get_dirname(program),
			*ids = NULL;
	const struct explain_options options = {.program_dir = dir, .seed = 1, .all = true};
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load("topologies/starter.yaml", d);
	g_autoptr(matrix_selection) s = m ? explain_select_id(m, CELL, NULL) : NULL;
	g_autoptr(fix) wrong = fix_new();
	finding none = {.code = CAUSE_NONE};
	g_autoptr(GError) error = NULL;
	struct trial t = {0};

	fix_add_change(wrong,
		       "block: {node: router, name: no-edge, chain: forward, dst: 203.0.113.0/28}");
	cr_assert_not_null(s);
	if (!observe_run(s, &options, NULL, &error)) {
		cr_assert(g_error_matches(error, TB_ERROR, TB_ERROR_UNSUPPORTED), "%s",
			  error->message);
		cr_skip_test("needs labs: %s", error->message);
	}
	trial_make(&t, m, s, &none, wrong, &options);
	cr_assert_null(t.error, "%s", t.error);
	cr_expect_eq(t.verdict, VERDICT_PASS, "what is within the site still works");
	cr_expect_eq(t.others, 9, "%u calls passed before", t.others);
	g_ptr_array_add(t.broken, NULL);
	ids = g_strjoinv(" ", (char **)t.broken->pdata);
	cr_expect_str_eq(ids, BROKEN);
	trial_clear(&t);
}
