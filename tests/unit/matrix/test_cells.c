/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which cells a run consists of. */
#include "testbed/matrix/cells.h"

#include <criterion/criterion.h>
#include <string.h>

#define TOPOLOGY "tests/data/topologies/company.yaml"

static model *load(void)
{
	g_autoptr(diags) d = diags_new();
	model *m = model_load(TOPOLOGY, d);
	g_autofree char *text = diags_to_text(d);

	cr_assert_not_null(m, "%s", text);
	return m;
}

static const struct cell *find(const matrix_selection *s, const char *id)
{
	for (guint i = 0; i < s->results->scenarios->len; i++) {
		const struct scenario_result *sc = s->results->scenarios->pdata[i];

		for (guint k = 0; k < sc->cells->len; k++) {
			const struct cell *c = sc->cells->pdata[k];

			if (g_str_equal(c->id, id))
				return c;
		}
	}
	return NULL;
}

static const char *const one_scenario[] = {"missing-route", NULL};
static const char *const two_scenarios[] = {"branch-edge", "missing-route", NULL};
static const char *const one_pair[] = {"home1:branch1", NULL};
static const char *const same_pair[] = {"home1:branch1", "branch1:home1", NULL};

static const struct count_case {
	const char *name;
	struct matrix_filter filter;
	guint cells, scenarios;
} counts[] = {
	{"everything", {0}, 268, 4},
	{"one scenario", {.scenarios = one_scenario}, 67, 1},
	{"two scenarios", {.scenarios = two_scenarios}, 134, 2},
	{"instant messages", {.media_mask = 1u << MEDIA_IM}, 84, 4},
	{"conferences",
	 {.media_mask = 1u << MEDIA_IM_CONFERENCE | 1u << MEDIA_AV_CONFERENCE},
	 16,
	 4},
	{"a pair, whichever way round, without conferences", {.pairs = one_pair}, 12, 4},
	{"a pair said twice", {.pairs = same_pair}, 12, 4},
	{"by expression", {.only = "^missing-route/.*home1.*/audio$"}, 6, 1},
	{"by expression anywhere in the id", {.only = "dc-organised"}, 8, 4},
	{"all filters",
	 {.scenarios = one_scenario,
	  .pairs = one_pair,
	  .media_mask = 1u << MEDIA_AUDIO,
	  .only = "branch"},
	 1,
	 1},
};

Test(cells, are_counted)
{
	g_autoptr(model) m = load();

	for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
		const struct count_case *c = &counts[i];
		g_autoptr(GError) error = NULL;
		g_autoptr(matrix_selection) s = matrix_select(m, &c->filter, &error);

		cr_assert_not_null(s, "%s: %s", c->name, error ? error->message : "");
		cr_expect_eq(results_summarise(s->results).cells, c->cells, "%s: %u cells", c->name,
			     results_summarise(s->results).cells);
		cr_expect_eq(s->scenarios->len, c->scenarios, "%s: %u scenarios", c->name,
			     s->scenarios->len);
	}
}

static const char *const no_such_scenario[] = {"mising-route", NULL};
static const char *const no_such_endpoint[] = {"dc1:hom1", NULL};
static const char *const not_an_endpoint[] = {"dc1:edge", NULL};
static const char *const not_a_pair[] = {"dc1", NULL};
static const char *const with_itself[] = {"dc1:dc1", NULL};

static const struct refused_case {
	const char *name;
	struct matrix_filter filter;
	const char *says;
} refused[] = {
	{"unknown scenario", {.scenarios = no_such_scenario}, "did you mean 'missing-route'?"},
	{"unknown endpoint", {.pairs = no_such_endpoint}, "did you mean 'home1'?"},
	{"a node that is no endpoint", {.pairs = not_an_endpoint}, "no endpoint 'edge'"},
	{"half a pair", {.pairs = not_a_pair}, "not of the form A:B"},
	{"with itself", {.pairs = with_itself}, "same endpoint twice"},
	{"broken expression", {.only = "("}, "--only '('"},
	{"nothing left", {.only = "no such cell"}, "nothing to run"},
	{"conferences between a pair",
	 {.pairs = one_pair, .media_mask = 1u << MEDIA_IM_CONFERENCE},
	 "nothing to run"},
};

