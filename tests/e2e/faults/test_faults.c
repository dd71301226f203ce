/* A few faults of the catalogue, one of each kind of evidence; all of them: make fault-matrix. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <sys/wait.h>

#define QUICK                                                                                                       \
	"^(edge-forgets-branch|edge-weak-reverse-path-filter|branch1-blocks-dns|vpn-forgets-perimeter|" \
	"core-branch-route-lost-by-restart|home-router-line-down)$"

/* The exit code; what it printed goes to `ret_out`. */
static int fault_matrix(const char *const *args, char **ret_out)
{
	g_autofree char *bin = program_path("testbed"), *dir = g_path_get_dirname(bin);
	g_autofree char *program = g_build_filename(dir, "..", "faults", "fault-matrix", NULL);
	g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
	g_auto(GStrv) all = NULL;
	g_autoptr(GError) error = NULL;
	int status = 0;

	g_strv_builder_add(argv, program);
	for (guint i = 0; args[i]; i++)
		g_strv_builder_add(argv, args[i]);
	all = g_strv_builder_end(argv);
	cr_assert(g_spawn_sync(NULL, all, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, ret_out, NULL, &status, &error), "%s",
		  error ? error->message : "");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Test(faults, a_few_are_named_rightly)
{
	static const char *const args[] = {"--only", QUICK, NULL};
	g_autofree char *out = NULL;
	int code = fault_matrix(args, &out);

	cr_expect_eq(code, 0, "exit %d:\n%s", code, out);
	cr_expect(g_strstr_len(out, -1, "6 single and 0 double faults: 6 causes right, 0 wrong, 0 unknown"), "%s", out);
}

Test(faults, the_first_of_two_and_then_the_second)
{
	static const char *const args[] = {"--only", "^(branch1-without-gateway|edge-forgets-branch)$", "--double", "1", NULL};
	g_autofree char *out = NULL;
	int code = fault_matrix(args, &out);

	cr_expect_eq(code, 0, "exit %d:\n%s", code, out);
}

Test(faults, wrong_arguments)
{
	static const struct {
		const char *args[4];
		int code;
	} rows[] = {
		{{"--only", "(", NULL}, 2},
		{{"--jobs", "0", NULL}, 2},
		{{"--only", "^no-such-fault$", NULL}, 2},
		{{"more", NULL}, 2},
		{{"--catalogue", "/nonexistent", NULL}, 3},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *out = NULL;

		cr_expect_eq(fault_matrix(rows[i].args, &out), rows[i].code, "%s", rows[i].args[0]);
	}
}
