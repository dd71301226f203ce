/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The schema of topology files takes every file that the loader takes, and refuses those that it
 * refuses for a key, a word, or the form of a value. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define BAD "tests/data/bad"

/* Holds the files of a line against the schema that is printed; the caller frees what is wrong. */
static char *wrong_with(const char *files)
{
	char *folder = program_folder_new();
	g_autofree char *program = program_path("testbed"),
			*line = g_strdup_printf(
				"'%s' schema > %s/topology.schema.json && python3 -W ignore "
				"tests/support/hold-schema.py --yaml %s/topology.schema.json %s",
				program, folder, folder, files);
	struct outcome o;
	char *text;

	program_shell(line, NULL, &o);
	cr_assert(o.exit_code == 0 || (o.exit_code == 1 && *o.out),
		  "python3-jsonschema is needed (scripts/setup --check): %s", o.err);
	text = g_steal_pointer(&o.out);
	outcome_clear(&o);
	program_folder_free(folder);
	return text;
}

Test(file_schema, takes_every_file_that_is_right)
{
	g_autofree char *wrong = wrong_with("topologies/*.yaml tests/data/topologies/*.yaml "
					    "tests/data/two-scenarios.yaml");

	cr_expect_str_empty(wrong, "%s", wrong);
}

/* The first thing that the loader says of the file is about a key, a word or a form. */
static bool is_for_a_schema(const char *expected)
{
	static const char *const words[] = {
		"unknown key '",       "unknown change '",    "' must be a ",
		", expected one of: ", ", expected true or ", "' has no value",
		"which has no unit",   "is an empty list"};
	g_autofree char *first = g_strndup(expected, strcspn(expected, "\n"));

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (strstr(first, words[i]))
			return true;
	return false;
}

Test(file_schema, refuses_wrong_keys_words_and_forms)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) files = g_string_new(NULL);
	g_autofree char *wrong = NULL;
	GDir *dir = g_dir_open(BAD, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(BAD, name, NULL), *text = NULL;

		if (!g_str_has_suffix(name, ".expected"))
			continue;
		cr_assert(g_file_get_contents(path, &text, NULL, NULL));
		path[strlen(path) - strlen(".expected")] = '\0';
		if (!is_for_a_schema(text))
			continue;
		g_ptr_array_add(names, g_strconcat(path, ".yaml:", NULL));
		g_string_append_printf(files, " %s.yaml", path);
	}
	g_dir_close(dir);
	cr_assert_gt(names->len, 40, "only %u files", names->len);
	wrong = wrong_with(files->str);
	for (guint i = 0; i < names->len; i++)
		cr_expect(strstr(wrong, names->pdata[i]), "%s is taken",
			  (const char *)names->pdata[i]);
}
