/* SPDX-License-Identifier: GPL-2.0-or-later */
/* confine: what a program of a lab may ask of the kernel.
 *
 * A filter (seccomp) refuses, with EPERM, the system calls that no program of a lab needs and that
 * have most often been a way out of a container; a table in confine.c says why each is in it.
 * Landlock, where the kernel has it, keeps programs from the memory, abstract sockets and, from
 * Linux 6.12 on, from signalling others.  Limits bound what one can use up.
 * Depends on libseccomp and GLib.
 */
#ifndef TESTBED_EXEC_CONFINE_H
#define TESTBED_EXEC_CONFINE_H

#include <glib.h>
#include <stdbool.h>

enum confine_kind {
	CONFINE_PROGRAM, /* of the lab: server, client, daemon */
	CONFINE_VISITOR, /* what the user starts in it: debuggers and a browser's own sandbox work
			  */
	CONFINE_KINDS
};

struct confine_support {
	bool seccomp;
	int landlock; /* version of its interface; 0: the kernel lacks it */
};

/* Makes the filters, once; later calls only tell what this host supports.  Not in a child between
 * fork and exec. */
const struct confine_support *confine_prepare(void);

/* For the calling process, from now on and for all that it executes: limits, no new privileges,
 * Landlock and filter, as far as confine_prepare found them.  System calls only; false: see errno.
 */
bool confine_self(enum confine_kind kind);

/* The environment of a program in a lab: PATH, HOME and USER of the lab's own, and of the caller's
 * what says how to write text and time, and where TLS keys are to be logged.  `more`: "NAME=VALUE",
 * NULL-terminated, or NULL.  The caller frees it. */
char **confine_environment(const char *const *more);

#endif
