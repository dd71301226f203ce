/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mounts: what exec changes in a mount namespace.  Depends on base. */
#ifndef TESTBED_EXEC_MOUNTS_H
#define TESTBED_EXEC_MOUNTS_H

#include <glib.h>
#include <stdbool.h>

/* Gives the calling process a mount namespace of its own, from which no mount gets out.  System
 * calls only; false: see errno. */
bool mounts_unshare(void);

/* A /proc of the calling process's PID namespace.  System calls only; false: see errno. */
bool mounts_own_proc(void);

/* For the first process of a lab, in its view (view.h): no mount gets out of it, /run, /tmp and
 * /dev/pts are its own and empty and, where the kernel allows it, /proc shows the lab's processes
 * only. TB_ERROR_UNSUPPORTED with the cure when this host forbids mounts. */
gboolean mounts_prepare_lab(GError **error);

/* Shows what is behind an open descriptor (a file, a namespace) at `path`, which must be there.
 * False: see errno. */
bool mounts_bind_fd(int fd, const char *path);
/* Takes away what is mounted at `path`; nothing happens when nothing is. */
void mounts_detach(const char *path);

#endif
