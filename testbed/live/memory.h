/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory: what a process and its descendants hold for themselves.  Depends on GLib. */
#ifndef TESTBED_LIVE_MEMORY_H
#define TESTBED_LIVE_MEMORY_H

#include <glib.h>
#include <sys/types.h>

/* Resident pages that are not shared with files, in KiB, of the process and all its descendants;
 * what goes away while it is looked at is left out.  Reads /proc. */
guint64 memory_of_tree_kib(pid_t root);

#endif
