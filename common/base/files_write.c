/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/files_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* --- what users name by options --------------------------------------------------------------- */

/* The number of /dev/stdout, /dev/fd/N and the like; -1: it is none of them. */
static int descriptor_named(const char *path)
{
	guint64 n;

	if (g_str_equal(path, "/dev/stdout"))
		return STDOUT_FILENO;
	if (g_str_equal(path, "/dev/stderr"))
		return STDERR_FILENO;
	if (g_str_has_prefix(path, "/dev/fd/") &&
	    g_ascii_string_to_unsigned(path + strlen("/dev/fd/"), 10, 0, G_MAXINT, &n, NULL))
		return (int)n;
	return -1;
}

/* Opens what is there and is no regular file: a device, or a FIFO of ours that somebody reads.  -1
 * with errno; ENOENT: it is not there, or a regular file. */
static int open_special(int folder, const char *name, const struct worker *w)
{
	int fd;
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return -1;
	errno = S_ISREG(st.st_mode) ? ENOENT : S_ISDIR(st.st_mode) ? EISDIR : ELOOP;
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode))
		return -1;
	fd = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || S_ISREG(st.st_mode) || !(is_ours(&st, w) || S_ISCHR(st.st_mode)))
		return close_with(fd, EPERM);
	if (fcntl(fd, F_SETFL, 0) != 0)
		return close_with(fd, errno);
	return fd;
}

/* Follows a link at the end of the path, as far as they are ours, to the file itself.  The caller
 * frees; NULL with errno. */
static char *without_last_links(const char *path, const struct worker *w)
{
	g_autofree char *at = g_canonicalize_filename(path, NULL);

	for (int i = 0; i < LINKS_MAX; i++) {
		g_autofree char *name = NULL, *folder_name = g_path_get_dirname(at), *next = NULL;
		int folder = walk_path(at, false, w, &name);
		char target[4096];
		struct stat st;
		ssize_t n;

		if (folder < 0)
			return NULL;
		n = name ? readlinkat(folder, name, target, sizeof target - 1) : -1;
		if (n < 0 || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
			close(folder);
			return g_steal_pointer(&at);
		}
		close(folder);
		if (st.st_uid != 0 && !is_ours(&st, w))
			break;
		target[n] = '\0';
		next = g_canonicalize_filename(target, folder_name);
		g_free(at);
		at = g_steal_pointer(&next);
	}
	errno = ELOOP;
	return NULL;
}

/* A name beside `name`, not to be guessed; the caller frees it. */
static char *name_beside(const char *name)
{
	guint32 number = 0;

	if (getrandom(&number, sizeof number, 0) < 0)
		number = (guint32)getpid(); /* it is made with O_EXCL in any case */
	return g_strdup_printf(".%s.%08x", name, number);
}

/* Opens the folder of the file at `path`, of which the name goes to *ret_name for the caller to
 * free; or, in *ret_special, what is there and no regular file.  -1 with errno. */
static int open_place(const char *path, const struct worker *w, char **ret_name, int *ret_special)
{
	g_autofree char *real = without_last_links(path, w), *name = NULL;
	int folder = real ? walk_path(real, false, w, &name) : -1;

	if (folder < 0)
		return -1;
	if (!name)
		return close_with(folder, EISDIR);
	*ret_special = open_special(folder, name, w);
	if (*ret_special < 0 && errno != ENOENT)
		return close_with(folder, errno);
	*ret_name = g_steal_pointer(&name);
	return folder;
}

static int open_output(const char *path, const struct worker *w, gpointer data G_GNUC_UNUSED)
{
	g_autofree char *name = NULL;
	int special = -1, folder = open_place(path, w, &name, &special), fd;

	if (folder < 0)
		return -1;
	fd = special >= 0 ? special : open_own(folder, name, w);
	close_with(folder, errno);
	if (fd >= 0 && special < 0 && ftruncate(fd, 0) != 0)
		return close_with(fd, errno);
	return fd;
}

