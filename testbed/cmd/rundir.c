/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/rundir.h"

#include "testbed/base/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct rundir {
	char *path;
	char *last; /* the symbolic link; NULL with --out */
	int events;
	int write_errno; /* of the first write that failed */
};

/* --- folders and their owner ------------------------------------------------------------------ */

/* The user who called sudo; false: this is not root by sudo. */
static bool sudo_user(uid_t *ret_uid, gid_t *ret_gid)
{
	const char *uid = g_getenv("SUDO_UID"), *gid = g_getenv("SUDO_GID");
	guint64 u, g;

	if (geteuid() != 0 || !uid || !gid ||
	    !g_ascii_string_to_unsigned(uid, 10, 1, G_MAXUINT32 - 1, &u, NULL) ||
	    !g_ascii_string_to_unsigned(gid, 10, 0, G_MAXUINT32 - 1, &g, NULL))
		return false;
	*ret_uid = (uid_t)u;
	*ret_gid = (gid_t)g;
	return true;
}

/* The folder that runs are kept in; the caller frees it. */
static char *state_dir(void)
{
	const char *xdg = g_getenv("XDG_STATE_HOME");
	const struct passwd *user;
	uid_t uid;
	gid_t gid;

	if (xdg && g_path_is_absolute(xdg))
		return g_build_filename(xdg, "testbed", NULL);
	user = sudo_user(&uid, &gid) ? getpwuid(uid) : NULL;
	return g_build_filename(user ? user->pw_dir : g_get_home_dir(), ".local", "state",
				"testbed", NULL);
}

char *rundir_last(void)
{
	g_autofree char *state = state_dir();

	return g_build_filename(state, "last", NULL);
}

/* Gives one file to the user who called sudo; for nftw. */
static int give_to_user(const char *path, const struct stat *st G_GNUC_UNUSED,
			int type G_GNUC_UNUSED, struct FTW *ftw G_GNUC_UNUSED)
{
	uid_t uid;
	gid_t gid;

	if (sudo_user(&uid, &gid) && lchown(path, uid, gid) != 0)
		g_debug("cannot give '%s' away: %s", path, g_strerror(errno));
	return 0;
}

/* Makes a folder and its parents, for the user who called sudo; false with `error`. */
static bool make_folders(const char *path, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);

	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		return true;
	if (!g_file_test(parent, G_FILE_TEST_IS_DIR) && !make_folders(parent, error))
		return false;
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return tb_error_set(error, TB_ERROR_FAILED, "cannot make folder '%s': %s", path,
				    g_strerror(errno));
	give_to_user(path, NULL, 0, NULL);
	return true;
}

/* Gives all that this run has written to the user who called sudo. */
static void give_run_to_user(const rundir *d)
{
	static const char *const ours[] = {"events.jsonl", "results.json", "nodes", "evidence"};
	uid_t uid;
	gid_t gid;

	if (!sudo_user(&uid, &gid))
		return;
	for (guint i = 0; i < G_N_ELEMENTS(ours); i++) {
		g_autofree char *path = g_build_filename(d->path, ours[i], NULL);

		nftw(path, give_to_user, 16, FTW_PHYS);
	}
	if (d->last)
		give_to_user(d->last, NULL, 0, NULL);
}

/* --- older runs ------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st G_GNUC_UNUSED, int type G_GNUC_UNUSED,
		      struct FTW *ftw G_GNUC_UNUSED)
{
	return remove(path);
}

/* Removes a run folder, unless its events.jsonl is missing (it is no run) or locked (the run goes
 * on). */
static void remove_run(const char *path)
{
	g_autofree char *events = g_build_filename(path, "events.jsonl", NULL);
	int fd = open(events, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		nftw(path, remove_one, 16, FTW_PHYS | FTW_DEPTH);
	close(fd);
}

/* Whether the name is one that a run gives itself; others were made by users and stay. */
static bool is_run_id(const char *name)
{
	return g_regex_match_simple("^[0-9]{8}-[0-9]{6}-[0-9]+$", name, 0, 0);
}

/* Removes all earlier runs beside this one. */
static void remove_older(const rundir *d)
{
	g_autofree char *state = g_path_get_dirname(d->path);
	g_autofree char *own = g_path_get_basename(d->path);
	g_autoptr(GDir) dir = g_dir_open(state, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(state, name, NULL);

		if (is_run_id(name) && !g_str_equal(name, own) &&
		    !g_file_test(path, G_FILE_TEST_IS_SYMLINK))
			remove_run(path);
	}
}

/* Points the link `last` to this run, in one step, so that there is always a last run. */
static void point_last_here(const rundir *d)
{
	g_autofree char *name = g_path_get_basename(d->path);
	g_autofree char *next = g_strdup_printf("%s.%d", d->last, (int)getpid());

	unlink(next);
	if (symlink(name, next) != 0 || rename(next, d->last) != 0)
		g_debug("cannot point '%s' to this run: %s", d->last, g_strerror(errno));
}

/* --- public ----------------------------------------------------------------------------------- */

rundir *rundir_new(const char *out, const char *run_id, GError **error)
{
	g_autoptr(rundir) d = g_new0(rundir, 1);
	g_autofree char *state = out ? NULL : state_dir();
	g_autofree char *events = NULL;

	d->events = -1;
	d->path = out ? g_canonicalize_filename(out, NULL) : g_build_filename(state, run_id, NULL);
	d->last = out ? NULL : g_build_filename(state, "last", NULL);
	if (!make_folders(d->path, error))
		return NULL;
	events = g_build_filename(d->path, "events.jsonl", NULL);
	d->events = open(events, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
			 0644);
	if (d->events < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "cannot write '%s': %s", events,
			    g_strerror(errno));
		return NULL;
	}
	/* Says that this run is going on: see remove_run. */
	if (flock(d->events, LOCK_EX | LOCK_NB) != 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "'%s' is in use by another run",
			    d->path);
		return NULL;
	}
	return g_steal_pointer(&d);
}

void rundir_free(rundir *d)
{
	if (!d)
		return;
	if (d->events >= 0)
		close(d->events);
	g_free(d->path);
	g_free(d->last);
	g_free(d);
}

const char *rundir_path(const rundir *d)
{
	return d->path;
}

void rundir_event(rundir *d, const char *line)
{
	size_t length = strlen(line);
	ssize_t n;

	if (d->write_errno != 0)
		return;
	do {
		n = write(d->events, line, length);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		d->write_errno = errno;
	else if ((size_t)n < length)
		d->write_errno = ENOSPC;
}

int rundir_open_evidence(const rundir *d, const char *scenario, GError **error)
{
	g_autofree char *folder = g_build_filename(d->path, "evidence", NULL);
	g_autofree char *name = g_strconcat(scenario, ".pcapng", NULL);
	g_autofree char *path = g_build_filename(folder, g_strdelimit(name, "/", '_'), NULL);
	int fd;

	if (!make_folders(folder, error))
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "cannot write '%s': %s", path,
			    g_strerror(errno));
	return fd;
}

bool rundir_finish(rundir *d, const char *results_text, GError **error)
{
	g_autofree char *path = g_build_filename(d->path, "results.json", NULL);
	bool ok = g_file_set_contents(path, results_text, -1, error);

	if (ok && d->write_errno != 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "cannot write '%s/events.jsonl': %s",
			    d->path, g_strerror(d->write_errno));
		ok = false;
	}
	if (d->last) {
		point_last_here(d);
		remove_older(d);
	}
	give_run_to_user(d);
	return ok;
}
