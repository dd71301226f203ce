/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/rundir.h"

#include "common/base/files.h"
#include "testbed/base/diag.h"
#include "testbed/report/events.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct rundir {
	char *path;
	files_folder folder;
	files_folder state; /* of all runs, which has the link LAST; none with --out */
	int events;
	int write_errno; /* of the first write that failed */
};

#define LAST "last"
#define EVENTS "events.jsonl"

char *rundir_state(void)
{
	const char *xdg = g_getenv("XDG_STATE_HOME");
	const struct passwd *user;
	uid_t uid;
	gid_t gid;

	if (xdg && g_path_is_absolute(xdg))
		return g_build_filename(xdg, "testbed", NULL);
	user = files_sudo_user(&uid, &gid) ? getpwuid(uid) : NULL;
	return g_build_filename(user ? user->pw_dir : g_get_home_dir(), ".local", "state",
				"testbed", NULL);
}

char *rundir_last(void)
{
	g_autofree char *state = rundir_state();

	return g_build_filename(state, LAST, NULL);
}

/* --- older runs ------------------------------------------------------------------------------- */

/* Removes a run folder, unless its events.jsonl is missing (it is no run) or locked (the run goes
 * on). */
static void remove_run(const files_folder *parent, const char *name)
{
	int folder = openat(parent->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
	    fd = folder < 0 ?
			 -1 :
			 openat(folder, EVENTS, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		files_remove_tree(parent, name);
	if (fd >= 0)
		close(fd);
	if (folder >= 0)
		close(folder);
}

bool rundir_remove(const char *parent, const char *name)
{
	files_folder folder;
	bool gone;

	if (!files_open_folder(parent, false, &folder, NULL))
		return false;
	remove_run(&folder, name);
	gone = faccessat(folder.fd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
	files_close(&folder);
	return gone;
}

bool rundir_is_running(const char *path)
{
	int fd = files_open_below(path, EVENTS, NULL);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;

	if (fd >= 0)
		close(fd);
	return locked;
}

/* The first line, without its line feed, which the caller frees; NULL: there is none. */
static char *first_line(int fd)
{
	g_autoptr(GString) text = g_string_new(NULL);
	char part[4096];
	const char *end = NULL;
	ssize_t n = 0;

	while (!end && text->len < EVENT_LINE_MAX &&
	       ((n = read(fd, part, sizeof part)) > 0 || (n < 0 && errno == EINTR))) {
		end = n > 0 ? memchr(part, '\n', (size_t)n) : NULL;
		g_string_append_len(text, part, end ? end - part : MAX(n, 0));
	}
	return end ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

json_t *rundir_start(const char *path)
{
	int fd = files_open_below(path, EVENTS, NULL);
	g_autofree char *line = fd >= 0 ? first_line(fd) : NULL;
	json_t *event = line ? json_loads(line, 0, NULL) : NULL;

	if (fd >= 0)
		close(fd);
	if (event && report_is_run_event(event, "run-started"))
		return event;
	json_decref(event);
	return NULL;
}

/* Whether the name is one that a run gives itself; others were made by users and stay. */
static bool is_run_id(const char *name)
{
	return g_regex_match_simple("^[0-9]{8}-[0-9]{6}-[0-9]+$", name, 0, 0);
}

/* Removes all earlier runs beside this one. */
static void remove_older(const rundir *d)
{
	g_autofree char *state = g_path_get_dirname(d->path), *own = g_path_get_basename(d->path);
	g_autoptr(GDir) dir = g_dir_open(state, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (is_run_id(name) && !g_str_equal(name, own))
			remove_run(&d->state, name);
}

/* --- public ----------------------------------------------------------------------------------- */

/* Opens the folders, which are made where they are missing; false with `error`. */
static bool open_folders(rundir *d, const char *out, const char *run_id, GError **error)
{
	g_autofree char *state = NULL;

	if (out) {
		d->path = g_canonicalize_filename(out, NULL);
		return files_open_folder(d->path, true, &d->folder, error);
	}
	state = rundir_state();
	d->path = g_build_filename(state, run_id, NULL);
	return files_open_folder(state, true, &d->state, error) &&
	       files_make_folder(&d->state, run_id, &d->folder, error);
}

/* Whether events.jsonl is empty, or may be emptied. */
static bool may_replace(const rundir *d, bool replace, GError **error)
{
	struct stat events;

	if (replace || fstat(d->events, &events) != 0 || events.st_size == 0)
		return true;
	g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "'%s' has an earlier run: --force replaces it",
		    d->path);
	return false;
}

/* Locks events.jsonl, which says that this run is going on (see remove_run), and empties it. */
static bool take_events(rundir *d, bool replace, GError **error)
{
	d->events = files_open_own(&d->folder, EVENTS, error);
	if (d->events < 0)
		return false;
	if (flock(d->events, LOCK_EX | LOCK_NB) != 0)
		return tb_error_set(error, TB_ERROR_FAILED, "'%s' is in use by another run",
				    d->path);
	if (!may_replace(d, replace, error))
		return false;
	return ftruncate(d->events, 0) == 0 ||
	       tb_error_set(error, TB_ERROR_FAILED, "cannot write '%s/" EVENTS "': %s", d->path,
			    g_strerror(errno));
}

rundir *rundir_new(const char *out, bool replace, const char *run_id, GError **error)
{
	g_autoptr(rundir) d = g_new0(rundir, 1);
	files_folder nodes;

	d->events = d->folder.fd = d->state.fd = -1;
	if (!open_folders(d, out, run_id, error) || !take_events(d, replace, error))
		return NULL;
	if (!files_make_folder(&d->folder, "nodes", &nodes, error))
		return NULL;
	files_close(&nodes);
	return g_steal_pointer(&d);
}

void rundir_free(rundir *d)
{
	if (!d)
		return;
	if (d->events >= 0)
		close(d->events);
	files_close(&d->folder);
	files_close(&d->state);
	g_free(d->path);
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
	g_autofree char *name = g_strconcat(scenario, ".pcapng", NULL);
	files_folder evidence;
	int fd;

	if (!files_make_folder(&d->folder, "evidence", &evidence, error))
		return -1;
	fd = files_open_own(&evidence, g_strdelimit(name, "/", '_'), error);
	files_close(&evidence);
	if (fd < 0 || ftruncate(fd, 0) == 0)
		return fd;
	tb_error_set(error, TB_ERROR_FAILED, "cannot empty '%s': %s", name, g_strerror(errno));
	close(fd);
	return -1;
}

bool rundir_finish(rundir *d, const char *results_text, GError **error)
{
	bool ok = files_replace_in(&d->folder, "results.json", results_text, -1, error);

	if (ok && d->write_errno != 0)
		ok = tb_error_set(error, TB_ERROR_FAILED, "cannot write '%s/" EVENTS "': %s",
				  d->path, g_strerror(d->write_errno));
	if (d->state.fd >= 0) {
		g_autofree char *name = g_path_get_basename(d->path);

		if (!files_point(&d->state, LAST, name))
			g_debug("cannot point '%s' to this run: %s", LAST, g_strerror(errno));
		remove_older(d);
	}
	return ok;
}
