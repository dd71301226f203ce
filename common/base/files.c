/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/files_private.h"

#include <errno.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

/* --- whose ids -------------------------------------------------------------------------------- */

bool files_sudo_user(uid_t *ret_uid, gid_t *ret_gid)
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

struct worker work_as_user(void)
{
	struct worker w = {.uid = geteuid(), .gid = getegid()};

	if (!files_sudo_user(&w.uid, &w.gid))
		return w;
	setfsgid(w.gid);
	setfsuid(w.uid);
	/* A user namespace may not know the user. */
	w.is_user = (uid_t)setfsuid((uid_t)-1) == w.uid;
	return w;
}

void work_as_before(void)
{
	int number = errno;

	setfsuid(geteuid());
	setfsgid(getegid());
	errno = number;
}

struct worker work_in(const files_folder *f)
{
	return f->as_root ? (struct worker){.uid = 0} : work_as_user();
}

bool is_ours(const struct stat *st, const struct worker *w)
{
	return st->st_uid == w->uid || (st->st_uid == 0 && geteuid() == 0);
}

bool try_as_root(const struct worker *w)
{
	return w->is_user && (errno == EACCES || errno == EPERM);
}

/* Gives what was just made as root to the user who called sudo. */
static void give_made(int fd, const struct worker *w)
{
	uid_t uid;
	gid_t gid;

	if (!w->is_user && files_sudo_user(&uid, &gid) && fchown(fd, uid, gid) != 0)
		g_debug("cannot give a file away: %s", g_strerror(errno));
}

int file_error(GError **error, const char *what, const char *path)
{
	int number = errno;

	g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(number), "cannot %s '%s': %s",
		    what, path,
		    number == EEXIST ? "it is there already" :
		    number == ELOOP  ? "a symbolic link of somebody else, or to no file" :
		    number == ENXIO  ? "nobody reads this FIFO" :
		    number == EPERM  ? "it is another user's, or no file" :
				       g_strerror(number));
	return -1;
}

int close_with(int fd, int number)
{
	close(fd);
	errno = number;
	return -1;
}

/* --- walking a path --------------------------------------------------------------------------- */

struct walk {
	const struct worker *w;
	int at;	       /* the folder that was reached */
	GString *left; /* of the path */
	int links;
	bool make;
};

/* Puts the target of the link `name` in front of what is left; false with errno when it is another
 * user's. */
static bool follow_link(struct walk *k, const char *name)
{
	int fd = openat(k->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char target[4096];
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) != 0 || !S_ISLNK(st.st_mode))
		errno = ENOTDIR;
	else if (++k->links > LINKS_MAX || !(st.st_uid == 0 || is_ours(&st, k->w)))
		errno = ELOOP;
	else
		n = readlinkat(fd, "", target, sizeof target - 1);
	close(fd);
	if (n <= 0)
		return false;
	g_string_prepend_c(k->left, '/');
	g_string_prepend_len(k->left, target, n);
	if (target[0] == '/') {
		close(k->at);
		k->at = open("/", FOLDER_FLAGS);
	}
	return k->at >= 0;
}

/* Takes the next name off what is left; NULL: nothing is.  The caller frees. */
static char *next_name(struct walk *k)
{
	gsize skip = strspn(k->left->str, "/"), length = strcspn(k->left->str + skip, "/");
	char *name = length > 0 ? g_strndup(k->left->str + skip, length) : NULL;

	g_string_erase(k->left, 0, (gssize)(skip + length));
	return name;
}

/* Goes into the folder `name`; false with errno. */
static bool step(struct walk *k, const char *name)
{
	int fd = openat(k->at, name, O_PATH | FOLDER_FLAGS);
	bool made = false;

	if (fd < 0 && errno == ENOENT && k->make) {
		if (mkdirat(k->at, name, 0755) == 0)
			made = true;
		else if (errno != EEXIST)
			return false;
		fd = openat(k->at, name, FOLDER_FLAGS);
	}
	if (fd < 0)
		return (errno == ENOTDIR || errno == ELOOP) && follow_link(k, name);
	if (made)
		give_made(fd, k->w);
	close(k->at);
	k->at = fd;
	return true;
}

int walk_path(const char *path, bool make, const struct worker *w, char **ret_name)
{
	g_autofree char *whole = g_canonicalize_filename(path, NULL);
	struct walk k = {.w = w, .make = make, .left = g_string_new(whole)};
	bool ok = true;
	int fd;

	k.at = open("/", FOLDER_FLAGS | O_PATH);
	while (ok && k.at >= 0) {
		g_autofree char *name = next_name(&k);

		if (!name)
			break;
		if (ret_name && !k.left->str[strspn(k.left->str, "/")]) {
			*ret_name = g_steal_pointer(&name);
			break;
		}
		ok = step(&k, name);
	}
	g_string_free(k.left, TRUE);
	fd = ok && k.at >= 0 ? openat(k.at, ".", FOLDER_FLAGS) : -1;
	/* One may write in a folder that one may not list. */
	if (fd < 0 && ok && errno == EACCES)
		fd = dup(k.at);
	if (k.at >= 0) {
		int number = errno;

		close(k.at);
		errno = number;
	}
	return fd;
}

