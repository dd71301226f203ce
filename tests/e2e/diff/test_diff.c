/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a change does to calls that are really placed, and what changed between two runs. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define ROUTE "add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int}"
#define MENDED "missing-route/branch1-home1/audio"
#define BROKEN "missing-route/dc1-home1/audio"

static json_t *changes_of(const struct outcome *o)
{
	json_t *document = json_loads(o->out, 0, NULL);

	cr_assert(document, "%d: %s%s", o->exit_code, o->out, o->err);
	return document;
}

/* The cell's change, "same" when it has none. */
static const char *change_of(const json_t *document, const char *id)
{
	const json_t *cell;
	size_t i;

	json_array_foreach(json_object_get(document, "cells"), i, cell)
		if (g_str_equal(cell_text(cell, "id"), id))
			return cell_text(cell, "change");
	return "same";
}

static void whatif(const char *folder, const char *change, struct outcome *ret)
{
	g_auto(GStrv) environment =
		g_environ_setenv(g_get_environ(), "XDG_STATE_HOME", folder, TRUE);
	const struct start how = {.environment = environment};
	const char *const args[] = {
		"whatif",  "-q",    "-s", "missing-route", "--pairs", "branch1:home1,dc1:home1",
		"--media", "audio", "-c", change,	   "--json",  "-",
		NULL};

	program_testbed(args, &how, ret);
}

Test(diff, a_change_that_mends)
{
	char *folder = program_folder_new();
	struct outcome o;
	json_t *document;

	whatif(folder, ROUTE, &o);
	document = changes_of(&o);
	cr_expect_eq(o.exit_code, 0, "exit %d: %s", o.exit_code, o.err);
	cr_expect_str_eq(change_of(document, MENDED), "mended", "%s", o.out);
	cr_expect_str_eq(change_of(document, BROKEN), "same", "%s", o.out);
	json_decref(document);
	outcome_clear(&o);
	program_folder_free(folder);
}

/* One change of a file mends, the other one breaks: that decides. */
Test(diff, changes_of_a_file_that_break)
{
	char *folder = program_folder_new();
	g_autofree char *path = g_build_filename(folder, "changes.yaml", NULL),
			*change = g_strconcat("@", path, NULL),
			*kept = g_build_filename(folder, "testbed", "last", NULL);
	const char *const same[] = {"diff", kept, kept, NULL};
	struct outcome o;
	json_t *document;

	cr_assert(g_file_set_contents(
		path,
		"- " ROUTE
		"\n- block: {node: dc1, name: no-relay, chain: output, dst: 172.25.33.10}\n",
		-1, NULL));
	whatif(folder, change, &o);
	document = changes_of(&o);
	cr_expect_eq(o.exit_code, 1, "exit %d: %s", o.exit_code, o.err);
	cr_expect_str_eq(change_of(document, MENDED), "mended", "%s", o.out);
	cr_expect_str_eq(change_of(document, BROKEN), "broke", "%s", o.out);
	json_decref(document);
	outcome_clear(&o);
	program_testbed(same, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "%s", o.err);
	cr_expect_str_eq(o.out, "2 cells in both: 2 the same\n", "%s", o.out);
	outcome_clear(&o);
	program_folder_free(folder);
}

Test(diff, what_is_no_run)
{
	const char *const none[] = {"diff", "/nonexistent", "/dev/null", NULL};
	const char *const no_change[] = {"whatif", NULL};
	const char *const no_file[] = {"whatif", "-c", "@/nonexistent", NULL};
	struct outcome o;

	program_testbed(none, NULL, &o);
	cr_expect_eq(o.exit_code, 2, "%s", o.err);
	cr_expect(strstr(o.err, "/nonexistent"), "%s", o.err);
	outcome_clear(&o);
	program_testbed(no_change, NULL, &o);
	cr_expect_eq(o.exit_code, 2, "%s", o.err);
	outcome_clear(&o);
	program_testbed(no_file, NULL, &o);
	cr_expect_eq(o.exit_code, 3, "%s", o.err);
	outcome_clear(&o);
}
