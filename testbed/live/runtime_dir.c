/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/live/runtime_dir.h"

#include "testbed/lab/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME_MAX_LENGTH 32
#define BACKLOG 16
#define LOCK_SUFFIX ".lock"
#define SOCKET_SUFFIX ".sock"
#define NOTE_SUFFIX ".note"

struct runtime_dir {
	char *path;
	int fd;
};

/* --- the folder ------------------------------------------------------------------------------- */

/* Whether the path (may be NULL) is absolute, and a folder that this user owns. */
static bool is_own_folder(const char *path)
{
	struct stat st;

	return path && g_path_is_absolute(path) && stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid();
}

/* The path of the folder, by the rules of runtime_dir.h; the caller frees it. */
static char *choose_path(void)
{
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	g_autofree char *of_user = g_strdup_printf("/run/user/%u", geteuid());

	if (is_own_folder(runtime))
		return g_build_filename(runtime, "testbed", NULL);
	if (geteuid() == 0)
		return g_strdup("/run/testbed");
	if (is_own_folder(of_user))
		return g_build_filename(of_user, "testbed", NULL);
	return g_strdup_printf("/tmp/testbed-%u", geteuid());
}

/* Sets TB_ERROR_FAILED "WHAT 'PATH': ..." by errno; returns false. */
static bool set_errno_error(GError **error, const char *what, const char *path)
{
	return tb_error_set(error, TB_ERROR_FAILED, "%s '%s': %s", what, path, g_strerror(errno));
}

/* False with `error` unless the folder belongs to this user and is closed to others. */
static bool check_folder(const runtime_dir *m, GError **error)
{
	struct stat st;

	if (fstat(m->fd, &st) != 0)
		return set_errno_error(error, "look at", m->path);
	if (st.st_uid == geteuid() && (st.st_mode & 077) == 0)
		return true;
	return tb_error_set(error, TB_ERROR_FAILED,
			    "'%s' is not a folder that only you can enter: remove it, or set "
			    "XDG_RUNTIME_DIR",
			    m->path);
}

