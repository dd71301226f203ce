/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scripts/run-tests on programs that are skipped, and the names that tests give scripts/host-has.
 */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

/* A Criterion program as far as run-tests sees it: it writes what TAP has for it, and ends so. */
#define STAND_IN                                                                   \
	"#!/bin/sh\nfor a in \"$@\"; do case $a in --tap=*) printf '%b' \"$TAP\" " \
	">\"${a#--tap=}\";; esac; done\nexit \"$ENDS\"\n"
/* And host-has: this host has a cat and no dog. */
#define HOST "#!/bin/sh\ncase $1 in cat) exit 0;; dog) exit 1;; *) exit 2;; esac\n"

static const struct skip_case {
	const char *name, *tap, *ends;
	int exit_code;
	const char *said; /* on stderr, or "" */
} cases[] = {
	{"all pass", "TAP version 13\\n1..1\\nok - a::b  (0.01s)\\n", "0", 0, ""},
	{"one fails", "not ok - a::b\\n", "1", 1, ""},
	{"this host can't run it", "ok - a::b  # SKIP needs dog: none is here\\n", "0", 0,
	 "skipped: a::b needs dog: none is here\n"},
	{"this host could run it", "ok - a::b  # SKIP needs cat: none is here\\n", "0", 1,
	 "FAILED: a::b was skipped, but this host has what it needs (needs cat: none is here)\n"},
	{"an unknown name", "ok - a::b  # SKIP needs bird: none\\n", "0", 1,
	 "FAILED: a::b was skipped without saying 'needs NAME: ...' (needs bird: none)\n"},
	{"no name", "ok - a::b  # SKIP not today\\n", "0", 1,
	 "FAILED: a::b was skipped without saying 'needs NAME: ...' (not today)\n"},
	{"no reason", "ok - a::b  # SKIP test was skipped\\n", "0", 1,
	 "FAILED: a::b was skipped without saying 'needs NAME: ...' (test was skipped)\n"},
	{"one of several",
	 "ok - a::b  # SKIP needs dog: no\\nok - a::c  # SKIP needs cat: no\\nok - a::d  (0s)\\n",
	 "0", 1,
	 "skipped: a::b needs dog: no\n"
	 "FAILED: a::c was skipped, but this host has what it needs (needs cat: no)\n"},
	{"skipped, and another fails", "ok - a::b  # SKIP needs dog: no\\nnot ok - a::c\\n", "1", 1,
	 "skipped: a::b needs dog: no\n"},
};

/* The caller frees its name. */
static char *script(const char *folder, const char *name, const char *text)
{
	char *path = g_build_filename(folder, name, NULL);

	cr_assert(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
	return path;
}

Test(run_tests, a_skip_fails_where_the_host_could_run_it)
{
	char *folder = program_folder_new();
	g_autofree char *program = script(folder, "run", STAND_IN),
			*host = script(folder, "host-has", HOST);
	const char *const argv[] = {"scripts/run-tests", program, NULL};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct skip_case *c = &cases[i];
		g_auto(GStrv) environment = g_get_environ();
		struct start how = {0};
		struct outcome o;

		environment = g_environ_setenv(environment, "HOST_HAS", host, TRUE);
		environment = g_environ_setenv(environment, "TAP", c->tap, TRUE);
		environment = g_environ_setenv(environment, "ENDS", c->ends, TRUE);
		how.environment = environment;
		program_run(argv, &how, &o);
		cr_expect_eq(o.exit_code, c->exit_code, "%s: exit %d: %s", c->name, o.exit_code,
			     o.err);
		cr_expect_str_eq(o.err, c->said, "%s: %s", c->name, o.err);
		outcome_clear(&o);
	}
	program_folder_free(folder);
}

/* --- the tests of this project ---------------------------------------------------------------- */

static void expect_known(const char *name, const char *file)
{
	const char *const argv[] = {"scripts/host-has", name, NULL};
	struct outcome o;

	program_run(argv, NULL, &o);
	cr_expect_lt(o.exit_code, 2, "%s: a test needs '%s': %s", file, name, o.err);
	outcome_clear(&o);
}

/* Each skip in a file names what it needs. */
static guint expect_reasons(const char *path)
{
	g_autoptr(GRegex) named =
		g_regex_new("^cr_skip_test\\(\\s*\"needs ([a-z-]+): ", 0, 0, NULL);
	g_autofree char *text = NULL;
	guint n = 0;

	cr_assert(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
	for (const char *at = text; (at = strstr(at, "cr_skip")); at++, n++) {
		g_autoptr(GMatchInfo) match = NULL;
		g_autofree char *name = NULL;

		cr_expect(g_regex_match(named, at, 0, &match), "%s: '%.60s' names nothing", path,
			  at);
		name = g_match_info_fetch(match, 1);
		if (name)
			expect_known(name, path);
	}
	return n;
}

static guint expect_reasons_in(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *entry;
	guint n = 0;

	while (dir && (entry = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, entry, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			n += expect_reasons_in(path);
		else if (g_str_has_suffix(path, ".c"))
			n += expect_reasons(path);
	}
	return n;
}

Test(run_tests, every_skip_names_what_the_host_would_need)
{
	guint n = expect_reasons_in("tests/netns") + expect_reasons_in("tests/e2e");

	cr_expect_gt(n, 10, "only %u were found", n);
}
