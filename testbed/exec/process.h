/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: starting a program inside a network namespace, without privileges. */
#ifndef TESTBED_EXEC_PROCESS_H
#define TESTBED_EXEC_PROCESS_H

#include <glib.h>
#include <stdbool.h>

#define SPAWN_FDS 3
#define SPAWN_KEYS_ENVIRONMENT "SSLKEYLOGFILE=/proc/self/fd/5"

struct spawn_request {
	int netns_fd;
	char *const *argv;		/* argv[0] without a slash is looked for in PATH */
	const char *program;		/* where the caller has what argv[0] names; NULL: there */
	const char *const *environment; /* more than confine_environment has, or NULL */
	const char *directory;		/* works there if it sees it; NULL: in / */
	int fds[SPAWN_FDS];		/* become 3, 4 and 5 of the child; -1: nothing there */
	int log_fd;			/* standard output and error; -1: discarded */
	const char *const *files;	/* pairs as in struct exec_process, or NULL */
	const char *run_file; /* makes /run private and empty, but for this (empty) file; NULL:
				 shared */
	bool keep_net_admin;
};

/* Returns when the program has been started: its pid, which the caller reaps.  -1 with `error`:
 * TB_ERROR_UNSUPPORTED with the package to install when there is no such program, else
 * TB_ERROR_FAILED with the step that failed.  Blocks for the start only. */
GPid spawn_in_namespace(const struct spawn_request *request, GError **error);

/* Full path of a program by PATH and the system's administration folders; NULL when there is none.
 */
char *spawn_find_program(const char *name);
/* The package that brings it; NULL: not known. */
const char *spawn_package_of(const char *program);

/* For those who start a process in another way (enter.c).  `files` are pairs as in struct
 * exec_process, or NULL.  Binds them in order, makes places for those that are missing; the calling
 * process must have a private mount namespace.  System calls only; false: see errno. */
bool spawn_mount_files(const char *const *files);
#endif