Test(cells, refuses_what_it_does_not_know)
{
	g_autoptr(model) m = load();

	for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
		const struct refused_case *c = &refused[i];
		g_autoptr(GError) error = NULL;
		g_autoptr(matrix_selection) s = matrix_select(m, &c->filter, &error);

		cr_expect_null(s, "%s", c->name);
		cr_expect(g_error_matches(error, TB_ERROR, TB_ERROR_INPUT), "%s", c->name);
		cr_expect(error && strstr(error->message, c->says), "%s: '%s'", c->name,
			  error ? error->message : "");
	}
}

Test(cells, have_contract_ids_and_expectations)
{
	g_autoptr(model) m = load();
	const struct matrix_filter all = {0};
	g_autoptr(matrix_selection) s = matrix_select(m, &all, NULL);
	const struct cell *fails = find(s, "missing-route/branch1-home1/audio");
	const struct cell *fixed = find(s, "persistent-route/branch1-home1/audio");
	const struct cell *conference = find(s, "missing-route/dc-organised/im-conference");

	cr_assert(fails && fixed && conference);
	cr_expect_str_eq(fails->a, "branch1");
	cr_expect_str_eq(fails->b, "home1");
	cr_expect_eq(fails->expected_verdict, VERDICT_FAIL);
	cr_expect_eq(fixed->expected_verdict, VERDICT_PASS);
	cr_expect_eq(fixed->expected_path_mask, 1u << PATH_UDP_RELAY);
	cr_expect_null(find(s, "missing-route/home1-branch1/audio"), "each pair once");
	cr_expect_str_eq(conference->a, "dc1");
	cr_expect_null(conference->b);
	cr_expect_eq(conference->participants->len, 3);
	cr_expect_eq(conference->expected_path_mask, 1u << PATH_MCU);
	cr_expect_not(fails->done);
}

Test(cells, directed_pair_says_who_calls)
{
	g_autoptr(model) m = load();
	const struct matrix_filter f = {.pairs = one_pair,
					.directed = true,
					.scenarios = one_scenario,
					.media_mask = 1u << MEDIA_AUDIO};
	g_autoptr(matrix_selection) s = matrix_select(m, &f, NULL);
	const struct cell *c = find(s, "missing-route/home1-branch1/audio");

	cr_assert_not_null(c);
	cr_expect_str_eq(c->a, "home1");
	cr_expect_eq(c->expected_verdict, VERDICT_FAIL,
		     "who calls does not change what is expected");
}

/* An unexpected pass differs as much as an unexpected failure, and so does another path. */
Test(cells, are_held_strictly_against_expectations)
{
	static const struct {
		enum verdict verdict;
		enum path_class path;
		enum verdict expected;
		unsigned mask;
		bool as_expected;
	} rows[] = {
		{VERDICT_PASS, PATH_UDP_RELAY, VERDICT_PASS, 1u << PATH_UDP_RELAY, true},
		{VERDICT_PASS, PATH_UDP_DIRECT, VERDICT_PASS, 1u << PATH_UDP_RELAY, false},
		{VERDICT_PASS, PATH_UDP_DIRECT, VERDICT_PASS,
		 1u << PATH_UDP_RELAY | 1u << PATH_UDP_DIRECT, true},
		{VERDICT_PASS, PATH_UDP_DIRECT, VERDICT_PASS, 0, true},
		{VERDICT_PASS, PATH_UDP_RELAY, VERDICT_FAIL, 1u << PATH_NONE, false},
		{VERDICT_FAIL, PATH_NONE, VERDICT_FAIL, 1u << PATH_NONE, true},
		{VERDICT_FAIL, PATH_NONE, VERDICT_PASS, 0, false},
		{VERDICT_ERROR, PATH_NONE, VERDICT_FAIL, 1u << PATH_NONE, false},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct cell *c = cell_new();

		c->done = true;
		c->verdict = rows[i].verdict;
		c->path = rows[i].path;
		c->expected_verdict = rows[i].expected;
		c->expected_path_mask = rows[i].mask;
		c->has_expected_path = rows[i].mask != 0;
		cell_judge(c);
		cr_expect_eq(c->as_expected, rows[i].as_expected, "row %u", i);
		cell_free(c);
	}
}

