/* SPDX-License-Identifier: GPL-2.0-or-later */
/* enter: a process from outside goes into a node of a lab that runs, as nsenter(1) does.
 *
 * It gets the lab's view of processes, the node's network and the node's own files (resolv.conf,
 * hosts), and keeps its terminal, process group and descriptors, so that Ctrl-C, job control and
 * window size work by themselves.  It is root in the lab's user namespace, with the capabilities
 * that networks, files and debuggers take there, and none outside of it; the rest is as for the
 * lab's own programs (confine.h).  Of the machine's files it has what the lab has (view.h), and the
 * folders that are shown to it. The calling process must have one thread (setns(2), CLONE_NEWUSER)
 * and be the lab's owner, or root. Depends on base.
 */
#ifndef TESTBED_EXEC_ENTER_H
#define TESTBED_EXEC_ENTER_H

#include <glib.h>

struct enter_target {
	int user, mnt, pid, net;  /* namespaces, by descriptor; -1: stay in the own one */
	const char *const *files; /* pairs as in struct exec_process, or NULL */
	/* Folders or files of the machine, shown at their own paths: "PATH", read-only, or
	 * "PATH:rw"; NULL-terminated, or NULL. */
	const char *const *shown;
	const char *const *environment; /* more than confine_environment has, or NULL */
};

/* Moves the calling process into a lab's user namespace and a node's network, to do there what
 * takes a capability (capture).  It can't go back to where it was before the first call, but on to
 * other nodes of the lab. */
gboolean enter_network(int user_fd, int net_fd, GError **error);

/* Runs argv (argv[0] is looked for in VIEW_PATH) in the node and waits for its end; blocks.  The
 * calling process is in the lab's namespaces afterwards and should end.  The working folder stays
 * where the node has one of that path, else it is VIEW_HOME.  SIGINT and SIGQUIT are left to the
 * child meanwhile; SIGTERM and SIGHUP are passed on to it; when this process is killed the child is
 * too.  Returns the exit status, 128+n after signal n, 127 when there is no such program; -1 with
 * `error` when the node can't be entered. */
int enter_run(const struct enter_target *target, char *const *argv, GError **error);

#endif
