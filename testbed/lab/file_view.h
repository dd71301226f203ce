/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_view: the files of a lab's own, each node's apart.
 *
 * In the supervisor they are below /run/nodes/NODE; a process of the node has that node's `run` and
 * `tmp` as /run and /tmp, and sees no other node's.  To be called in the supervisor only.
 * Depends on exec and base.
 */
#ifndef TESTBED_LAB_FILE_VIEW_H
#define TESTBED_LAB_FILE_VIEW_H

#include "testbed/base/diag.h"

/* mounts_prepare_lab. */
gboolean file_view_prepare(GError **error);

/* Makes the node's /run and /tmp. */
gboolean file_view_add_node(const char *node, GError **error);
/* Writes a file, by the path below /run that the node sees, and the directories above it. */
gboolean file_view_write(const char *node, const char *path, const char *text, int mode,
			 GError **error);
/* Where the supervisor has a file or folder of the node; the caller frees it. */
char *file_view_place(const char *node, const char *path);

/* Pairs for struct exec_process: what the process sees at `path` (both are taken over). */
void file_view_add_pair(GPtrArray *files, char *path, char *content);
/* The node's own /tmp and /run.  Paths of contents that come after it are as the node sees them. */
void file_view_add_own(GPtrArray *files, const char *node);

#endif
