/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files in a folder whose owner is against us.  As root the owner is USER, who called sudo or not.
 */
#include "common/base/files.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USER 12345
#define OTHER 12346

#define NEEDS_ROOT()                                                        \
	do {                                                                \
		if (geteuid() != 0)                                         \
			cr_skip_test("needs root: it takes several users"); \
	} while (0)

static char *place;   /* a folder of USER */
static char *outside; /* a file of root's, which nobody else may read */

static char *at(const char *name)
{
	return g_build_filename(place, name, NULL);
}

static void begin(bool sudo)
{
	g_autofree char *base = program_folder_new();

	outside = g_build_filename(base, "outside", NULL);
	place = g_build_filename(base, "place", NULL);
	cr_assert(g_chmod(base, 0755) == 0 && g_mkdir(place, 0755) == 0);
	cr_assert(g_file_set_contents(outside, "secret", -1, NULL) && g_chmod(outside, 0600) == 0);
	cr_assert_eq(chown(place, USER, USER), 0);
	g_unsetenv("SUDO_UID");
	g_unsetenv("SUDO_GID");
	if (!sudo)
		return;
	g_setenv("SUDO_UID", G_STRINGIFY(USER), TRUE);
	g_setenv("SUDO_GID", G_STRINGIFY(USER), TRUE);
}

static void end(void)
{
	g_autofree char *base = g_path_get_dirname(place), *text = NULL;
	struct stat st;

	cr_expect(g_file_get_contents(outside, &text, NULL, NULL) && g_str_equal(text, "secret"));
	cr_expect(stat(outside, &st) == 0 && st.st_uid == 0 && (st.st_mode & 0777) == 0600,
		  "it was given away");
	program_folder_free(g_steal_pointer(&base));
}

/* What the attacker puts at `name`. */
enum trap { TRAP_LINK, TRAP_HARD_LINK, TRAP_FIFO, TRAP_FOREIGN, TRAP_FOLDER, TRAPS };
static const char *const trap_names[] = {"a link", "another name of it", "a FIFO", "a foreign file",
					 "a folder"};

static void lay(enum trap trap, const char *name)
{
	g_autofree char *path = at(name);

	if (trap == TRAP_LINK)
		cr_assert(symlink(outside, path) == 0 && lchown(path, USER, USER) == 0);
	else if (trap == TRAP_HARD_LINK)
		cr_assert_eq(link(outside, path), 0);
	else if (trap == TRAP_FIFO)
		cr_assert(mkfifo(path, 0666) == 0 && chown(path, USER, USER) == 0);
	else if (trap == TRAP_FOREIGN)
		cr_assert(g_file_set_contents(path, "theirs", -1, NULL) &&
			  chown(path, OTHER, OTHER) == 0);
	else
		cr_assert_eq(g_mkdir(path, 0755), 0);
}

static void unlay(enum trap trap, const char *name)
{
	g_autofree char *path = at(name), *text = NULL;

	if (trap == TRAP_FOREIGN)
		cr_expect(g_file_get_contents(path, &text, NULL, NULL) &&
				  g_str_equal(text, "theirs"),
			  "a foreign file was written");
	cr_assert_eq(g_remove(path), 0);
}

/* The ways in which files are written. */
static bool write_own(const char *name, GError **error)
{
	files_folder f;
	int fd = files_open_folder(place, false, &f, error) ? files_open_own(&f, name, error) : -1;

	if (fd >= 0)
		close(fd);
	files_close(&f);
	return fd >= 0;
}

