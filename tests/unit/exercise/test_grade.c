/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How answers and repairs are graded, and the score of a record. */
#include "testbed/exercise/record.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

static GPtrArray *texts(const char *list)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) parts = g_strsplit(list, "|", 0);

	for (guint i = 0; parts[i]; i++)
		g_ptr_array_add(all, g_strdup(parts[i]));
	return all;
}

Test(answer, is_held_against_the_truth)
{
	static const struct {
		const char *cause, *node, *object;
		unsigned percent;
	} rows[] = {
		{"NO_ROUTE", "edge", "10.20.0.0/24", 100},
		{"RETURN_WRONG_EGRESS", "edge", "10.20.0.0/24 via 172.25.33.1", 100},
		{"NO_ROUTE", "core", "10.20.0.0/24", 60},
		{"FW_DROP", "edge", "10.20.0.0/24", 60},
		{"NO_ROUTE", "edge", "10.20.0.0/16", 80},
		{"NO_ROUTE", "edge", NULL, 80},
		{NULL, NULL, NULL, 0},
		/* one that names all there is names nothing */
		{"NO_ROUTE", "edge", "10.0.0.0/8 10.1.0.0/16 a b c d 10.20.0.0/24", 80},
	};
	g_autoptr(GPtrArray) codes = texts("NO_ROUTE|RETURN_WRONG_EGRESS"), nodes = texts("edge"),
			     objects = texts("10.20.0.0/24");
	const struct fault f = {.codes = codes, .nodes = nodes, .objects = objects};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct answer_grade g =
			grade_answer(&f, rows[i].cause, rows[i].node, rows[i].object);

		cr_expect_eq(g.percent, rows[i].percent, "row %u: %u", i, g.percent);
	}
}

/* Letters for states: '-' unknown, 'w' works, 'd' detour, 'f' fails. */
static enum call_state state_of(char letter)
{
	return letter == 'w' ? CALL_WORKS :
	       letter == 'd' ? CALL_DETOUR :
	       letter == 'f' ? CALL_FAILS :
			       CALL_UNKNOWN;
}

static const struct repair_row {
	const char *before, *now, *later; /* a letter for each call; later NULL: no restart */
	unsigned percent;
	bool passed;
	const char *reason; /* one of those */
} repairs[] = {
	{"ffww", "wwww", NULL, 100, true, "2 of the 2 calls that the fault breaks work again"},
	{"ffww", "dwww", NULL, 100, true, "2 of the 2 calls"}, /* by whatever way */
	{"ffww", "ffww", NULL, 0, false, "2 do not work yet: c0, c1"},
	{"ffww", "wfww", NULL, 50, false, "1 do not work yet: c1"},
	{"ffww", "wwwf", NULL, 50, false, "1 worked before and fail now: c3"},
	{"ffwwwwwwww", "wwwwwwwwwf", NULL, 75, false, "1 worked before and fail now: c9"},
	{"ffww", "wwww", "wwww", 100, true, "the repair outlasts a restart of edge"},
	{"ffww", "wwww", "ffww", 50, false, "2 fail after a restart of edge"},
	{"ffww", "wwww", "wwwf", 50, false, "1 fail after a restart of edge"},
	{"dwww", "dwww", NULL, 0, false, "1 do not work yet: c0"}, /* the detour is the fault */
	{"dwww", "wwww", NULL, 100, true, "1 of the 1 calls"},
	{"fwww", "w-ww", NULL, 100, false, "1 could not be judged"},
	{"f-ww", "wfww", NULL, 100, true, "1 of the 1 calls"}, /* nothing is known of before */
	{"wwww", "wwww", NULL, 0, false, "0 of the 0 calls"},
};

static GPtrArray *calls_of(const struct repair_row *r, struct judged_call *calls)
{
	GPtrArray *all = g_ptr_array_new();

	for (guint i = 0; r->before[i]; i++) {
		calls[i] = (struct judged_call){
			.name = g_strdup_printf("c%u", i),
			.before = state_of(r->before[i]),
			.now = state_of(r->now[i]),
			.later = r->later ? state_of(r->later[i]) : CALL_UNKNOWN,
		};
		g_ptr_array_add(all, &calls[i]);
	}
	return all;
}

Test(repair, is_graded_by_calls)
{
	for (guint i = 0; i < G_N_ELEMENTS(repairs); i++) {
		const struct repair_row *r = &repairs[i];
		struct judged_call calls[16];
		g_autoptr(GPtrArray) all = calls_of(r, calls);
		g_autofree char *reasons = NULL;
		struct repair_grade g;

		grade_repair(all, r->later ? "edge" : NULL, &g);
		g_ptr_array_add(g.reasons, NULL);
		reasons = g_strjoinv("\n", (char **)g.reasons->pdata);
		cr_expect_eq(g.percent, r->percent, "row %u: %u", i, g.percent);
		cr_expect_eq(g.passed, r->passed, "row %u", i);
		cr_expect(strstr(reasons, r->reason), "row %u:\n%s", i, reasons);
		repair_grade_clear(&g);
		for (guint k = 0; k < all->len; k++)
			g_free(calls[k].name);
	}
}

