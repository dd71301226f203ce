/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/live/memory.h"

#include <stdio.h>
#include <unistd.h>

/* The same of one process, by /proc/PID/statm (proc(5): size resident shared ..., in pages). */
static guint64 memory_of_process_kib(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/statm", (int)pid), *text = NULL;
	unsigned long size, resident, shared;

	if (!g_file_get_contents(path, &text, NULL, NULL) ||
	    sscanf(text, "%lu %lu %lu", &size, &resident, &shared) != 3)
		return 0;
	return (resident > shared ? resident - shared : 0) * (guint64)sysconf(_SC_PAGESIZE) / 1024;
}

guint64 memory_of_tree_kib(pid_t root)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/children", (int)root, (int)root),
			*text = NULL;
	guint64 sum = memory_of_process_kib(root);

	if (g_file_get_contents(path, &text, NULL, NULL)) {
		g_auto(GStrv) children = g_strsplit(text, " ", -1);

		for (guint i = 0; children[i]; i++)
			if (g_ascii_isdigit(children[i][0]))
				sum += memory_of_tree_kib((pid_t)atoi(children[i]));
	}
	return sum;
}