/* --- shards ----------------------------------------------------------------------------------- */

/* Counts in `seen`, by number, the cells of one shard; they have to be those of the whole matrix.
 */
static guint count_shard(const model *m, const matrix_selection *all, guint index, guint count,
			 guint *seen)
{
	const struct matrix_filter f = {.shard = {index, count}};
	g_autoptr(matrix_selection) s = matrix_select(m, &f, NULL);
	guint n = 0;

	cr_assert_not_null(s);
	cr_expect_eq(s->results->shard, index);
	cr_expect_eq(s->results->shards, count);
	cr_expect_eq(s->results->shards_cells, 268u);
	ptr_array_foreach(const struct scenario_result, sc, s->results->scenarios) {
		cr_expect_gt(sc->cells->len, 0u, "%s is empty", sc->name);
		ptr_array_foreach(const struct cell, c, sc->cells) {
			cr_expect_not_null(find(all, c->id), "%s", c->id);
			seen[c->number - 1]++;
			n++;
		}
	}
	return n;
}

/* All shards together have each cell once, whatever their number, and each has its share. */
Test(cells, shards_are_equal_parts)
{
	static const guint counts_of_shards[] = {1, 2, 7, 268, 300};
	g_autoptr(model) m = load();
	g_autoptr(matrix_selection) all = matrix_select(m, &(struct matrix_filter){0}, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(counts_of_shards); i++) {
		guint count = counts_of_shards[i], seen[268] = {0};

		for (guint k = 1; k <= count; k++) {
			guint n = count_shard(m, all, k, count, seen);

			cr_expect(n == 268 / count || n == 268 / count + 1, "%u of %u: %u cells", k,
				  count, n);
		}
		for (guint k = 0; k < 268; k++)
			cr_expect_eq(seen[k], 1u, "%u shards: cell %u is in %u", count, k + 1,
				     seen[k]);
	}
}

/* Machines that know nothing of each other have to agree for ever. */
Test(cells, a_shard_is_the_same_everywhere)
{
	const struct matrix_filter f = {.scenarios = one_scenario, .shard = {5, 40}};
	g_autoptr(model) m = load();
	g_autoptr(matrix_selection) s = matrix_select(m, &f, NULL);
	const struct scenario_result *sc = s->results->scenarios->pdata[0];

	cr_assert_eq(sc->cells->len, 2u);
	cr_expect_str_eq(((const struct cell *)sc->cells->pdata[0])->id,
			 "missing-route/dc2-home1/im");
	cr_expect_str_eq(((const struct cell *)sc->cells->pdata[1])->id,
			 "missing-route/dc2-home1/video");
}

/* Not a cell less: an expression that takes for ever is an error. */
Test(cells, an_expression_that_can_not_be_matched)
{
	const struct matrix_filter f = {.only = "(.+)+(.+)+(.+)+(.+)+(.+)+(.+)+(.+)+(.+)+[#%]"};
	g_autoptr(model) m = load();
	g_autoptr(GError) error = NULL;
	g_autoptr(matrix_selection) s = matrix_select(m, &f, &error);

	cr_expect_null(s);
	cr_assert_not_null(error);
	cr_expect_not_null(strstr(error->message, "matching"), "%s", error->message);
}
