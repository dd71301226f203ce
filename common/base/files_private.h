/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of `files` share: ids and walks (files.c), single files by options and as a whole
 * (files_write.c), trees (files_tree.c).  Failures are told by errno. */
#ifndef COMMON_BASE_FILES_PRIVATE_H
#define COMMON_BASE_FILES_PRIVATE_H

#include "common/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define LINKS_MAX 40 /* in one path, as for the kernel */

/* As whom this thread works with files; the kernel keeps these ids by thread. */
struct worker {
	bool is_user; /* the one who called sudo */
	uid_t uid;    /* whose files are ours, beside root's when we are root */
	gid_t gid;
};

/* Begins to work as the user who called sudo, if there is one; and ends that, errno kept. */
struct worker work_as_user(void);
void work_as_before(void);
/* The same in a folder: as root where only root may write. */
struct worker work_in(const files_folder *f);
bool is_ours(const struct stat *st, const struct worker *w);
/* Whether the failure of errno may be tried again as root. */
bool try_as_root(const struct worker *w);

/* Opens the folder of the path as `w`; with `ret_name` not the last name, which is returned there
 * for the caller to free.  -1 with errno. */
int walk_path(const char *path, bool make, const struct worker *w, char **ret_name);
/* Does `op` as the user; what that user may not do, from the beginning of the path as root, who
 * follows none of the user's links.  `op` returns -1 with errno. */
int with_path(const char *path, int (*op)(const char *path, const struct worker *w, gpointer data),
	      gpointer data);

/* Make a file that is not there yet; make it, or open it if it is ours.  -1 with errno. */
int make_new(int folder, const char *name, const struct worker *w);
int open_own(int folder, const char *name, const struct worker *w);
/* Closes `fd`, sets errno to `number` and returns -1. */
int close_with(int fd, int number);
/* Sets *error from errno, and returns -1. */
int file_error(GError **error, const char *what, const char *path);

#endif
