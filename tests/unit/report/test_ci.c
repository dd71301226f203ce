/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run in the words of continuous integration. */
#include "testbed/report/ci.h"
#include "tests/unit/report/sample.h"

#include <criterion/criterion.h>
#include <string.h>

#define DIFFERING "persistent-route/dc1-home1/audio"

/* Two scenarios: one cell that differs for a cause, one error, one that was not run. */
struct stage {
	results *results;
	GHashTable *findings;
	struct ci_run run;
	char *changes[2];
};

static void stage_init(struct stage *t)
{
	struct cell *c;
	finding *f;

	t->results = sample_results();
	c = sample_cell(t->results, DIFFERING);
	f = finding_new(c);
	f->code = CAUSE_FW_DROP;
	f->node = g_strdup("dmz-fw");
	f->why = g_strdup("the rule 'no-media' drops them");
	finding_prove(f, "12 packets came in by outside, none left");
	finding_prove(f, "its counter went from 0 to 12");
	t->findings =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)finding_free);
	g_hash_table_insert(t->findings, c->id, f);
	sample_cell(t->results, "persistent-route/dc1-branch1/im")->done = false;
	g_free(t->results->topology_file);
	t->results->topology_file = g_strdup("/srv/job/our networks/lync.yaml");
	t->changes[0] = (char *)(gpointer)(guintptr) "link-down: {node: core, interface: lan}";
	t->changes[1] = NULL;
	t->run = (struct ci_run){.results = t->results,
				 .findings = t->findings,
				 .how = {.topology = t->results->topology_file,
					 .changes = t->changes},
				 .root = "/srv/job"};
}

static void stage_clear(struct stage *t)
{
	g_hash_table_unref(t->findings);
	results_free(t->results);
}

static void expect_form(const char *name, void (*form)(const struct ci_run *, GString *))
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct stage t;

	stage_init(&t);
	form(&t.run, text);
	sample_compare_golden(name, text->str);
	stage_clear(&t);
}

Test(ci, junit)
{
	expect_form("ci.junit.xml", ci_junit);
}

Test(ci, tap)
{
	expect_form("ci.tap", ci_tap);
}

Test(ci, annotations)
{
	expect_form("ci.annotations.txt", ci_annotations);
}

Test(ci, summary)
{
	expect_form("ci.summary.txt", ci_summary);
}

Test(ci, a_run_as_expected_has_no_annotation)
{
	g_autoptr(results) r = sample_large(3);
	const struct ci_run run = {.results = r};
	g_autoptr(GString) text = g_string_new(NULL);

	ci_annotations(&run, text);
	cr_expect_str_empty(text->str);
}

/* --- what others have written ----------------------------------------------------------------- */

#define HOSTILE "]]>\"'&<b>\x1b[2J\r\n::error::# SKIP 100%,a:b `|*_\xff"

static char *hostile(void (*form)(const struct ci_run *, GString *))
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct stage t;
	struct cell *c;
	finding *f;

	stage_init(&t);
	c = sample_cell(t.results, DIFFERING);
	f = g_hash_table_lookup(t.findings, DIFFERING);
	g_free(f->why);
	f->why = g_strdup(HOSTILE);
	finding_prove(f, "%s", HOSTILE);
	g_free(c->cause);
	c->cause = g_strdup(HOSTILE);
	g_free(t.results->topology_name);
	t.results->topology_name = g_strdup(HOSTILE);
	form(&t.run, text);
	stage_clear(&t);
	cr_expect_null(strchr(text->str, '\x1b'), "%s", text->str);
	cr_expect(g_utf8_validate(text->str, (gssize)text->len, NULL));
	return g_strdup(text->str);
}

/* Counts the elements; a character that XML has not is an error of the parser. */
static void on_element(GMarkupParseContext *context G_GNUC_UNUSED, const char *name,
		       const char **names G_GNUC_UNUSED, const char **values G_GNUC_UNUSED,
		       gpointer user_data, GError **error G_GNUC_UNUSED)
{
	GHashTable *counts = user_data;
	guint n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, name));

	g_hash_table_insert(counts, g_strdup(name), GUINT_TO_POINTER(n + 1));
}

Test(ci, junit_of_hostile_texts_is_well_formed)
{
	static const GMarkupParser parser = {.start_element = on_element};
	g_autofree char *text = hostile(ci_junit);
	g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GMarkupParseContext) context =
		g_markup_parse_context_new(&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, counts, NULL);
	g_autoptr(GError) error = NULL;

	cr_expect(g_markup_parse_context_parse(context, text, -1, &error), "%s",
		  error ? error->message : "");
	cr_expect(g_markup_parse_context_end_parse(context, NULL));
	cr_expect_eq(GPOINTER_TO_UINT(g_hash_table_lookup(counts, "testcase")), 62u);
	cr_expect_eq(GPOINTER_TO_UINT(g_hash_table_lookup(counts, "failure")), 1u);
	cr_expect_eq(GPOINTER_TO_UINT(g_hash_table_lookup(counts, "error")), 1u);
	cr_expect_eq(GPOINTER_TO_UINT(g_hash_table_lookup(counts, "skipped")), 1u);
	cr_expect_eq(GPOINTER_TO_UINT(g_hash_table_lookup(counts, "b")), 0u);
}

/* Every line of TAP is a test, a diagnostic or a comment, whatever the texts say. */
Test(ci, hostile_texts_add_no_line_of_tap)
{
	g_autofree char *text = hostile(ci_tap);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint tests = 0, skipped = 0;

	for (guint i = 2; lines[i] && *lines[i]; i++) {
		bool test =
			g_str_has_prefix(lines[i], "ok ") || g_str_has_prefix(lines[i], "not ok ");

		cr_expect(test || g_str_has_prefix(lines[i], "  "), "%s", lines[i]);
		tests += test;
		skipped += test && strstr(lines[i], " # SKIP");
	}
	cr_expect_eq(tests, 62u);
	cr_expect_eq(skipped, 1u);
}

/* Each annotation is one line that begins with the command. */
Test(ci, hostile_texts_are_no_workflow_commands)
{
	g_autofree char *text = hostile(ci_annotations);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	cr_expect_eq(g_strv_length(lines), 4u, "%s", text);
	for (guint i = 0; i < 3; i++)
		cr_expect(g_str_has_prefix(lines[i], "::error ") ||
				  g_str_has_prefix(lines[i], "::warning "),
			  "%s", lines[i]);
	cr_expect(strstr(text, "100%25"));
}
