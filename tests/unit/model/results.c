/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/results.h"

#include <criterion/criterion.h>
#include <math.h>

Test(results, a_new_cell_claims_nothing)
{
	struct cell *c = cell_new();

	cr_expect_eq(c->verdict, VERDICT_ERROR, "no verdict yet");
	cr_expect_eq(c->path, PATH_NONE, "no path yet");
	cr_expect_not(c->done, "not run");
	cr_expect(isnan(c->setup_ms) && isnan(c->duration_ms) && isnan(c->quality.mos),
		  "nothing measured");
	cell_judge(c);
	cr_expect_not(c->as_expected, "a cell that was not run is not as expected");
	cell_free(c);
}

Test(results, judged_strictly)
{
	static const struct {
		const char *what;
		enum verdict verdict, expected;
		enum path_class path;
		bool any_path;
		unsigned mask;
		const char *cause, *expected_cause;
		bool as_expected;
	} rows[] = {
		{"pass over the path", VERDICT_PASS, VERDICT_PASS, PATH_UDP_NAT, false,
		 1u << PATH_UDP_NAT, NULL, NULL, true},
		{"pass over one of two", VERDICT_PASS, VERDICT_PASS, PATH_UDP_NAT, false,
		 1u << PATH_UDP_NAT | 1u << PATH_MCU, NULL, NULL, true},
		{"pass over another path", VERDICT_PASS, VERDICT_PASS, PATH_UDP_RELAY, false,
		 1u << PATH_UDP_NAT, NULL, NULL, false},
		{"any path will do", VERDICT_PASS, VERDICT_PASS, PATH_TCP_RELAY, true, 0, NULL,
		 NULL, true},
		{"unexpected pass", VERDICT_PASS, VERDICT_FAIL, PATH_UDP_NAT, true, 0, NULL, NULL,
		 false},
		{"expected failure", VERDICT_FAIL, VERDICT_FAIL, PATH_NONE, false, 1u << PATH_NONE,
		 NULL, NULL, true},
		{"failure for its cause", VERDICT_FAIL, VERDICT_FAIL, PATH_NONE, true, 0,
		 "NO_ROUTE", "NO_ROUTE", true},
		{"failure for another cause", VERDICT_FAIL, VERDICT_FAIL, PATH_NONE, true, 0,
		 "FW_DROP", "NO_ROUTE", false},
		{"its cause was not found", VERDICT_FAIL, VERDICT_FAIL, PATH_NONE, true, 0,
		 "UNKNOWN", "NO_ROUTE", false},
		{"its cause was not looked for", VERDICT_FAIL, VERDICT_FAIL, PATH_NONE, true, 0,
		 NULL, "NO_ROUTE", true},
		{"an error is never expected", VERDICT_ERROR, VERDICT_FAIL, PATH_NONE, true, 0,
		 NULL, NULL, false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct cell *c = cell_new();

		c->done = true;
		c->verdict = rows[i].verdict;
		c->expected_verdict = rows[i].expected;
		c->path = rows[i].path;
		c->has_expected_path = !rows[i].any_path;
		c->expected_path_mask = rows[i].mask;
		c->cause = g_strdup(rows[i].cause);
		c->expected_cause = g_strdup(rows[i].expected_cause);
		cell_judge(c);
		cr_expect_eq(c->as_expected, rows[i].as_expected, "%s", rows[i].what);
		cell_free(c);
	}
}

static void add_cell(struct scenario_result *s, bool done, enum verdict verdict, bool as_expected)
{
	struct cell *c = cell_new();

	c->done = done;
	c->verdict = verdict;
	c->as_expected = as_expected;
	g_ptr_array_add(c->participants, g_strdup("a"));
	g_ptr_array_add(s->cells, c);
}

Test(results, summary)
{
	g_autoptr(results) r = results_new();
	struct scenario_result *one = scenario_result_new("one", "One"),
			       *two = scenario_result_new("two", NULL);
	struct results_summary sum;

	add_cell(one, true, VERDICT_PASS, true);
	add_cell(one, true, VERDICT_PASS, false);
	add_cell(one, true, VERDICT_FAIL, true);
	add_cell(two, true, VERDICT_ERROR, false);
	add_cell(two, false, VERDICT_ERROR, false);
	g_ptr_array_add(r->scenarios, one);
	g_ptr_array_add(r->scenarios, two);
	g_hash_table_insert(r->features, g_strdup("vpn"), g_strdup("wireguard"));
	sum = results_summarise(r);
	cr_expect_eq(sum.cells, 5, "cells %u", sum.cells);
	cr_expect_eq(sum.passed, 2, "passed %u", sum.passed);
	cr_expect_eq(sum.failed, 1, "failed %u", sum.failed);
	cr_expect_eq(sum.errors, 1, "errors %u", sum.errors);
	cr_expect_eq(sum.unexpected, 2, "unexpected %u", sum.unexpected);
	cr_expect_eq(sum.not_run, 1, "not run %u", sum.not_run);
}

Test(results, nothing_is_freed_twice)
{
	results_free(NULL);
	cell_free(NULL);
	model_free(NULL);
}