Test(calls, are_those_that_the_scenario_lets_pass)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load("topologies/lync.yaml", d);
	const struct scenario *sc = model_scenario(m, "missing-route");
	g_autoptr(model) whole = model_instantiate(m, sc, d);
	g_autoptr(GPtrArray) calls = judged_calls(whole, sc);

	/* 21 pairs of 3 media, without 6 pairs of 2 */
	cr_expect_eq(calls->len, 51, "%u", calls->len);
	ptr_array_foreach(const struct judged_call, c, calls)
		cr_expect(!g_str_equal(c->name, "branch1-home1/audio"));
}

Test(calls, a_path_that_is_not_expected_is_a_detour)
{
	const struct judged_call c = {.path_mask = 1u << PATH_UDP_DIRECT}, any = {.path_mask = 0};

	cr_expect_eq(judged_state(&c, VERDICT_PASS, PATH_UDP_DIRECT), CALL_WORKS);
	cr_expect_eq(judged_state(&c, VERDICT_PASS, PATH_UDP_RELAY), CALL_DETOUR);
	cr_expect_eq(judged_state(&any, VERDICT_PASS, PATH_UDP_RELAY), CALL_WORKS);
	cr_expect_eq(judged_state(&c, VERDICT_FAIL, PATH_NONE), CALL_FAILS);
	cr_expect_eq(judged_state(&c, VERDICT_ERROR, PATH_NONE), CALL_UNKNOWN);
}

/* --- records ---------------------------------------------------------------------------------- */

/* A wrong answer and a right one, two hints, a repair that breaks something and one that doesn't.
 */
static exercise_record *example(void)
{
	exercise_record *r = record_new();
	struct repair_grade bad = {.percent = 75, .reasons = texts("1 worked before")},
			    good = {.percent = 100, .passed = true, .reasons = texts("all")};

	r->exercise = g_strdup("half-deaf");
	r->student = g_strdup("Ada, \"the first\"");
	r->level = 1;
	r->started_s = 1700000000;
	r->hints = 2;
	record_add_answer(r, 1700000060, "FW_DROP", "core", "x", (struct answer_grade){0});
	record_add_answer(r, 1700000120, "NO_ROUTE", "edge", "10.20.0.0/24",
			  (struct answer_grade){true, true, true, 100});
	record_add_check(r, 1700000180, &bad);
	record_add_check(r, 1700000241, &good);
	repair_grade_clear(&bad);
	repair_grade_clear(&good);
	return r;
}

static void expect_score(const exercise_record *r, unsigned percent, const char *reason)
{
	g_autofree char *reasons = NULL;
	struct score s;

	record_score(r, &s);
	g_ptr_array_add(s.reasons, NULL);
	reasons = g_strjoinv("\n", (char **)s.reasons->pdata);
	cr_expect_eq(s.percent, percent, "%u", s.percent);
	cr_expect(strstr(reasons, reason), "%s", reasons);
	score_clear(&s);
}

Test(score, is_the_best_answer_and_the_best_repair_less_the_hints)
{
	g_autoptr(exercise_record) r = example(), empty = record_new();

	/* 40 % of 90, 60 % of 100, less 10 */
	expect_score(r, 86, "2 hints cost 10 %");
	expect_score(empty, 0, "no repair was checked");
	g_ptr_array_set_size(r->checks, 1);
	expect_score(r, 71, "1 worked before");
}

Test(record, is_read_as_it_was_written)
{
	char *folder = program_folder_new();
	g_autofree char *path = g_build_filename(folder, "r.json", NULL);
	g_autoptr(exercise_record) r = example(), again = NULL;
	g_autoptr(GError) error = NULL;
	json_t *one, *other;

	cr_assert(record_save(r, path, &error), "%s", error ? error->message : "");
	again = record_load(path, &error);
	cr_assert_not_null(again, "%s", error ? error->message : "");
	one = record_to_json(r);
	other = record_to_json(again);
	cr_expect(json_equal(one, other));
	json_decref(one);
	json_decref(other);
	cr_assert(g_file_set_contents(path, "{\"schema\": \"testbed.results/1\"}", -1, NULL));
	cr_expect_null(record_load(path, &error));
	cr_expect(strstr(error->message, "r.json: no record of an exercise"), "%s", error->message);
	program_folder_free(folder);
}

Test(record, is_a_row_of_a_table)
{
	g_autoptr(exercise_record) r = example();
	g_autoptr(GString) out = g_string_new(NULL);

	record_csv_header(out);
	record_csv_row(r, out);
	g_free(r->student);
	r->student = g_strdup("=1+1");
	r->seed = 7;
	r->gave_up_s = 1700000300;
	record_csv_row(r, out);
	cr_expect_str_eq(
		out->str,
		"student,exercise,level,seed,started,minutes,score,diagnosis,answers,"
		"repair,checks,hints,gave_up\n"
		"\"Ada, \"\"the first\"\"\",half-deaf,1,,2023-11-14T22:13:20Z,5,86,90,2,100,"
		"2,2,no\n"
		"'=1+1,half-deaf,1,7,2023-11-14T22:13:20Z,5,86,90,2,100,2,2,yes\n",
		"%s", out->str);
}
