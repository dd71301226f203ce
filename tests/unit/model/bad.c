/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The corpus of wrong files: tests/data/bad/NAME.yaml must give exactly the findings in
 * NAME.expected. GOLDEN_UPDATE=1 writes the expected texts anew; review the difference. */
#include "testbed/model/model.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/data/bad"

static GPtrArray *bad_files(void)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GDir *dir = g_dir_open(FOLDER, 0, NULL);
	const char *name;

	cr_assert_not_null(dir, "no folder " FOLDER ": tests run from the top folder");
	while ((name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, ".yaml"))
			g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".yaml")));
	g_dir_close(dir);
	return names;
}

static void check_one(const char *name, bool update)
{
	g_autofree char *path = g_strdup_printf(FOLDER "/%s.yaml", name);
	g_autofree char *golden = g_strdup_printf(FOLDER "/%s.expected", name);
	g_autofree char *found = NULL, *expected = NULL;
	g_autoptr(diags) d = diags_new();
	model *m = model_load(path, d);

	cr_expect_null(m, "%s must not load", path);
	model_free(m);
	found = diags_to_text(d);
	cr_expect_gt(diags_errors(d), 0, "%s must give an error", path);
	if (update) {
		cr_assert(g_file_set_contents(golden, found, -1, NULL), "can't write %s", golden);
		return;
	}
	cr_expect(g_file_get_contents(golden, &expected, NULL, NULL),
		  "%s is missing: make golden-update", golden);
	cr_expect_str_eq(found, expected ? expected : "", "%s:\n-- found\n%s-- expected\n%s", path,
			 found, expected ? expected : "(nothing)\n");
}

Test(bad, every_file_gives_its_findings)
{
	g_autoptr(GPtrArray) names = bad_files();

	cr_assert_geq(names->len, 60, "only %u files", names->len);
	for (guint i = 0; i < names->len; i++)
		check_one(g_ptr_array_index(names, i), getenv("GOLDEN_UPDATE") != NULL);
}

/* Every finding says where: nobody should have to search. */
Test(bad, every_finding_has_line_and_column)
{
	g_autoptr(GPtrArray) names = bad_files();

	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path =
			g_strdup_printf(FOLDER "/%s.yaml", (char *)g_ptr_array_index(names, i));
		g_autoptr(diags) d = diags_new();

		model_free(model_load(path, d));
		for (guint j = 0; j < diags_count(d); j++) {
			const struct diag *item = diags_get(d, j);

			cr_expect_str_eq(item->loc.file, path);
			cr_expect_gt(item->loc.line, 0, "%s: no line: %s", path, item->message);
			cr_expect_gt(item->loc.col, 0, "%s: no column: %s", path, item->message);
		}
	}
}

Test(bad, a_file_that_is_not_there)
{
	static const char *const paths[] = {"tests/data/bad/no-such-file.yaml", "tests/data/bad",
					    "", NULL};

	for (const char *const *path = paths; *path; path++) {
		g_autoptr(diags) d = diags_new();

		cr_expect_null(model_load(*path, d), "'%s' must not load", *path);
		cr_expect_eq(diags_errors(d), 1, "'%s': one finding, not %u", *path,
			     diags_errors(d));
	}
}

Test(bad, a_file_that_is_too_large)
{
	g_autofree char *huge = g_strnfill(4 * 1024 * 1024 + 1, ' ');
	g_autoptr(diags) d = diags_new();

	cr_expect_null(model_load_text("huge.yaml", huge, strlen(huge), d), "must not load");
	cr_expect_str_eq(diags_get(d, 0)->message, "file is larger than 4 MiB");
}

Test(bad, an_endless_device)
{
	g_autoptr(diags) d = diags_new();

	cr_expect_null(model_load("/dev/zero", d), "must not load");
	cr_expect_str_eq(diags_get(d, 0)->message, "file is larger than 4 MiB");
}
