/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes seen from a test: descendants, waiting for a condition, what a machine has before and
 * after. */
#ifndef TESTS_SUPPORT_PROCESS_H
#define TESTS_SUPPORT_PROCESS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* Looks again every few milliseconds until `condition` holds; false when `deadline_ms` has passed.
 */
bool process_wait_until(bool (*condition)(gpointer user_data), gpointer user_data,
			guint deadline_ms);

/* A process by its number and start time, so that a number used again is not mistaken for it. */
struct process_id {
	pid_t pid;
	guint64 start;
};

/* All descendants of `root` (array of struct process_id), whatever PID namespace they are in. */
GArray *process_descendants(pid_t root);
bool process_is_alive(const struct process_id *p);
/* First descendant whose command name is `name`; pid 0: none. */
struct process_id process_descendant_named(pid_t root, const char *name);

/* Distinct network namespaces that some process of the machine is in. */
guint process_count_netns(void);

#endif
