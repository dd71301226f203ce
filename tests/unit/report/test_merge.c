/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several runs as one. */
#include "testbed/report/merge.h"
#include "tests/unit/report/sample.h"

#include <criterion/criterion.h>
#include <string.h>

#define SHARDS 3

/* The documents of a run's shards, from which merge_pieces copies. */
struct shards {
	char *text[SHARDS + 1];
	GString *written;
};

/* Numbers the cells of the run, as a shard has them, and returns how many there are. */
static guint number_cells(results *r)
{
	guint n = 0;

	ptr_array_foreach(const struct scenario_result, s, r->scenarios)
		ptr_array_foreach(struct cell, c, s->cells)
			c->number = ++n;
	return n;
}

/* The sample run as a shard that has every third cell; the caller frees the document. */
static char *shard_text(guint index, bool numbered)
{
	g_autoptr(results) r = sample_results();
	guint n = number_cells(r);

	ptr_array_foreach(const struct scenario_result, s, r->scenarios) {
		for (guint k = s->cells->len; k-- > 0;) {
			struct cell *c = s->cells->pdata[k];

			if (c->number % SHARDS != index % SHARDS)
				g_ptr_array_remove_index(s->cells, k);
			else if (!numbered)
				c->number = 0;
		}
	}
	r->complete = true;
	r->shard = numbered ? index : 0;
	r->shards = numbered ? SHARDS : 0;
	r->shards_cells = numbered ? n : 0;
	return report_results_text(r);
}

static bool read_shard(guint run, gsize at, gsize length, char *to, gpointer user_data,
		       GError **error G_GNUC_UNUSED)
{
	const struct shards *s = user_data;

	memcpy(to, s->text[run] + at, length);
	return true;
}

static bool write_document(const char *bytes, gsize length, gpointer user_data,
			   GError **error G_GNUC_UNUSED)
{
	const struct shards *s = user_data;

	g_string_append_len(s->written, bytes, (gssize)length);
	return true;
}

static void clear_shards(struct shards *s)
{
	for (guint i = 0; i <= SHARDS; i++)
		g_free(s->text[i]);
	g_string_free(s->written, TRUE);
}

/* Adds a document under this name; it is taken over. */
static bool add(merge *m, struct shards *s, const char *name, char *text, GError **error)
{
	s->text[m->runs->len] = text;
	return merge_add(m, name, text, strlen(text), error);
}

/* The merged document; the caller owns it. */
static json_t *written(const merge *m, struct shards *s)
{
	const struct merge_pieces pieces = {read_shard, write_document, s};
	g_autoptr(GError) error = NULL;
	json_error_t where;
	json_t *document;

	cr_assert(merge_write(m, &pieces, &error), "%s", error ? error->message : "");
	document = json_loads(s->written->str, 0, &where);
	cr_assert_not_null(document, "%d: %s", where.line, where.text);
	return document;
}

/* The shards come in any order; what comes out is the run that had all cells. */
Test(merge, shards_are_the_whole_run_again)
{
	g_autoptr(results) whole = sample_results();
	struct shards s = {.written = g_string_new(NULL)};
	g_autoptr(merge) m = merge_new();
	json_auto_t *document = NULL, *wanted = NULL;
	guint order[SHARDS] = {2, 3, 1};

	number_cells(whole);
	for (guint i = 0; i < SHARDS; i++)
		cr_assert(add(m, &s, "shard", shard_text(order[i], true), NULL));
	merge_end(m);
	document = written(m, &s);
	wanted = report_results_json(whole, false);
	cr_expect(json_equal(json_object_get(document, "scenarios"),
			     json_object_get(wanted, "scenarios")));
	cr_expect(json_equal(json_object_get(document, "topology"),
			     json_object_get(wanted, "topology")));
	cr_expect(json_equal(json_object_get(document, "summary"),
			     json_object_get(wanted, "summary")));
	cr_expect(member_true(document, "complete"));
	clear_shards(&s);
}

/* Readers of results read merged ones. */
Test(merge, is_a_document_of_results)
{
	struct shards s = {.written = g_string_new(NULL)};
	const struct merge_pieces pieces = {read_shard, NULL, &s};
	g_autoptr(merge) m = merge_new();
	g_autoptr(results) read = NULL, typed = NULL;
	g_autoptr(GError) error = NULL;
	json_auto_t *document = NULL;

	for (guint i = 1; i <= SHARDS; i++)
		cr_assert(add(m, &s, "shard", shard_text(i, true), NULL));
	merge_end(m);
	document = written(m, &s);
	read = report_results_parse(document, &error);
	cr_assert_not_null(read, "%s", error ? error->message : "");
	typed = merge_results(m, &pieces, NULL, &error);
	cr_assert_not_null(typed, "%s", error ? error->message : "");
	cr_expect_eq(results_summarise(typed).unexpected, results_summarise(read).unexpected);
	cr_expect_eq(results_summarise(typed).cells, results_summarise(read).cells);
	clear_shards(&s);
}

