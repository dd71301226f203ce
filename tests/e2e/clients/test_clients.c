/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints that run other people's programs (tests/clients): texts, a call by libnice, a call over
 * the relay. */
#include <criterion/criterion.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <jansson.h>

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

static void remove_folder(const char *dir)
{
	const char *argv[] = {"rm", "-rf", dir, NULL};

	g_spawn_sync(NULL, (char **)(gpointer)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
		     NULL, NULL, NULL);
}

Test(clients, programs_of_others_take_part)
{
	const char *build = g_getenv("TESTBED_BUILD") ? g_getenv("TESTBED_BUILD") : "build";
	g_autofree char *dir = g_dir_make_tmp("testbed-XXXXXX", NULL),
			*topology = g_build_filename(dir, "t.yaml", NULL);
	g_autofree char *program = absolute(build, "bin/testbed"), *out = NULL, *err = NULL;
	const char *argv[] = {program,	"run",	   "matrix",   "-q",	  "-t",
			      topology, "--media", "im,audio", "--pairs", "alice:bob,carol:bob",
			      "--out",	dir,	   "--json",   "-",	  NULL};
	json_t *results, *summary;
	int status;

	write_topology(topology, build);
	cr_assert(g_spawn_sync(NULL, (char **)(gpointer)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL,
			       &out, &err, &status, NULL));
	results = json_loads(out, 0, NULL);
	summary = json_object_get(results, "summary");
	cr_expect_eq(WEXITSTATUS(status), 0, "%s\n%s", out, err);
	cr_expect_eq(json_integer_value(json_object_get(summary, "passed")), 4, "%s", out);
	cr_expect_eq(json_integer_value(json_object_get(summary, "unexpected")), 0, "%s", out);
	json_decref(results);
	remove_folder(dir);
}