int files_open_output(const char *path, GError **error)
{
	int named = descriptor_named(path),
	    fd = named >= 0 ? fcntl(named, F_DUPFD_CLOEXEC, 3) : with_path(path, open_output, NULL);

	return fd >= 0 ? fd : file_error(error, "write", path);
}

/* --- whole files ------------------------------------------------------------------------------ */

/* Text of a file: `length` below 0 was counted. */
struct whole {
	const char *text;
	gsize length;
};

static struct whole whole_of(const char *text, gssize length)
{
	return (struct whole){text, length < 0 ? strlen(text) : (gsize)length};
}

static bool write_all(int fd, const struct whole *all)
{
	for (gsize at = 0; at < all->length;) {
		ssize_t n = write(fd, all->text + at, all->length - at);

		if (n < 0 && errno != EINTR)
			return false;
		at += (gsize)MAX(n, 0);
	}
	return true;
}

/* Writes to `fd` and closes it; -1 with errno. */
static int write_and_close(int fd, const struct whole *all)
{
	if (!write_all(fd, all))
		return close_with(fd, errno);
	return close(fd);
}

/* Whether `name` may be replaced: it is not there, or one of our files.  False with errno. */
static bool may_replace(int folder, const char *name, const struct worker *w)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT;
	errno = EPERM;
	return S_ISREG(st.st_mode) && is_ours(&st, w);
}

/* Makes or replaces a regular file that is ours; -1 with errno. */
static int replace_in(int folder, const char *name, const struct worker *w, const struct whole *all)
{
	g_autofree char *next = name_beside(name);
	int fd = may_replace(folder, name, w) ? make_new(folder, next, w) : -1, number;

	if (fd < 0)
		return -1;
	if (write_and_close(fd, all) == 0 && renameat(folder, next, folder, name) == 0)
		return 0;
	number = errno;
	unlinkat(folder, next, 0);
	errno = number;
	return -1;
}

bool files_replace_in(const files_folder *f, const char *name, const char *text, gssize length,
		      GError **error)
{
	struct whole all = whole_of(text, length);
	struct worker w = work_in(f);
	int result = replace_in(f->fd, name, &w, &all);

	work_as_before();
	return result == 0 || file_error(error, "write", name) == 0;
}

static int replace_at(const char *path, const struct worker *w, gpointer data)
{
	g_autofree char *name = NULL;
	int special = -1, folder = open_place(path, w, &name, &special), result;

	if (folder < 0)
		return -1;
	result = special >= 0 ? write_and_close(special, data) : replace_in(folder, name, w, data);
	close_with(folder, errno);
	return result;
}

bool files_replace(const char *path, const char *text, gssize length, GError **error)
{
	struct whole all = whole_of(text, length);
	int named = descriptor_named(path);

	return (named >= 0 ? write_all(named, &all) : with_path(path, replace_at, &all) == 0) ||
	       file_error(error, "write", path) == 0;
}

static int make_at(const char *path, const struct worker *w, gpointer data)
{
	g_autofree char *name = NULL;
	int folder = walk_path(path, false, w, &name), fd;

	if (folder < 0 || !name)
		return folder < 0 ? -1 : close_with(folder, EEXIST);
	fd = make_new(folder, name, w);
	close_with(folder, errno);
	return fd < 0 ? -1 : write_and_close(fd, data);
}

bool files_make(const char *path, const char *text, gssize length, GError **error)
{
	struct whole all = whole_of(text, length);

	return with_path(path, make_at, &all) == 0 || file_error(error, "make", path) == 0;
}

bool files_point(const files_folder *f, const char *name, const char *target)
{
	g_autofree char *next = name_beside(name);
	bool ok;

	work_in(f);
	ok = symlinkat(target, f->fd, next) == 0 && renameat(f->fd, next, f->fd, name) == 0;
	work_as_before();
	return ok;
}
