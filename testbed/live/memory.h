/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory: how much memory a process and its descendants use.  Depends on GLib. */
#ifndef TESTBED_LIVE_MEMORY_H
#define TESTBED_LIVE_MEMORY_H

#include <glib.h>
#include <sys/types.h>

/* The resident memory, in KiB, of the process and all its descendants, without pages shared with
 * files. Processes that end meanwhile count as 0.  Reads /proc. */
guint64 memory_of_tree_kib(pid_t root);

#endif
