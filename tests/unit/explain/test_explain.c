/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which cell is explained: ids that are near. */
#include "testbed/explain/explain.h"
#include "testbed/explain/trial.h"

#include <criterion/criterion.h>
#include <string.h>

Test(ids, unknown_ones_name_near_ones)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
	g_autoptr(matrix_selection) s =
		explain_select_id(base, "missing-route/branch1-home1/audio", NULL);
	g_autoptr(GError) error = NULL;

	cr_assert_not_null(s);
	cr_assert_null(explain_select_id(base, "missing-rout/branch1-home1/audio", &error));
	cr_assert_eq(error->code, TB_ERROR_INPUT);
	cr_assert_not_null(strstr(error->message, "(near: missing-route/branch1-home1/audio, "),
			   "%s", error->message);
	g_clear_error(&error);
	cr_assert_null(explain_select_id(base, "nothing of the kind", &error));
	cr_assert_null(strstr(error->message, "near"), "%s", error->message);
}

/* A fix that leaves the call on a worse path than it had has not mended it. */
Test(trial, a_worse_path_is_no_success)
{
	static const struct {
		const char *name;
		enum verdict before, expected, after;
		unsigned mask; /* expected paths; 0: none */
		enum path_class lost, path;
		bool as_expected, mended;
	} rows[] = {
		{"still fails", VERDICT_FAIL, VERDICT_PASS, VERDICT_FAIL, 0, PATH_NONE, PATH_NONE,
		 false, false},
		{"nothing expected, nothing known to be lost", VERDICT_FAIL, VERDICT_PASS,
		 VERDICT_PASS, 0, PATH_NONE, PATH_TCP_RELAY, true, true},
		{"the direct path was lost, and a relay is found", VERDICT_FAIL, VERDICT_PASS,
		 VERDICT_PASS, 0, PATH_UDP_DIRECT, PATH_UDP_RELAY, true, false},
		{"and found again", VERDICT_FAIL, VERDICT_PASS, VERDICT_PASS, 0, PATH_UDP_DIRECT,
		 PATH_UDP_DIRECT, true, true},
		{"UDP is expected, and TCP found", VERDICT_FAIL, VERDICT_PASS, VERDICT_PASS,
		 1u << PATH_UDP_RELAY, PATH_NONE, PATH_TCP_RELAY, false, false},
		{"a better one than is expected", VERDICT_FAIL, VERDICT_PASS, VERDICT_PASS,
		 1u << PATH_UDP_RELAY, PATH_NONE, PATH_UDP_NAT, false, true},
		{"the worse of two that are expected", VERDICT_FAIL, VERDICT_PASS, VERDICT_PASS,
		 1u << PATH_UDP_RELAY | 1u << PATH_TCP_RELAY, PATH_NONE, PATH_TCP_RELAY, true,
		 true},
		{"it was expected to fail", VERDICT_FAIL, VERDICT_FAIL, VERDICT_PASS,
		 1u << PATH_NONE, PATH_NONE, PATH_UDP_RELAY, false, true},
		{"passes as before, over another path than is expected", VERDICT_PASS, VERDICT_PASS,
		 VERDICT_PASS, 1u << PATH_UDP_DIRECT, PATH_NONE, PATH_UDP_RELAY, false, false},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct cell *before = cell_new(), *after = cell_new();

		before->verdict = rows[i].before;
		before->expected_verdict = rows[i].expected;
		before->has_expected_path = rows[i].mask != 0;
		before->expected_path_mask = rows[i].mask;
		after->verdict = rows[i].after;
		after->path = rows[i].path;
		after->as_expected = rows[i].as_expected;
		cr_expect_eq(trial_mended(before, after, rows[i].lost), rows[i].mended, "%s",
			     rows[i].name);
		cell_free(before);
		cell_free(after);
	}
}
