/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The schema of topology files and docs/FORMATS.md name the same keys. */
#include "testbed/model/file_schema.h"
#include "testbed/model/model.h"

#include <criterion/criterion.h>
#include <string.h>

#define DOCUMENT "docs/FORMATS.md"

/* Adds the names of all properties below. */
static void collect(const json_t *schema, GHashTable *names)
{
	const json_t *value;
	const char *key;
	size_t i;

	json_array_foreach(schema, i, value)
		collect(value, names);
	/* the table of presets has words of one key */
	json_array_foreach(json_object_get(schema, "enum"), i, value)
		if (json_is_string(value))
			g_hash_table_add(names, g_strdup(json_string_value(value)));
	json_object_foreach(json_object_get(schema, "properties"), key, value)
		g_hash_table_add(names, g_strdup(key));
	json_object_foreach((json_t *)(gpointer)(guintptr)schema, key, value)
		collect(value, names);
}

/* All keys that the schema has.  Making it ends the program where a read function has no
 * description. */
static GHashTable *keys_of_schema(void)
{
	GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	json_t *schema = model_file_schema();

	cr_assert(schema);
	collect(schema, names);
	json_decref(schema);
	return names;
}

static char *document(void)
{
	char *text = NULL;

	cr_assert(g_file_get_contents(DOCUMENT, &text, NULL, NULL));
	return text;
}

Test(file_schema, has_every_key_that_is_documented)
{
	g_autoptr(GHashTable) names = keys_of_schema();
	g_autofree char *text = document();
	g_autoptr(GRegex) rows =
		g_regex_new("^\\| (`[a-z0-9_`, ]+`) \\|", G_REGEX_MULTILINE, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;
	guint count = 0;

	g_regex_match(rows, text, 0, &match);
	for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
		g_autofree char *cell = g_match_info_fetch(match, 1);
		g_auto(GStrv) keys = g_strsplit_set(cell, "`, ", 0);

		for (guint i = 0; keys[i]; i++) {
			if (!*keys[i])
				continue;
			cr_expect(g_hash_table_contains(names, keys[i]), "no key '%s'", keys[i]);
			count++;
		}
	}
	cr_expect_gt(count, 80, "%u keys", count);
}

Test(file_schema, has_no_key_that_is_not_documented)
{
	g_autoptr(GHashTable) names = keys_of_schema();
	g_autofree char *text = document();
	GHashTableIter iter;
	gpointer name;

	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, &name, NULL)) {
		g_autofree char *quoted = g_strdup_printf("\\b%s\\b", (const char *)name);

		cr_expect(g_regex_match_simple(quoted, text, 0, 0), DOCUMENT " has no '%s'",
			  (const char *)name);
	}
}

Test(file_schema, has_every_kind_of_service)
{
	g_autoptr(GHashTable) names = keys_of_schema();

	for (enum service_kind kind = 0; kind < SERVICE_KIND_COUNT; kind++)
		cr_expect(g_hash_table_contains(names, service_kind_name(kind)), "no service '%s'",
			  service_kind_name(kind));
}
