/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_view: the file system as a lab's processes see it, and where their logs go.
 *
 * To be called in the supervisor only: it changes the mounts of the calling process.
 * Depends on exec and base.
 */
#ifndef TESTBED_LAB_FILE_VIEW_H
#define TESTBED_LAB_FILE_VIEW_H

#include "testbed/base/diag.h"

typedef struct file_view file_view;

/* Makes the mount namespace private, mounts an empty /run and, where the kernel allows it, a /proc
 * that shows this lab's processes only.  Logs will go to RUN_DIR/nodes; `run_dir` NULL: nowhere.
 * `lab` (may be NULL) becomes a part of the logs' names.
 * TB_ERROR_UNSUPPORTED with the cure when this host forbids mounts. */
file_view *file_view_new(const char *run_dir, const char *lab, GError **error);
void file_view_free(file_view *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(file_view, file_view_free)

/* Writes a file and the directories above it. */
gboolean file_view_write(const char *path, const char *text, int mode, GError **error);

/* RUN_DIR/nodes/NODE/[LAB.]NAME, opened for appending, or /dev/null without run directory; -1 with
 * `error`.  The caller closes it. */
int file_view_open_log(const file_view *p, const char *node, const char *name, GError **error);
/* The same file under `path` as well, so that processes without any privilege can write to it. */
gboolean file_view_bind_log(const file_view *p, const char *node, const char *name,
			    const char *path, GError **error);

#endif
