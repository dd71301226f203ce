/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scripts/check-full with a make that only notes what it is asked for: an interrupted series goes
 * on, but only on the tree that it began with. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

/* A part writes a figure, then ends as the file broken/PART says, if there is one. */
#define MAKE                                                                           \
	"#!/bin/sh\necho \"$2\" >>asked\nprintf '%s\\ta figure\\n' \"$2\" >>figures\n" \
	"test ! -e \"broken/$2\"\n"
#define REPOSITORY                                                                    \
	"git init -q . && echo one >file && mkdir broken && printf '%s\\n' asked "    \
	"figures figures.kept make broken >.gitignore && git add file .gitignore && " \
	"git -c user.name=n -c user.email=e commit -qm one"
#define TABLE "| command | what was found |\n|---|---|\n"
#define ROW(part) "| `make " part "` | a figure; passed in N s |\n"

/* One start of the script after a line of sh, all in the same folder. */
static const struct series {
	const char *before, *resume;
	const char *asked; /* of make, one part a line */
	int exit_code;
	const char *end; /* of what it prints */
} series[] = {
	{"touch broken/b", "", "a\nb\nc\n", 1,
	 TABLE ROW("a") "| `make b` | a figure; FAILED in N s |\n" ROW(
		 "c") "check-full: failed: b\n"},
	{"rm broken/b", "1", "b\n", 0, TABLE ROW("a") ROW("c") ROW("b")},
	{"true", "1", "", 0, TABLE ROW("a") ROW("c") ROW("b")},
	{"true", "", "a\nb\nc\n", 0, TABLE ROW("a") ROW("b") ROW("c")},
	{"echo two >file", "1", "a\nb\nc\n", 0, TABLE ROW("a") ROW("b") ROW("c")},
	{"echo new >other", "1", "a\nb\nc\n", 0, TABLE ROW("a") ROW("b") ROW("c")},
	{"echo newer >other", "1", "a\nb\nc\n", 0, TABLE ROW("a") ROW("b") ROW("c")},
	{"true", "1", "", 0, TABLE ROW("a") ROW("b") ROW("c")},
};

static void shell(const char *line, const char *folder)
{
	const struct start how = {.dir = folder};
	struct outcome o;

	program_shell(line, &how, &o);
	cr_assert_eq(o.exit_code, 0, "%s: %s", line, o.err);
	outcome_clear(&o);
}

/* How long a part took is not the same each time. */
static char *without_times(const char *text)
{
	g_autoptr(GRegex) times = g_regex_new("in [0-9]+ s", 0, 0, NULL);

	return g_regex_replace_literal(times, text, -1, 0, "in N s", 0, NULL);
}

static void expect_series(const struct series *s, const char *folder, const char *script)
{
	const char *const argv[] = {script, "figures", "a", "b", "c", NULL};
	g_auto(GStrv) environment = g_get_environ();
	struct start how = {.dir = folder};
	g_autofree char *path = g_build_filename(folder, "asked", NULL), *asked = NULL,
			*printed = NULL;
	struct outcome o;

	shell(s->before, folder);
	shell(": >asked", folder);
	environment = g_environ_setenv(environment, "MAKE", "./make", TRUE);
	environment = g_environ_setenv(environment, "RESUME", s->resume, TRUE);
	environment = g_environ_unsetenv(environment, "MAKEFLAGS");
	how.environment = environment;
	program_run(argv, &how, &o);
	printed = without_times(o.out);
	cr_assert(g_file_get_contents(path, &asked, NULL, NULL));
	cr_expect_eq(o.exit_code, s->exit_code, "%s: exit %d: %s", s->before, o.exit_code, o.err);
	cr_expect_str_eq(asked, s->asked, "%s: make was asked for %s", s->before, asked);
	cr_expect(g_str_has_suffix(printed, s->end), "%s: %s", s->before, printed);
	outcome_clear(&o);
}

Test(check_full, goes_on_where_it_was_and_only_on_the_same_tree)
{
	char *folder = program_folder_new();
	g_autofree char *script = g_canonicalize_filename("scripts/check-full", NULL),
			*make = g_build_filename(folder, "make", NULL),
			*git = g_find_program_in_path("git");

	if (!git)
		cr_skip_test("needs git: it is not there");
	cr_assert(g_file_set_contents_full(make, MAKE, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
	shell(REPOSITORY, folder);
	for (guint i = 0; i < G_N_ELEMENTS(series); i++)
		expect_series(&series[i], folder, script);
	program_folder_free(folder);
}
