/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clone: a child process in namespaces of its own, whose life hangs on a socket.
 *
 * The child is pid 1 of a new PID namespace and has new mount, network, IPC and UTS namespaces and
 * a view of files of its own (view.h).  In its user namespace it is root: of ids that nobody has
 * when root starts it (ids.h), else of its user's.  Root of a container may not be allowed that;
 * then the child goes on with what there is.  When this process goes, for whatever reason, the
 * child reads end of file on the socket. Depends on base.
 */
#ifndef TESTBED_EXEC_CLONE_H
#define TESTBED_EXEC_CLONE_H

#include "testbed/base/diag.h"
#include "testbed/exec/view.h"

#include <sys/types.h>

struct clone_child {
	pid_t pid;
	int pidfd;  /* readable once the child, and everything in its PID namespace, is gone */
	int socket; /* our end; close-on-exec, blocking */
};

#define CLONE_SOCKET 3 /* the child's end of the socket, as it sees it */

/* What the child does: it holds CLONE_SOCKET (blocking), what was kept and, as 0, 1 and 2,
 * /dev/null; no other descriptor.  It is leader of its own session with default signal handlers and
 * nothing blocked. Returns its exit status. */
typedef int (*clone_main)(gpointer data);

struct clone_request {
	clone_main main;
	gpointer data;
	struct view view;
	const int *kept; /* descriptors above CLONE_SOCKET that stay open in the child, and here */
	guint n_kept;
};

/* Starts the child; no exec, so it sees this process's memory as it is now.  Blocks about a
 * millisecond.  TB_ERROR_UNSUPPORTED with the cure when the host forbids it.  The caller closes
 * both descriptors and reaps the child. */
gboolean clone_start(const struct clone_request *request, struct clone_child *ret, GError **error);

/* What to change so that namespaces can be made, after one of the calls failed with `errno_value`;
 * the caller frees. */
char *clone_cure(int errno_value);

#endif