static bool write_output(const char *name, GError **error)
{
	g_autofree char *path = at(name);
	int fd = files_open_output(path, error);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool write_replace(const char *name, GError **error)
{
	g_autofree char *path = at(name);

	return files_replace(path, "ours", -1, error);
}

static bool write_make(const char *name, GError **error)
{
	g_autofree char *path = at(name);

	return files_make(path, "ours", -1, error);
}

static bool write_below(const char *name, GError **error)
{
	g_autofree char *inside = g_build_filename(name, "file", NULL);

	return write_output(inside, error);
}

static bool (*const ways[])(const char *name, GError **error) = {
	write_own, write_output, write_replace, write_make, write_below};

/* A second name of root's own file may be replaced as a whole: its other name keeps the old one. */
static bool may_pass(guint way, enum trap trap)
{
	return (trap == TRAP_HARD_LINK && ways[way] == write_replace) ||
	       (trap == TRAP_FOLDER && ways[way] == write_below);
}

static void try_traps(bool sudo)
{
	begin(sudo);
	for (guint way = 0; way < G_N_ELEMENTS(ways); way++) {
		for (enum trap trap = 0; trap < TRAPS; trap++) {
			g_autoptr(GError) error = NULL;
			bool done;

			lay(trap, "name");
			done = ways[way]("name", &error);
			cr_expect(done == !error, "way %u, %s", way, trap_names[trap]);
			cr_expect(!done || may_pass(way, trap), "way %u took %s", way,
				  trap_names[trap]);
			if (trap == TRAP_FOLDER && done) {
				g_autofree char *file = at("name/file");

				cr_assert_eq(g_unlink(file), 0);
			}
			unlay(trap, "name");
		}
	}
	end();
}

Test(files, no_trap_of_the_folder_s_owner_is_taken, .timeout = 20)
{
	NEEDS_ROOT();
	try_traps(false);
}

Test(files, no_trap_of_who_called_sudo_is_taken, .timeout = 20)
{
	NEEDS_ROOT();
	try_traps(true);
}

static void expect_owner(const char *name, uid_t uid)
{
	g_autofree char *path = at(name);
	struct stat st;

	cr_assert_eq(lstat(path, &st), 0, "%s", name);
	cr_expect_eq(st.st_uid, uid, "%s is of %u", name, st.st_uid);
}

/* Folders and files are that user's from the start; the ids of the program stay. */
Test(files, who_called_sudo_owns_what_is_made)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *deep = NULL, *json = NULL;
	files_folder folder, inside;
	int fd;

	NEEDS_ROOT();
	begin(true);
	deep = at("a/b");
	json = at("a/x.json");
	cr_assert(files_open_folder(deep, true, &folder, &error) &&
			  files_make_folder(&folder, "nodes", &inside, &error),
		  "%s", error ? error->message : "");
	fd = files_open_own(&folder, "events.jsonl", &error);
	cr_assert(fd >= 0 && files_replace(json, "{}", -1, &error));
	cr_assert(files_replace_in(&folder, "results.json", "{}", -1, &error) &&
		  files_point(&folder, "last", "b"));
	for (guint i = 0; i < 7; i++)
		expect_owner((const char *const[]){"a", "a/b", "a/b/nodes", "a/b/events.jsonl",
						   "a/x.json", "a/b/results.json", "a/b/last"}[i],
			     USER);
	cr_expect_eq(open(outside, O_RDONLY | O_CLOEXEC) >= 0, true, "root is root again");
	files_close(&folder);
	files_close(&inside);
	close(fd);
	end();
}

/* Where the user may not write, root does, and gives it. */
Test(files, a_folder_of_root_s_is_written_as_root)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	struct stat st;
	files_folder folder;

	NEEDS_ROOT();
	begin(true);
	cr_assert(chown(place, 0, 0) == 0 && g_chmod(place, 0700) == 0);
	path = at("run/deep");
	cr_assert(files_open_folder(path, true, &folder, &error), "%s",
		  error ? error->message : "");
	cr_expect(fstat(folder.fd, &st) == 0 && st.st_uid == USER);
	cr_expect(write_replace("x.json", &error), "%s", error ? error->message : "");
	expect_owner("x.json", USER);
	files_close(&folder);
	end();
}