runtime_dir *runtime_dir_open(GError **error)
{
	g_autoptr(runtime_dir) m = g_new0(runtime_dir, 1);

	m->path = choose_path();
	m->fd = -1;
	if (mkdir(m->path, 0700) != 0 && errno != EEXIST) {
		set_errno_error(error, "make the folder", m->path);
		return NULL;
	}
	m->fd = open(m->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (m->fd < 0) {
		set_errno_error(error, "open the folder", m->path);
		return NULL;
	}
	return check_folder(m, error) ? g_steal_pointer(&m) : NULL;
}

void runtime_dir_free(runtime_dir *m)
{
	if (!m)
		return;
	if (m->fd >= 0)
		close(m->fd);
	g_free(m->path);
	g_free(m);
}

const char *runtime_dir_path(const runtime_dir *m)
{
	return m->path;
}

int runtime_dir_fd(const runtime_dir *m)
{
	return m->fd;
}

/* --- names ------------------------------------------------------------------------------------ */

/* Whether the text can be a lab's name, by the rules of runtime_dir_check_name. */
static bool is_name(const char *name)
{
	gsize length =
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

	return length > 0 && length <= NAME_MAX_LENGTH && name[length] == '\0' && name[0] != '-';
}

bool runtime_dir_check_name(const char *name, GError **error)
{
	if (is_name(name))
		return true;
	return tb_error_set(
		error, TB_ERROR_INPUT,
		"'%s' can't be a lab's name: 1 to %d letters, digits, '-' or '_', and no '-' "
		"in front",
		name, NAME_MAX_LENGTH);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **runtime_dir_names(const runtime_dir *m)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", m->fd);
	GPtrArray *names = g_ptr_array_new();
	GDir *folder = g_dir_open(path, 0, NULL);
	const char *entry;

	while (folder && (entry = g_dir_read_name(folder))) {
		g_autofree char *name = g_strdup(entry);

		if (!g_str_has_suffix(name, LOCK_SUFFIX))
			continue;
		name[strlen(name) - strlen(LOCK_SUFFIX)] = '\0';
		if (is_name(name))
			g_ptr_array_add(names, g_steal_pointer(&name));
	}
	if (folder)
		g_dir_close(folder);
	g_ptr_array_sort(names, compare_names);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

/* --- claims ----------------------------------------------------------------------------------- */

/* Whether the locked file `fd` still has its name: its last owner may have removed it. */
static bool is_still_there(const runtime_dir *m, const char *file, int fd)
{
	struct stat locked, named;

	return fstat(fd, &locked) == 0 && fstatat(m->fd, file, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       locked.st_ino == named.st_ino && locked.st_dev == named.st_dev;
}

/* Opens and locks the name's lock file; `flags` may be O_CREAT.  Returns the descriptor, which the
 * caller closes; -1: *ret_taken says whether another process has the lock. */
static int lock_name(const runtime_dir *m, const char *name, int flags, bool *ret_taken)
{
	g_autofree char *file = g_strconcat(name, LOCK_SUFFIX, NULL);

	*ret_taken = false;
	for (;;) {
		int fd = openat(m->fd, file, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			*ret_taken = errno == EWOULDBLOCK;
			close(fd);
			return -1;
		}
		if (is_still_there(m, file, fd))
			return fd;
		close(fd);
	}
}

int runtime_dir_claim(const runtime_dir *m, const char *name, bool *ret_taken, GError **error)
{
	bool taken;
	int fd;

	if (!runtime_dir_check_name(name, error))
		return -1;
	fd = lock_name(m, name, O_CREAT, &taken);
	if (ret_taken)
		*ret_taken = taken;
	if (fd < 0 && taken)
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "lab '%s' is up already", name);
	else if (fd < 0)
		set_errno_error(error, "lock the name in", m->path);
	return fd;
}

static void unlink_file(const runtime_dir *m, const char *name, const char *suffix)
{
	g_autofree char *file = g_strconcat(name, suffix, NULL);

	unlinkat(m->fd, file, 0);
}

/* The name's note, owned by the caller; NULL: there is none. */
static char *read_note(const runtime_dir *m, const char *name)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/%s%s", m->fd, name, NOTE_SUFFIX);
	char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

void runtime_dir_remove(const runtime_dir *m, const char *name)
{
	static const char *const suffixes[] = {SOCKET_SUFFIX, NOTE_SUFFIX, LOCK_SUFFIX};
	g_autofree char *note = read_note(m, name);

	if (note)
		publish_take_back(note);
	for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++)
		unlink_file(m, name, suffixes[i]);
}

bool runtime_dir_tidy(const runtime_dir *m, const char *name)
{
	bool taken;
	int fd = is_name(name) ? lock_name(m, name, 0, &taken) : -1;

	if (fd < 0)
		return false;
	runtime_dir_remove(m, name);
	close(fd);
	return true;
}

/* --- the control socket ----------------------------------------------------------------------- */

/* The address of the name's socket, by the folder's descriptor: that is short enough for any
 * folder, and is surely the folder that was checked. */
static struct sockaddr_un socket_address(const runtime_dir *m, const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	g_snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s%s", m->fd, name,
		   SOCKET_SUFFIX);
	return a;
}

int runtime_dir_listen(const runtime_dir *m, const char *name, GError **error)
{
	struct sockaddr_un a = socket_address(m, name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	unlink_file(m, name, SOCKET_SUFFIX);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	set_errno_error(error, "make the control socket in", m->path);
	if (fd >= 0)
		close(fd);
	return -1;
}

int runtime_dir_connect(const runtime_dir *m, const char *name)
{
	struct sockaddr_un a = socket_address(m, name);
	int fd = is_name(name) ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* --- notes ------------------------------------------------------------------------------------ */

bool runtime_dir_write_note(const runtime_dir *m, const char *name, const char *text,
			    GError **error)
{
	g_autofree char *file = g_strconcat(name, NOTE_SUFFIX, NULL);
	int fd = openat(m->fd, file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (!ok)
		set_errno_error(error, "write a note to", m->path);
	if (fd >= 0)
		close(fd);
	return ok;
}
