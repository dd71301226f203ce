/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints that run other people's programs (tests/clients): texts, a call by libnice, a call over
 * the relay; and one that means harm. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOPOLOGY "tests/data/clients.yaml"

static char *absolute(const char *build, const char *path)
{
	g_autofree char *joined = g_build_filename(build, path, NULL);

	return g_canonicalize_filename(joined, NULL);
}

/* The file with the places of the two programs filled in. */
static void write_topology(const char *path, const char *nice, const char *turnutils)
{
	g_autofree char *text = NULL;
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
	g_autofree char *topology = g_build_filename(dir, "t.yaml", NULL),
			*nice = absolute(build, "tests/nice-agent"),
			*turnutils = absolute("tests/clients", "turnutils-agent");
	const char *const args[] = {"run",
				    "matrix",
				    "-q",
				    "-t",
				    topology,
				    "--media",
				    "im,audio",
				    "--pairs",
				    "alice:bob,carol:bob",
				    "--allow-commands",
				    "--out",
				    dir,
				    "--json",
				    "-",
				    NULL};
	json_t *results, *summary;
	struct outcome o;

	write_topology(topology, nice, turnutils);
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

/* What stands in docs/AGENTS.md between the first line `fence` behind `from` and the next ```; the
 * caller frees. */
static char *block_of(const char *from, const char *fence)
{
	const char *begin = strstr(from, fence), *end = begin ? strstr(begin, "\n```\n") : NULL;

	cr_assert(end, "docs/AGENTS.md has no block %s", fence);
	begin += strlen(fence);
	return g_strndup(begin, (gsize)(end - begin) + 1);
}

Test(clients, the_client_of_the_docs_takes_part, .timeout = 120)
{
	const char *const args[] = {"run", "matrix",	       "-q",
				    "-t",  "im-room.yaml",     "--media",
				    "im",  "--allow-commands", "--out",
				    "run", "--json",	       "-",
				    NULL};
	char *dir = program_folder_new();
	const struct start how = {.dir = dir};
	g_autofree char *text = NULL, *client = NULL, *topology = NULL,
			*client_path = g_build_filename(dir, "im-client", NULL),
			*topology_path = g_build_filename(dir, "im-room.yaml", NULL);
	const char *section;
	json_t *results, *summary;
	struct outcome o;

	cr_assert(g_file_get_contents("docs/AGENTS.md", &text, NULL, NULL));
	section = strstr(text, "## Your own client: a whole one");
	cr_assert(section);
	client = block_of(section, "```python\n");
	topology = block_of(section, "```yaml\n");
	cr_assert(g_file_set_contents_full(client_path, client, -1, G_FILE_SET_CONTENTS_NONE, 0755,
					   NULL));
	cr_assert(g_file_set_contents(topology_path, topology, -1, NULL));
	program_testbed(args, &how, &o);
	results = json_loads(o.out, 0, NULL);
	summary = json_object_get(results, "summary");
	cr_expect_eq(o.exit_code, 0, "%s\n%s", o.out, o.err);
	cr_expect_eq(json_integer_value(json_object_get(summary, "passed")), 3, "%s", o.out);
	json_decref(results);
	outcome_clear(&o);
	program_folder_free(dir);
}

/* --- one that means harm ---------------------------------------------------------------------- */

struct attack {
	char *folder, *program, *topology, *secret;
	unsigned uid;
};

static void copy_public(const char *from, const char *to)
{
	g_autofree char *bytes = NULL;
	gsize length;

	cr_assert(g_file_get_contents(from, &bytes, &length, NULL), "%s", from);
	cr_assert(g_file_set_contents_full(to, bytes, (gssize)length, G_FILE_SET_CONTENTS_NONE,
					   0755, NULL));
}

/* `uid` 0: as we are. */
static void attack_new(struct attack *a, unsigned uid)
{
	const char *build = g_getenv("TESTBED_BUILD") ? g_getenv("TESTBED_BUILD") : "build";
	g_autofree char *hostile = absolute(build, "tests/hostile-agent"), *folder = NULL,
			*client = NULL, *words = NULL;

	*a = (struct attack){.folder = program_folder_new(), .uid = uid};
	cr_assert_eq(chmod(a->folder, 0777), 0);
	a->program = program_public_copy(a->folder);
	a->topology = g_build_filename(a->folder, "t.yaml", NULL);
	a->secret = g_build_filename(a->folder, "secret", NULL);
	cr_assert(g_file_set_contents_full(a->secret, "mine", -1, G_FILE_SET_CONTENTS_NONE, 0644,
					   NULL));
	folder = g_build_filename(a->folder, "client", NULL);
	cr_assert_eq(g_mkdir(folder, 0755), 0);
	client = g_build_filename(folder, "hostile-agent", NULL);
	copy_public(hostile, client);
	words = g_strdup_printf("%s, %s, /root/.profile, /var/lib/dpkg/status", client, a->secret);
	write_topology(a->topology, words, words);
}

static void attack_clear(struct attack *a)
{
	program_folder_free(a->folder);
	g_free(a->program);
	g_free(a->topology);
	g_free(a->secret);
}

static void attack_run(const struct attack *a, const char *allow, struct outcome *ret)
{
	g_auto(GStrv) environment =
		g_environ_setenv(g_get_environ(), "TESTBED_TEST_SECRET", "1", TRUE);
	g_autofree char *out = g_build_filename(a->folder, "run", NULL);
	const char *const argv[] = {a->program,	 "run",	  "call", "carol", "alice", "-t",
				    a->topology, "--out", out,	  "-q",	   allow,   NULL};
	const struct start how = {.environment = environment, .uid = a->uid};

	program_run(argv, &how, ret);
}

static void nothing_works(const struct attack *a)
{
	g_autofree char *path =
		g_build_filename(a->folder, "run", "nodes", "carol", "base.command.log", NULL);
	g_autofree char *log = NULL;
	struct outcome o;

	attack_run(a, "--allow-commands", &o);
	cr_assert(g_file_get_contents(path, &log, NULL, NULL), "%s%s", o.out, o.err);
	cr_expect(strstr(log, "all was tried"), "%s\n%s%s", log, o.out, o.err);
	cr_expect_not(strstr(log, "BROKE OUT"), "as user %u:\n%s", a->uid, log);
	outcome_clear(&o);
}

Test(clients, one_that_means_harm_gets_nowhere, .timeout = 120)
{
	/* as we are, and, when that is root, as a plain user */
	const unsigned uids[] = {0, 65534};

	for (guint i = 0; i < (geteuid() == 0 ? 2 : 1); i++) {
		struct attack a;

		attack_new(&a, uids[i]);
		nothing_works(&a);
		attack_clear(&a);
	}
}

Test(clients, no_program_of_a_topology_runs_without_consent, .timeout = 120)
{
	struct attack a;
	struct outcome o;
	g_autofree char *run = NULL;

	attack_new(&a, 0);
	run = g_build_filename(a.folder, "run", NULL);
	attack_run(&a, NULL, &o);
	cr_expect_eq(o.exit_code, 2, "%s", o.err);
	cr_expect(strstr(o.err, "--allow-commands") && strstr(o.err, "hostile-agent"), "%s", o.err);
	cr_expect_not(g_file_test(run, G_FILE_TEST_EXISTS), "it has begun");
	outcome_clear(&o);
	program_run((const char *const[]){a.program, "validate", a.topology, NULL}, NULL, &o);
	cr_expect_eq(o.exit_code, 0);
	cr_expect(strstr(o.err, "hostile-agent"), "%s", o.err);
	outcome_clear(&o);
	attack_clear(&a);
}
