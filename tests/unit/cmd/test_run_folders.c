/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs that read a run folder: the one that is named, or the last one where it fits. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define RUN "tests/data/run"
#define COMPANY "tests/data/topologies/company.yaml"
#define FAILED "missing-route/branch1-home1/audio"
#define PASSED "missing-route/dc1-home1/im"

static const struct folder_case {
	const char *arguments;
	bool last; /* RUN is the last run */
	int exit_code;
	const char *out, *err; /* parts of what is said; NULL: nothing at all */
} cases[] = {
	{"explain " RUN " " FAILED " --no-trial", false, 0, "(RETURN_WRONG_EGRESS)", NULL},
	{"explain --run " RUN " " FAILED " --no-trial", false, 0, "(RETURN_WRONG_EGRESS)", NULL},
	{"explain " RUN " " PASSED " --no-trial", false, 0, "im dc1 to home1 works", NULL},
	{"explain " RUN " missing-route/branch1-home1/audoi", false, 2, NULL,
	 "has no cell 'missing-route/branch1-home1/audoi' (near: " FAILED},
	{"explain " RUN " " FAILED " -t topologies/starter.yaml", false, 2, NULL,
	 "topologies/starter.yaml is not what run"},
	{"explain " RUN " " FAILED " -c 'link-down: {node: edge, interface: int}'", false, 2, NULL,
	 "is not what run"},
	{"explain --run /nonexistent " FAILED, false, 2, NULL, "'/nonexistent' is no run folder"},
	{"explain --run " RUN " dc1 home1", false, 2, NULL, "usage: testbed explain"},
	{"explain -t " COMPANY " " FAILED " --no-trial", true, 0, "(RETURN_WRONG_EGRESS)", NULL},
	{"report " RUN, false, 0, "missing-route", NULL},
	{"report", true, 0, "missing-route", NULL},
	{"report", false, 2, NULL, "is no run folder"},
};

static void expect_part(const char *arguments, const char *what, const char *text,
			const char *wanted)
{
	if (wanted)
		cr_expect(strstr(text, wanted) != NULL, "testbed %s: %s says '%s', not '%s'",
			  arguments, what, text, wanted);
	else
		cr_expect_str_eq(text, "", "testbed %s: %s", arguments, what);
}

Test(run_folders, are_read_where_they_are_named_and_where_they_are_the_last)
{
	char *home = program_folder_new();
	g_autofree char *program = program_path("testbed"),
			*state = g_build_filename(home, "testbed", NULL),
			*last = g_build_filename(state, "last", NULL),
			*run = g_canonicalize_filename(RUN, NULL);
	g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "XDG_STATE_HOME", home, TRUE);
	const struct start how = {.environment = environment};

	cr_assert_eq(g_mkdir(state, 0755), 0);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct folder_case *c = &cases[i];
		g_autofree char *line = g_strdup_printf("'%s' %s", program, c->arguments);
		struct outcome o;

		g_unlink(last);
		if (c->last)
			cr_assert_eq(symlink(run, last), 0);
		program_shell(line, &how, &o);
		cr_expect_eq(o.exit_code, c->exit_code, "testbed %s: exit %d: %s%s", c->arguments,
			     o.exit_code, o.out, o.err);
		expect_part(c->arguments, "stdout", o.out, c->out);
		expect_part(c->arguments, "stderr", o.err, c->err);
		outcome_clear(&o);
	}
	program_folder_free(home);
}
