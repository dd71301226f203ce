/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of reasons. */
#include "common/wire/reason.h"

#include <criterion/criterion.h>
#include <glib.h>
#include <string.h>

Test(reason, codes_are_words_with_hyphens_and_unique)
{
	for (enum reason r = REASON_NONE + 1; r < REASON_COUNT; r++) {
		cr_expect(g_regex_match_simple("^[a-z0-9]+(-[a-z0-9]+)*$", reason_code(r), 0, 0),
			  "'%s'", reason_code(r));
		cr_expect_eq(reason_by_code(reason_code(r)), r, "'%s' is there twice",
			     reason_code(r));
		cr_expect_neq(strlen(reason_words(r)), 0, "'%s' has no words", reason_code(r));
	}
}

Test(reason, what_is_not_in_the_table_is_none)
{
	cr_expect_eq(reason_by_code(NULL), REASON_NONE);
	cr_expect_eq(reason_by_code("not-in-the-table"), REASON_NONE);
	cr_expect_null(reason_code(REASON_NONE));
	cr_expect_null(reason_words(REASON_NONE));
}

Test(reason, an_event_gets_code_and_words)
{
	json_t *event = json_object();

	reason_set(event, REASON_TURN_QUOTA, NULL);
	cr_expect_str_eq(json_string_value(json_object_get(event, "code")), "turn-quota");
	cr_expect_str_eq(json_string_value(json_object_get(event, "reason")),
			 reason_words(REASON_TURN_QUOTA));
	reason_set(event, REASON_NOT_HEARD, "not heard: bob");
	cr_expect_str_eq(json_string_value(json_object_get(event, "code")), "not-heard");
	cr_expect_str_eq(json_string_value(json_object_get(event, "reason")), "not heard: bob");
	reason_set(event, REASON_NONE, NULL);
	cr_expect(json_is_null(json_object_get(event, "code")));
	cr_expect(json_is_null(json_object_get(event, "reason")));
	json_decref(event);
}

/* --- what is written elsewhere -----------------------------------------------------------------
 */

static char *text_of_file(const char *name)
{
	char *text = NULL;

	cr_assert(g_file_get_contents(name, &text, NULL, NULL),
		  "no %s: tests run from the top folder", name);
	return text;
}

Test(reason, docs_have_the_table)
{
	g_autofree char *document = text_of_file("docs/AGENTS.md");
	GString *table = g_string_new("| code | words |\n|---|---|\n");

	for (enum reason r = REASON_NONE + 1; r < REASON_COUNT; r++)
		g_string_append_printf(table, "| `%s` | %s |\n", reason_code(r), reason_words(r));
	g_string_append_c(table, '\n');
	cr_expect(strstr(document, table->str), "docs/AGENTS.md should have:\n%s", table->str);
	g_string_free(table, TRUE);
}

static void append_sources(GString *text, const char *folder)
{
	g_autoptr(GDir) d = g_dir_open(folder, 0, NULL);
	const char *name;

	cr_assert_not_null(d, "no %s: tests run from the top folder", folder);
	while ((name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *source = g_str_has_suffix(name, ".c") ? text_of_file(path) : NULL;

		g_string_append(text, source ? source : "");
	}
}

/* A reason that nobody gives any more goes out of the table. */
Test(reason, each_is_given_by_somebody)
{
	static const char *const folders[] = {"common", "frontend", "edge", "clients",
					      "testbed/session"};
	static const char *const ids[REASON_COUNT] = {
#define X(id, code, words) [REASON_##id] = "REASON_" #id,
		REASONS(X)
#undef X
	};
	g_autofree char *of_relays = text_of_file("testbed/diagnose/foreign_words.c");
	GString *text = g_string_new(strstr(of_relays, "turn_rows[]"));

	for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
		append_sources(text, folders[i]);
	for (enum reason r = REASON_NONE + 1; r < REASON_COUNT; r++) {
		g_autofree char *whole = g_strdup_printf("\\b%s\\b", ids[r]);

		cr_expect(g_regex_match_simple(whole, text->str, 0, 0), "nobody gives %s", ids[r]);
	}
	g_string_free(text, TRUE);
}