/* Only what is below the folder, and not what links lead to. */
Test(files, a_tree_is_removed_and_nothing_else)
{
	g_autofree char *nodes = NULL, *log = NULL, *link_to = NULL, *linked = NULL;
	files_folder folder = {.fd = -1};

	NEEDS_ROOT();
	begin(true);
	nodes = at("nodes");
	log = at("nodes/a.log");
	link_to = at("nodes/link");
	linked = at("nodes/linked");
	cr_assert(g_mkdir(nodes, 0755) == 0 && chown(nodes, USER, USER) == 0);
	cr_assert(g_file_set_contents(log, "", -1, NULL) && link(outside, linked) == 0 &&
		  symlink(outside, link_to) == 0);
	cr_assert(files_open_folder(place, false, &folder, NULL));
	files_remove_tree(&folder, "nodes");
	cr_expect_not(g_file_test(nodes, G_FILE_TEST_EXISTS));
	files_close(&folder);
	end();
}

/* Root's links, and one's own, are for use. */
Test(files, links_that_are_ours_are_followed)
{
	g_autoptr(GError) error = NULL;
	char *home = program_folder_new();
	g_autofree char *real = g_build_filename(home, "real", NULL),
			*link = g_build_filename(home, "link", NULL),
			*json = g_build_filename(link, "x.json", NULL),
			*target = g_build_filename(real, "x.json", NULL), *text = NULL;

	g_unsetenv("SUDO_UID");
	cr_assert(g_mkdir(real, 0755) == 0 && symlink("real", link) == 0);
	cr_expect(files_replace(json, "{}", -1, &error), "%s", error ? error->message : "");
	cr_expect(g_file_get_contents(target, &text, NULL, NULL) && g_str_equal(text, "{}"));
	program_folder_free(home);
}

/* A device is written to, and not replaced. */
Test(files, devices_stay_devices)
{
	static const char *const paths[] = {"/dev/null", "/dev/fd/%d", NULL};
	struct stat st;
	int ends[2];
	char byte;

	cr_assert_eq(pipe(ends), 0);
	for (guint i = 0; paths[i]; i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *path =
			i == 0 ? g_strdup(paths[0]) : g_strdup_printf("/dev/fd/%d", ends[1]);

		cr_expect(files_replace(path, "x", 1, &error), "%s", error ? error->message : "");
	}
	cr_expect(read(ends[0], &byte, 1) == 1 && byte == 'x');
	cr_expect(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
}

/* --- reading ---------------------------------------------------------------------------------- */

static char *read_below(const char *folder, const char *path, GError **error)
{
	int fd = files_open_below(folder, path, error);
	gsize length;
	char *text = fd < 0 ? NULL : files_read(fd, 1000, &length, error);

	if (fd >= 0)
		close(fd);
	return text;
}

Test(files, only_regular_files_of_a_bounded_size_are_read)
{
	static const char *const names[] = {"link", "fifo", "folder", "large", "none", "out/file"};
	char *home = program_folder_new();
	g_autofree char *good = g_build_filename(home, "folder", "good", NULL), *text = NULL;

	for (guint i = 0; i < 4; i++) {
		g_autofree char *path = g_build_filename(home, names[i], NULL);

		if (i == 0)
			cr_assert_eq(symlink("folder/good", path), 0);
		else if (i == 1)
			cr_assert_eq(mkfifo(path, 0600), 0);
		else if (i == 2)
			cr_assert_eq(g_mkdir(path, 0700), 0);
		else
			cr_assert(g_file_set_contents(path, "", 0, NULL) &&
				  truncate(path, 10000000000) == 0);
	}
	cr_assert(g_file_set_contents(good, "good", -1, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *none = read_below(home, names[i], &error);

		cr_expect(!none && error, "%s", names[i]);
	}
	text = read_below(home, "folder/good", NULL);
	cr_expect(text && g_str_equal(text, "good"));
	program_folder_free(home);
}
