/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/process.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY_MS 5

bool process_wait_until(bool (*condition)(gpointer user_data), gpointer user_data,
			guint deadline_ms)
{
	gint64 end = g_get_monotonic_time() + (gint64)deadline_ms * 1000;

	while (!condition(user_data)) {
		if (g_get_monotonic_time() >= end)
			return false;
		poll(NULL, 0, LOOK_EVERY_MS);
	}
	return true;
}

struct stat_line {
	pid_t pid, parent;
	guint64 start;
	char name[32];
};

/* The fields of /proc/PID/stat that matter; the name stands in brackets and may hold anything. */
static bool read_stat(pid_t pid, struct stat_line *ret)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
	g_autofree char *text = NULL;
	g_auto(GStrv) fields = NULL;
	char *open, *shut;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return false;
	open = strchr(text, '(');
	shut = strrchr(text, ')');
	if (!open || !shut || shut < open)
		return false;
	*shut = '\0';
	g_strlcpy(ret->name, open + 1, sizeof ret->name);
	fields = g_strsplit(shut + 2, " ", 0);
	if (g_strv_length(fields) < 20)
		return false;
	ret->pid = pid;
	ret->parent = (pid_t)atoi(fields[1]);
	ret->start = g_ascii_strtoull(fields[19], NULL, 10);
	return fields[0][0] != 'Z';
}

/* Every living process of the machine. */
static GArray *all_processes(void)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct stat_line));
	GDir *proc = g_dir_open("/proc", 0, NULL);
	const char *name;

	while (proc && (name = g_dir_read_name(proc))) {
		struct stat_line line;

		if (g_ascii_isdigit(name[0]) && read_stat((pid_t)atoi(name), &line))
			g_array_append_val(list, line);
	}
	if (proc)
		g_dir_close(proc);
	return list;
}

static bool descends_from(const GArray *list, pid_t pid, pid_t root)
{
	for (guint depth = 0; depth < 64; depth++) {
		pid_t parent = 0;

		for (guint i = 0; i < list->len; i++) {
			const struct stat_line *line = &g_array_index(list, struct stat_line, i);

			if (line->pid == pid)
				parent = line->parent;
		}
		if (parent == root)
			return true;
		if (parent <= 1)
			return false;
		pid = parent;
	}
	return false;
}

GArray *process_descendants(pid_t root)
{
	g_autoptr(GArray) list = all_processes();
	GArray *found = g_array_new(FALSE, FALSE, sizeof(struct process_id));

	for (guint i = 0; i < list->len; i++) {
		const struct stat_line *line = &g_array_index(list, struct stat_line, i);
		struct process_id id = {line->pid, line->start};

		if (descends_from(list, line->pid, root))
			g_array_append_val(found, id);
	}
	return found;
}

bool process_is_alive(const struct process_id *p)
{
	struct stat_line line;

	return read_stat(p->pid, &line) && line.start == p->start;
}

struct process_id process_descendant_named(pid_t root, const char *name)
{
	g_autoptr(GArray) list = all_processes();

	for (guint i = 0; i < list->len; i++) {
		const struct stat_line *line = &g_array_index(list, struct stat_line, i);

		if (g_str_equal(line->name, name) && descends_from(list, line->pid, root))
			return (struct process_id){line->pid, line->start};
	}
	return (struct process_id){0, 0};
}

guint process_count_netns(void)
{
	g_autoptr(GArray) list = all_processes();
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < list->len; i++) {
		const struct stat_line *line = &g_array_index(list, struct stat_line, i);
		g_autofree char *path = g_strdup_printf("/proc/%d/ns/net", (int)line->pid);
		char *target = g_file_read_link(path, NULL);

		if (target)
			g_hash_table_add(seen, target);
	}
	return g_hash_table_size(seen);
}
