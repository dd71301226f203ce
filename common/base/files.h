/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files in folders that others may change, also while they are used.
 *
 * The danger is a program of root in a user's folder (sudo, or a folder that everybody may write):
 * its owner puts a link, a FIFO or another's file where ours is to be, or moves a folder away
 * between a look and the use.  Therefore:
 *
 * - Who called sudo is who works: folders and files are made with that user's ids (setfsuid), so
 *   that nothing can be reached that the user could not reach, and nothing has to be given away.
 *   Only where that user may not write, it is done as root, and what was made then is given to the
 *   user by its descriptor.
 * - A path is walked with one descriptor for each folder, and never looked up a second time.  It
 *   goes through a symbolic link only when that is root's or our own.  (openat2's
 * RESOLVE_NO_SYMLINKS would refuse those, too, and older kernels lack it.)
 * - A file is new (O_EXCL), or a regular file with one name that is ours; else it is an error.
 *   Opening never waits for the other end of a FIFO.
 *
 * Errors are of G_FILE_ERROR, with the file's name in the message.  Blocks while the disk does.
 */
#ifndef COMMON_BASE_FILES_H
#define COMMON_BASE_FILES_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* The user who called sudo; false: this is not root by sudo. */
bool files_sudo_user(uid_t *ret_uid, gid_t *ret_gid);

/* An open folder. */
typedef struct files_folder {
	int fd;	      /* -1: none */
	bool as_root; /* who called sudo may not write here */
} files_folder;

/* Opens a folder to write in it; with `make` it and its parents are made where they are missing
 * (mode 0755).  For files_close.  False with `error`. */
bool files_open_folder(const char *path, bool make, files_folder *ret, GError **error);
/* The same for the folder `name` in `f`, which is made where it is missing. */
bool files_make_folder(const files_folder *f, const char *name, files_folder *ret, GError **error);
void files_close(files_folder *f);

/* Opens `name` in the folder to append to it (mode 0644): a new file, or one of ours, whose content
 * is still there.  The caller closes the descriptor; -1 with `error`. */
int files_open_own(const files_folder *f, const char *name, GError **error);
/* Opens the file at `path` to write it from its beginning, which is what users name by options: as
 * files_open_own and emptied, or a device, /dev/fd/N, or a FIFO that somebody reads. */
int files_open_output(const char *path, GError **error);
/* Makes or replaces the file at `path` as a whole: whoever opens it sees the old or the new text.
 * Devices and the like get the text (see files_open_output).  `length` -1: up to its NUL.  False
 * with `error`. */
bool files_replace(const char *path, const char *text, gssize length, GError **error);
bool files_replace_in(const files_folder *f, const char *name, const char *text, gssize length,
		      GError **error);
/* Makes the file at `path`; false with `error` (G_FILE_ERROR_EXIST) when there is one. */
bool files_make(const char *path, const char *text, gssize length, GError **error);
/* Makes `name` in the folder a symbolic link to `target`, in place of one that is there. */
bool files_point(const files_folder *f, const char *name, const char *target);

/* Removes `name` in the folder and all below it, as far as the user may who called sudo. */
void files_remove_tree(const files_folder *f, const char *name);

/* Opens the regular file `path` below the folder to read it; there may be no links in the path. The
 * caller closes the descriptor; -1 with `error`. */
int files_open_below(const char *folder, const char *path, GError **error);
/* The bytes of a regular file with a NUL behind them, which the caller frees.  NULL with `error`:
 * it is none, can't be read, or has more than `max` bytes. */
char *files_read(int fd, gsize max, gsize *ret_length, GError **error);

#endif