int with_path(const char *path, int (*op)(const char *path, const struct worker *w, gpointer data),
	      gpointer data)
{
	struct worker w = work_as_user();
	int result = op(path, &w, data);

	work_as_before();
	if (result >= 0 || !try_as_root(&w))
		return result;
	w = (struct worker){.uid = 0};
	return op(path, &w, data);
}

/* Opens the folder of `path` in *data (files_folder), which has to be one to write in. */
static int open_to_write(const char *path, const struct worker *w, gpointer data)
{
	files_folder *f = data;
	int fd = walk_path(path, f->as_root, w, NULL);
	struct stat st;
	uid_t uid;
	gid_t gid;

	if (fd < 0)
		return -1;
	if (w->is_user && faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return close_with(fd, errno);
	f->fd = fd;
	f->as_root = !w->is_user && files_sudo_user(&uid, &gid) && fstat(fd, &st) == 0 &&
		     st.st_uid != uid;
	return 0;
}

bool files_open_folder(const char *path, bool make, files_folder *ret, GError **error)
{
	*ret = (files_folder){.fd = -1, .as_root = make};
	return with_path(path, open_to_write, ret) >= 0 ||
	       file_error(error, make ? "make folder" : "open", path) == 0;
}

void files_close(files_folder *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* --- one file in a folder --------------------------------------------------------------------- */

bool files_make_folder(const files_folder *f, const char *name, files_folder *ret, GError **error)
{
	struct worker w = work_in(f);
	bool made = mkdirat(f->fd, name, 0755) == 0;

	*ret = (files_folder){.fd = -1, .as_root = f->as_root && !made};
	if (made || errno == EEXIST)
		ret->fd = openat(f->fd, name, FOLDER_FLAGS);
	if (ret->fd >= 0 && made)
		give_made(ret->fd, &w);
	work_as_before();
	return ret->fd >= 0 || file_error(error, "make folder", name) == 0;
}

int make_new(int folder, const char *name, const struct worker *w)
{
	int fd = openat(folder, name,
			O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd >= 0)
		give_made(fd, w);
	return fd;
}

int open_own(int folder, const char *name, const struct worker *w)
{
	int fd = make_new(folder, name, w);
	struct stat st;

	if (fd >= 0 || errno != EEXIST)
		return fd;
	fd = openat(folder, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 || !is_ours(&st, w))
		return close_with(fd, EPERM);
	return fd;
}

int files_open_own(const files_folder *f, const char *name, GError **error)
{
	struct worker w = work_in(f);
	int fd = open_own(f->fd, name, &w);

	work_as_before();
	return fd >= 0 ? fd : file_error(error, "write", name);
}

/* --- reading ---------------------------------------------------------------------------------- */

int files_open_below(const char *folder, const char *path, GError **error)
{
	g_auto(GStrv) names = g_strsplit(path, "/", -1);
	g_autofree char *whole = g_build_filename(folder, path, NULL);
	int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	for (guint i = 0; at >= 0 && names[i]; i++) {
		int flags = names[i + 1] ? O_PATH | O_DIRECTORY : O_NONBLOCK | O_NOCTTY,
		    fd = openat(at, names[i], O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags);

		close_with(at, errno);
		at = fd;
	}
	if (at >= 0 && (fstat(at, &st) != 0 || !S_ISREG(st.st_mode)))
		at = close_with(at, EPERM);
	return at >= 0 ? at : file_error(error, "read", whole);
}

/* Reads up to `size` bytes from the file's beginning; -1 with errno. */
static gssize read_all(int fd, char *bytes, gsize size)
{
	gsize filled = 0;

	while (filled < size) {
		ssize_t n = pread(fd, bytes + filled, size - filled, (off_t)filled);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -1 : (gssize)filled;
		filled += (gsize)n;
	}
	return (gssize)filled;
}

char *files_read(int fd, gsize max, gsize *ret_length, GError **error)
{
	g_autofree char *bytes = NULL;
	struct stat st;
	gssize length = -1;

	errno = EPERM;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		errno = EFBIG;
		bytes = (guint64)st.st_size <= max ? g_try_malloc((gsize)st.st_size + 1) : NULL;
		length = bytes ? read_all(fd, bytes, (gsize)st.st_size) : -1;
	}
	if (length < 0) {
		file_error(error, "read", "it");
		return NULL;
	}
	bytes[length] = '\0';
	*ret_length = (gsize)length;
	return g_steal_pointer(&bytes);
}
