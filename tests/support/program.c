/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char *program_path(const char *name)
{
	const char *build = g_getenv("TESTBED_BUILD");
	g_autofree char *relative = g_build_filename(build ? build : "build", "bin", name, NULL);

	return g_canonicalize_filename(relative, NULL);
}

/* --- starting --------------------------------------------------------------------------------- */

static void become(gpointer user_data)
{
	unsigned uid = GPOINTER_TO_UINT(user_data);

	if (uid != 0 && (setgid(uid) != 0 || setuid(uid) != 0))
		_exit(126);
}

static int memory_with(const char *text)
{
	int fd = memfd_create("program", MFD_CLOEXEC);
	size_t length = text ? strlen(text) : 0;

	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, text, length, 0), (ssize_t)length);
	return fd;
}

/* All that was written to it, which it takes over; the caller frees. */
static char *memory_text(int fd)
{
	struct stat info;
	char *text;

	cr_assert_eq(fstat(fd, &info), 0);
	text = g_malloc((gsize)info.st_size + 1);
	cr_assert_eq(pread(fd, text, (size_t)info.st_size, 0), info.st_size);
	text[info.st_size] = '\0';
	close(fd);
	return text;
}

void program_start(const char *const *argv, const struct start *how, struct started *ret)
{
	static const struct start as_we_are;
	g_autoptr(GError) error = NULL;
	int input;

	if (!how)
		how = &as_we_are;
	input = memory_with(how->input);
	*ret = (struct started){.out_fd = memory_with(NULL), .err_fd = memory_with(NULL)};
	cr_assert(g_spawn_async_with_fds(how->dir, (char **)(gpointer)(guintptr)argv,
					 (char **)(gpointer)(guintptr)how->environment,
					 G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH, become,
					 GUINT_TO_POINTER(how->uid), &ret->pid, input, ret->out_fd,
					 ret->err_fd, &error),
		  "start %s: %s", argv[0], error ? error->message : "");
	close(input);
}

void program_end(struct started *s, struct outcome *ret)
{
	int status = 0;

	cr_assert_eq(waitpid(s->pid, &status, 0), s->pid, "wait for a program");
	ret->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	ret->out = memory_text(s->out_fd);
	ret->err = memory_text(s->err_fd);
}

void program_run(const char *const *argv, const struct start *how, struct outcome *ret)
{
	struct started s;

	program_start(argv, how, &s);
	program_end(&s, ret);
}

void program_shell(const char *line, const struct start *how, struct outcome *ret)
{
	const char *const argv[] = {"/bin/sh", "-c", line, NULL};

	program_run(argv, how, ret);
}

static void run_with(char *program, const char *const *args, const struct start *how,
		     struct outcome *ret)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	g_ptr_array_add(argv, program);
	for (guint i = 0; args[i]; i++)
		g_ptr_array_add(argv, (gpointer)(guintptr)args[i]);
	g_ptr_array_add(argv, NULL);
	program_run((const char *const *)(gpointer)argv->pdata, how, ret);
}

void program_testbed(const char *const *args, const struct start *how, struct outcome *ret)
{
	g_autofree char *program = program_path("testbed");

	run_with(program, args, how, ret);
}

int program_faults(const char *name, const char *const *args, char **ret_out)
{
	g_autofree char *bin = program_path("testbed"), *dir = g_path_get_dirname(bin);
	g_autofree char *program = g_build_filename(dir, "..", "faults", name, NULL);
	struct outcome o;

	run_with(program, args, NULL, &o);
	*ret_out = o.out;
	g_free(o.err);
	return o.exit_code;
}

void outcome_clear(struct outcome *o)
{
	g_free(o->out);
	g_free(o->err);
	*o = (struct outcome){0};
}

/* --- files ------------------------------------------------------------------------------------ */

char *program_folder_new(void)
{
	g_autoptr(GError) error = NULL;
	char *folder = g_dir_make_tmp("testbed-test-XXXXXX", &error);

	cr_assert(folder != NULL, "make a temporary folder: %s", error ? error->message : "");
	g_chmod(folder, 0777);
	return folder;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info;
	(void)type;
	(void)where;
	return remove(path);
}

void program_folder_free(char *folder)
{
	nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	g_free(folder);
}

static char *replaced_once(char *text, const struct edit *e)
{
	char *at = strstr(text, e->find);
	char *result;

	cr_assert(at != NULL, "the topology no longer contains '%s'", e->find);
	cr_assert(strstr(at + 1, e->find) == NULL, "'%s' is not unique in the topology", e->find);
	*at = '\0';
	result = g_strconcat(text, e->replace, at + strlen(e->find), NULL);
	g_free(text);
	return result;
}

