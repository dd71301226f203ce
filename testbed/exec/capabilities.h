/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: which capabilities (capabilities(7)) a process of a lab keeps, by libcap.
 *
 * libcap allocates a set when it is made, which must not be done between fork and exec of a process
 * with threads.  So a set is made before the fork, and the child only makes system calls with it.
 */
#ifndef TESTBED_EXEC_CAPABILITIES_H
#define TESTBED_EXEC_CAPABILITIES_H

#include <glib.h>
#include <stdbool.h>
#include <sys/capability.h>

/* The set of the `count` capabilities, 0: of none; the caller frees it with capabilities_free. */
cap_t capabilities_new(const cap_value_t *kept, int count);
void capabilities_free(cap_t set); /* accepts NULL */
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(cap_t, capabilities_free, NULL)

/* Leaves the calling process these capabilities, as ambient ones that pass exec when it is not
 * `root`; root has them by being root.  Nothing raises any other again.  System calls only; false:
 * see errno. */
bool capabilities_keep(cap_t kept, bool root);

#endif
