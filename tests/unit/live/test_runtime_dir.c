/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of labs that are up: who may have one, how it is found, what is left of the dead. */
#include "testbed/live/client.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static runtime_dir *open_dir(void)
{
	g_autoptr(GError) error = NULL;
	runtime_dir *m = runtime_dir_open(&error);

	cr_assert_not_null(m, "%s", error ? error->message : "");
	return m;
}

/* A run-time folder for this test alone; what is in it goes with program_folder_free. */
static char *new_home(void)
{
	char *folder = program_folder_new();

	g_setenv("XDG_RUNTIME_DIR", folder, TRUE);
	return folder;
}

Test(runtime_dir, is_the_users_own_and_closed_to_others)
{
	static const struct {
		mode_t mode;
		bool good;
	} rows[] = {{0700, true}, {0750, false}, {0701, false}, {0777, false}};
	char *home = new_home();
	g_autofree char *path = g_build_filename(home, "testbed", NULL);
	runtime_dir *m = open_dir();
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0700, "%o", st.st_mode);
	cr_expect_str_eq(runtime_dir_path(m), path);
	runtime_dir_free(m);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		cr_assert_eq(chmod(path, rows[i].mode), 0);
		m = runtime_dir_open(&error);
		cr_expect_eq(m != NULL, rows[i].good, "mode %o", rows[i].mode);
		cr_expect(rows[i].good || g_error_matches(error, TB_ERROR, TB_ERROR_FAILED),
			  "mode %o: %s", rows[i].mode, error ? error->message : "no error");
		runtime_dir_free(m);
	}
	program_folder_free(home);
}

/* Not through a link that somebody put there. */
Test(runtime_dir, is_no_link)
{
	char *home = new_home();
	g_autofree char *path = g_build_filename(home, "testbed", NULL),
			*other = g_build_filename(home, "other", NULL);
	g_autoptr(GError) error = NULL;

	cr_assert(mkdir(other, 0700) == 0 && symlink(other, path) == 0);
	cr_expect_null(runtime_dir_open(&error));
	cr_expect_not_null(error);
	program_folder_free(home);
}

Test(runtime_dir, names)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{"lab", true},
		{"a", true},
		{"Lab_2-b", true},
		{"12345678901234567890123456789012", true},
		{"123456789012345678901234567890123", false},
		{"", false},
		{"-n", false},
		{".", false},
		{"..", false},
		{"a/b", false},
		{"a b", false},
		{"a.sock", false},
		{"caf\xC3\xA9", false},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		cr_expect_eq(runtime_dir_check_name(rows[i].name, &error), rows[i].good, "'%s'",
			     rows[i].name);
		cr_expect(rows[i].good || g_error_matches(error, TB_ERROR, TB_ERROR_INPUT), "'%s'",
			  rows[i].name);
	}
}

static guint files_in(const runtime_dir *m)
{
	g_autoptr(GDir) dir = g_dir_open(runtime_dir_path(m), 0, NULL);
	guint n = 0;

	while (g_dir_read_name(dir))
		n++;
	return n;
}

Test(runtime_dir, a_name_has_one_owner_until_that_one_is_gone)
{
	char *home = new_home();
	g_autoptr(runtime_dir) m = open_dir();
	g_autoptr(GError) taken_error = NULL, error = NULL;
	bool taken = false;
	int lock = runtime_dir_claim(m, "lab", &taken, &error);

	cr_assert_geq(lock, 0, "%s", error ? error->message : "");
	cr_expect_not(taken);
	cr_expect_eq(runtime_dir_claim(m, "lab", &taken, &taken_error), -1);
	cr_expect(taken);
	cr_expect(g_error_matches(taken_error, TB_ERROR, TB_ERROR_INPUT));
	cr_expect_not(runtime_dir_tidy(m, "lab"), "its owner lives");
	cr_expect_eq(files_in(m), 1);
	/* killed: the kernel takes the lock, and the files stay */
	close(lock);
	cr_expect(runtime_dir_tidy(m, "lab"));
	cr_expect_eq(files_in(m), 0);
	cr_expect_not(runtime_dir_tidy(m, "lab"), "nothing is left");
	program_folder_free(home);
}

/* What is there of a lab: lock, socket, note.  Other files are none. */
Test(runtime_dir, all_files_of_a_name_go_and_no_other)
{
	char *home = new_home();
	g_autoptr(runtime_dir) m = open_dir();
	g_autoptr(GError) error = NULL;
	g_autofree char *other = g_build_filename(home, "testbed", "other.txt", NULL);
	int lock = runtime_dir_claim(m, "lab", NULL, &error),
	    listener = runtime_dir_listen(m, "lab", &error);

	cr_assert(lock >= 0 && listener >= 0, "%s", error ? error->message : "");
	cr_assert(runtime_dir_write_note(m, "lab", "/tmp/not-under-run-netns\n", &error));
	cr_assert(g_file_set_contents(other, "mine", -1, NULL));
	cr_expect_eq(files_in(m), 4);
	runtime_dir_remove(m, "lab");
	cr_expect_eq(files_in(m), 1);
	cr_expect(g_file_test(other, G_FILE_TEST_EXISTS));
	close(listener);
	close(lock);
	program_folder_free(home);
}

/* --- finding the lab -------------------------------------------------------------------------- */

/* `living` and `dead` are names with a space behind each. */
static const struct choice {
	const char *living, *dead, *wanted;
	const char *refused; /* NULL: connected */
} choices[] = {
	{"", "", NULL, "no lab is up; 'testbed up' starts one"},
	{"", "", "lab", "no lab 'lab' is up; 'testbed up' starts one"},
	{"", "lab ", NULL, "no lab is up; 'testbed up' starts one"},
	{"lab ", "", NULL, NULL},
	{"lab ", "", "lab", NULL},
	{"lab ", "a z ", NULL, NULL},
	{"two one ", "", "two", NULL},
	{"two one ", "", NULL, "several labs are up: choose with -n NAME (there are: one, two)"},
	{"two one ", "", "three", "no lab 'three' is up (there are: one, two)"},
	{"lab ", "", "a/b",
	 "'a/b' can't be a lab's name: 1 to 32 letters, digits, '-' or '_', and no '-' in front"},
};

static void choose(const struct choice *c)
{
	char *home = new_home();
	g_autoptr(runtime_dir) m = open_dir();
	g_auto(GStrv) living = g_strsplit(c->living, " ", -1), dead = g_strsplit(c->dead, " ", -1);
	g_autoptr(live_client) client = NULL;
	g_autoptr(GError) error = NULL;

	for (guint i = 0; living[i] && *living[i]; i++)
		cr_assert(runtime_dir_claim(m, living[i], NULL, NULL) >= 0 &&
			  runtime_dir_listen(m, living[i], NULL) >= 0);
	for (guint i = 0; dead[i] && *dead[i]; i++)
		close(runtime_dir_claim(m, dead[i], NULL, NULL));
	client = live_connect(c->wanted, &error);
	cr_expect_eq(client != NULL, !c->refused, "%s: %s", c->wanted,
		     error ? error->message : "connected");
	if (c->refused)
		cr_expect_str_eq(error ? error->message : "", c->refused);
	program_folder_free(home);
}

Test(runtime_dir, the_lab_is_the_named_one_or_the_only_one)
{
	for (guint i = 0; i < G_N_ELEMENTS(choices); i++)
		choose(&choices[i]);
}