char *program_edited_topology(const char *folder, const char *topology, const struct edit *edits)
{
	char *path = g_build_filename(folder, "edited.yaml", NULL);
	g_autofree char *text = NULL;

	cr_assert(g_file_get_contents(topology, &text, NULL, NULL), "read %s", topology);
	for (; edits->find; edits++)
		text = replaced_once(g_steal_pointer(&text), edits);
	cr_assert(g_file_set_contents(path, text, -1, NULL), "write %s", path);
	return path;
}

/* A home directory may be private. */
char *program_public_copy(const char *folder)
{
	static const char *const names[] = {"testbed", "tb-frontend", "tb-edge", "tb-client"};
	g_autofree char *bin = g_build_filename(folder, "bin", NULL);

	g_mkdir(bin, 0755);
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *from = program_path(names[i]);
		g_autofree char *to = g_build_filename(bin, names[i], NULL);
		g_autofree char *bytes = NULL;
		gsize length = 0;

		cr_assert(g_file_get_contents(from, &bytes, &length, NULL), "read %s", from);
		cr_assert(g_file_set_contents_full(to, bytes, (gssize)length,
						   G_FILE_SET_CONTENTS_NONE, 0755, NULL),
			  "write %s", to);
	}
	return g_build_filename(bin, "testbed", NULL);
}

/* --- runs of a matrix --------------------------------------------------------------------------
 */

void program_run_matrix(const char *folder, const char *const *args, unsigned as_uid,
			struct run *ret)
{
	g_autofree char *program =
		as_uid == 0 ? program_path("testbed") : program_public_copy(folder);
	g_autofree char *json = g_build_filename(folder, "results.json", NULL);
	g_autofree char *out = g_build_filename(folder, "run", NULL);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	const struct start how = {.uid = as_uid};
	struct outcome o;

	g_ptr_array_add(argv, program);
	for (; *args; args++)
		g_ptr_array_add(argv, (gpointer)(guintptr)*args);
	g_ptr_array_add(argv, (gpointer)(guintptr) "--json");
	g_ptr_array_add(argv, json);
	g_ptr_array_add(argv, (gpointer)(guintptr) "--out");
	g_ptr_array_add(argv, out);
	g_ptr_array_add(argv, NULL);
	program_run((const char *const *)(gpointer)argv->pdata, &how, &o);
	*ret = (struct run){.exit_code = o.exit_code, .out = o.out, .err = o.err};
	ret->results = json_load_file(json, 0, NULL);
}

void run_clear(struct run *r)
{
	g_free(r->out);
	g_free(r->err);
	if (r->results)
		json_decref(r->results);
	*r = (struct run){0};
}

static gint by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *results_unexpected(const json_t *results)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	size_t i, j;
	json_t *scenario, *cell;

	json_array_foreach(json_object_get(results, "scenarios"), i, scenario)
		json_array_foreach(json_object_get(scenario, "cells"), j, cell)
			if (!json_is_true(json_object_get(cell, "as_expected")))
				g_ptr_array_add(ids, (gpointer)(guintptr)cell_text(cell, "id"));
	g_ptr_array_sort(ids, by_text);
	g_ptr_array_add(ids, NULL);
	return g_strjoinv("\n", (char **)ids->pdata);
}

char *results_differences(const json_t *results)
{
	GString *text = g_string_new(NULL);
	size_t i, j;
	json_t *scenario, *cell;

	json_array_foreach(json_object_get(results, "scenarios"), i, scenario)
		json_array_foreach(json_object_get(scenario, "cells"), j, cell) {
			g_autofree char *expected =
				json_dumps(json_object_get(cell, "expected"), JSON_COMPACT);

			if (!json_is_true(json_object_get(cell, "as_expected")))
				g_string_append_printf(text, "%s: %s over %s, expected %s\n",
						       cell_text(cell, "id"),
						       cell_text(cell, "verdict"),
						       cell_text(cell, "path"), expected);
		}
	return g_string_free(text, FALSE);
}

json_t *results_cell(const json_t *results, const char *id)
{
	size_t i, j;
	json_t *scenario, *cell;

	json_array_foreach(json_object_get(results, "scenarios"), i, scenario)
		json_array_foreach(json_object_get(scenario, "cells"), j, cell)
			if (g_str_equal(cell_text(cell, "id"), id))
				return cell;
	return NULL;
}

const char *cell_text(const json_t *cell, const char *member)
{
	const char *text = json_string_value(json_object_get(cell, member));

	return text ? text : "";
}

void program_expect_matrix(const char *const *args)
{
	char *folder = program_folder_new();
	g_autofree char *how = NULL, *all = g_strjoinv(" ", (char **)(gpointer)(guintptr)args);
	struct run r;

	program_run_matrix(folder, args, 0, &r);
	cr_assert_not_null(r.results, "%s: no results; exit %d; stderr:\n%s", all, r.exit_code,
			   r.err);
	how = results_differences(r.results);
	cr_expect_eq(r.exit_code, 0, "%s: exit %d:\n%s", all, r.exit_code, how);
	run_clear(&r);
	program_folder_free(folder);
}
