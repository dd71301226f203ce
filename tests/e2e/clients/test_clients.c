/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints that run other people's programs (tests/clients): texts, a call by libnice, a call over
 * the relay. */
#include "tests/support/program.h"

#include <criterion/criterion.h>

#define TOPOLOGY "tests/data/clients.yaml"

static char *absolute(const char *build, const char *path)
{
	g_autofree char *joined = g_build_filename(build, path, NULL);

	return g_canonicalize_filename(joined, NULL);
}

/* The file with the places of the two programs filled in. */
static void write_topology(const char *path, const char *build)
{
	g_autofree char *text = NULL, *nice = absolute(build, "tests/nice-agent"),
			*turnutils = absolute("tests/clients", "turnutils-agent");
	g_autoptr(GString) filled = NULL;

	cr_assert(g_file_get_contents(TOPOLOGY, &text, NULL, NULL));
	filled = g_string_new(text);
	g_string_replace(filled, "@CLIENTS@/nice-agent", nice, 0);
	g_string_replace(filled, "@CLIENTS@/turnutils-agent", turnutils, 0);
	cr_assert(g_file_set_contents(path, filled->str, -1, NULL));
}

Test(clients, programs_of_others_take_part)
{
	const char *build = g_getenv("TESTBED_BUILD") ? g_getenv("TESTBED_BUILD") : "build";
	char *dir = program_folder_new();
	g_autofree char *topology = g_build_filename(dir, "t.yaml", NULL);
	const char *const args[] = {"run",	"matrix",  "-q",
				    "-t",	topology,  "--media",
				    "im,audio", "--pairs", "alice:bob,carol:bob",
				    "--out",	dir,	   "--json",
				    "-",	NULL};
	json_t *results, *summary;
	struct outcome o;

	write_topology(topology, build);
	program_testbed(args, NULL, &o);
	results = json_loads(o.out, 0, NULL);
	summary = json_object_get(results, "summary");
	cr_expect_eq(o.exit_code, 0, "%s\n%s", o.out, o.err);
	cr_expect_eq(json_integer_value(json_object_get(summary, "passed")), 4, "%s", o.out);
	cr_expect_eq(json_integer_value(json_object_get(summary, "unexpected")), 0, "%s", o.out);
	json_decref(results);
	outcome_clear(&o);
	program_folder_free(dir);
}
