/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Causes of a run's failed cells: which events concern a cell, and what its judgement becomes. */
#include "testbed/explain/reasons.h"

#include <criterion/criterion.h>

static struct cell *cell_named(const matrix_selection *s, const char *id)
{
	const struct scenario_result *one = s->results->scenarios->pdata[0];

	for (guint i = 0; i < one->cells->len; i++) {
		struct cell *c = one->cells->pdata[i];

		if (g_str_equal(c->id, id))
			return c;
	}
	cr_assert_fail("no cell %s", id);
	return NULL;
}

static void fail(struct cell *c)
{
	c->done = true;
	c->verdict = VERDICT_FAIL;
	cell_judge(c);
}

static void hear(reasons *r, const char *agent, json_t *event)
{
	reasons_heard(r, "missing-route", agent, event);
	json_decref(event);
}

static matrix_selection *select_all(const model *base)
{
	const char *scenarios[] = {"missing-route", NULL};
	const struct matrix_filter f = {.scenarios = scenarios};
	matrix_selection *s = matrix_select(base, &f, NULL);

	s->results->run_id = g_strdup("run");
	return s;
}

Test(reasons, only_what_concerns_the_cell_counts)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
	g_autoptr(matrix_selection) s = select_all(base);
	g_autoptr(reasons) r = reasons_new(s);
	g_autoptr(GPtrArray) told = g_ptr_array_new();
	struct cell *mine = cell_named(s, "missing-route/branch1-home1/audio"),
		    *other = cell_named(s, "missing-route/dc1-dc2/audio");

	fail(mine);
	fail(other);
	hear(r, "home1",
	     json_pack("{s:s, s:s, s:s}", "event", "sign-in-failed", "stage", "tls", "reason",
		       "certificate: name mismatch"));
	reasons_find(r, s->results->scenarios->pdata[0], NULL, told);
	cr_assert_eq(told->len, 2, "%u", told->len);
	cr_expect_str_eq(mine->cause, "TLS_NAME_MISMATCH", "%s", mine->cause);
	cr_expect_str_eq(other->cause, "UNKNOWN", "home1 has no part in it: %s", other->cause);
}

Test(reasons, another_cause_than_the_expected_one_differs)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
	g_autoptr(matrix_selection) s = select_all(base);
	g_autoptr(reasons) r = reasons_new(s);
	g_autoptr(GPtrArray) told = g_ptr_array_new();
	struct cell *c = cell_named(s, "missing-route/branch1-home1/audio");

	cr_assert(reasons_expected(s), "the scenario names one");
	fail(c);
	cr_expect(c->as_expected, "not judged before it is looked for");
	hear(r, "branch1",
	     json_pack("{s:s, s:s, s:s}", "event", "sign-in-failed", "stage", "tls", "reason",
		       "refused"));
	reasons_find(r, s->results->scenarios->pdata[0], NULL, told);
	cr_expect_not(c->as_expected, "fails because of %s", c->cause);
	g_ptr_array_set_size(told, 0);
	reasons_find(r, s->results->scenarios->pdata[0], NULL, told);
	cr_expect_eq(told->len, 0, "found once");
}