Test(merge, says_what_is_missing)
{
	struct shards s = {.written = g_string_new(NULL)};
	g_autoptr(merge) m = merge_new();
	g_autoptr(GString) text = g_string_new(NULL);
	struct results_summary sum;

	cr_assert(add(m, &s, "machine-1", shard_text(1, true), NULL));
	merge_add_lost(m, "machine-2");
	cr_assert(add(m, &s, "machine-3", shard_text(3, true), NULL));
	merge_end(m);
	sum = merge_summarise(m);
	cr_expect_not(merge_is_complete(m));
	cr_expect_not(merge_has_shard(m, 2));
	cr_expect_eq(sum.not_run, merge_shard_cells(m, 2), "%u", sum.not_run);
	merge_text(m, text);
	sample_compare_golden("merge-missing.txt", text->str);
	clear_shards(&s);
}

/* A run that was killed tells by its events which cells it did not come to. */
Test(merge, a_run_that_was_cut_off)
{
	g_autoptr(results) r = sample_results();
	struct shards s = {.written = g_string_new(NULL)};
	g_autoptr(merge) m = merge_new();
	g_autoptr(GString) text = g_string_new(NULL);
	json_auto_t *pending = NULL, *document = NULL;

	sample_cell(r, "missing-route/dc1-home1/audio")->done = false;
	sample_cell(r, "missing-route/dc1-home1/video")->done = false;
	pending = report_results_json(r, true);
	cr_assert(
		add(m, &s, "cut-off", report_document_text(pending, JSON_REAL_PRECISION(9)), NULL));
	merge_end(m);
	cr_expect_not(merge_is_complete(m));
	cr_expect_eq(merge_summarise(m).not_run, 2u);
	merge_text(m, text);
	cr_expect_str_eq(text->str, "1 run merged\n"
				    "not run by 'cut-off': 2 cells: missing-route/dc1-home1/audio, "
				    "missing-route/dc1-home1/video\n");
	document = written(m, &s);
	cr_expect_not(member_true(document, "complete"));
	clear_shards(&s);
}

/* What is run again replaces what failed, and what was not run. */
Test(merge, the_later_of_two_counts)
{
	static const char id[] = "missing-route/branch1-home1/audio";
	g_autoptr(results) first = sample_results(), again = sample_results();
	struct shards s = {.written = g_string_new(NULL)};
	const struct merge_pieces pieces = {read_shard, NULL, &s};
	g_autoptr(merge) m = merge_new();
	g_autoptr(results) typed = NULL;

	sample_cell(first, id)->verdict = VERDICT_ERROR;
	sample_cell(again, id)->verdict = VERDICT_PASS;
	cr_assert(add(m, &s, "first", report_results_text(first), NULL));
	cr_assert(add(m, &s, "again", report_results_text(again), NULL));
	merge_end(m);
	typed = merge_results(m, &pieces, NULL, NULL);
	cr_expect_eq(sample_cell(typed, id)->verdict, VERDICT_PASS);
	cr_expect_eq(results_summarise(typed).cells, results_summarise(first).cells);
	cr_expect_eq(m->twice, results_summarise(first).cells);
	clear_shards(&s);
}

static char *edited(const char *text, const char *find, const char *replace)
{
	g_auto(GStrv) parts = g_strsplit(text, find, 2);

	cr_assert_not_null(parts[1], "no '%s'", find);
	return g_strjoinv(replace, parts);
}

static const struct wrong_row {
	const char *find, *replace, *message;
} wrong_rows[] = {
	{"\"schema\": \"testbed.results/1\"", "\"schema\": \"testbed.results/9\"",
	 "not a 'testbed.results/1' document"},
	{"\"sha256\": \"", "\"sha256\": \"f", "it ran another topology than 'first'"},
	{"\"count\": 3", "\"count\": 4",
	 "it is a shard of another matrix: of 4 with 62 cells, not of 3 with 62"},
	{"\"index\": 2", "\"index\": 7", "shard 7 of 3: there is none"},
	{"\"verdict\": \"pass\"", "\"verdict\": \"perhaps\"", "no verdict"},
	{"\"number\": ", "\"number\": -", "no number of a cell"},
	{"\"id\": \"missing", "\"other\": \"missing", "a cell without 'id'"},
	{"\"name\": \"missing-route\"", "\"other\": \"missing-route\"",
	 "a scenario without 'name'"},
	{"\"cells\": [", "\"cells\": {", "no list"},
};

Test(merge, documents_that_do_not_fit)
{
	g_autofree char *good = shard_text(2, true), *first = shard_text(1, true);

	for (guint i = 0; i < G_N_ELEMENTS(wrong_rows); i++) {
		const struct wrong_row *row = &wrong_rows[i];
		g_autofree char *text = edited(good, row->find, row->replace);
		g_autoptr(merge) m = merge_new();
		g_autoptr(GError) error = NULL;

		cr_assert(merge_add(m, "first", first, strlen(first), NULL));
		cr_expect_not(merge_add(m, "second", text, strlen(text), &error), "%s", row->find);
		cr_expect(error && strstr(error->message, row->message), "'%s': %s", row->find,
			  error ? error->message : "no error");
		cr_expect_eq(m->runs->len, 1u);
	}
}

Test(merge, a_document_cut_off_anywhere_is_none)
{
	g_autofree char *good = shard_text(1, true);
	gsize length = strlen(good);

	for (gsize n = 0; n < length - 1; n += 97) {
		g_autoptr(merge) m = merge_new();

		cr_expect_not(merge_add(m, "cut", good, n, NULL), "%" G_GSIZE_FORMAT, n);
	}
}
