/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/ids.h"

#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define DRAWS 64

static bool overlap(guint64 begin, guint64 count, guint32 first)
{
	return begin < (guint64)first + IDS_COUNT && begin + count > first;
}

bool ids_are_in_text(const char *text, bool subordinate, guint32 first)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (guint i = 0; lines[i]; i++) {
		g_auto(GStrv) part = g_strsplit(lines[i], ":", 4);
		guint at = subordinate ? 1 : 2;
		guint64 id, count = 1;

		if (g_strv_length(part) < 3 ||
		    !g_ascii_string_to_unsigned(part[at], 10, 0, G_MAXUINT32, &id, NULL))
			continue;
		if (subordinate &&
		    !g_ascii_string_to_unsigned(part[2], 10, 0, G_MAXUINT32, &count, NULL))
			continue;
		if (overlap(id, count, first))
			return true;
	}
	return false;
}

static bool in_files(guint32 first)
{
	static const struct {
		const char *path;
		bool subordinate;
	} files[] = {{"/etc/passwd", false},
		     {"/etc/group", false},
		     {"/etc/subuid", true},
		     {"/etc/subgid", true}};

	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *text = NULL;

		if (g_file_get_contents(files[i].path, &text, NULL, NULL) &&
		    ids_are_in_text(text, files[i].subordinate, first))
			return true;
	}
	return false;
}

/* The owner of /proc/PID is the process's user, or root. */
static bool in_processes(guint32 first)
{
	g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
	const char *entry;

	while (proc && (entry = g_dir_read_name(proc))) {
		char path[64];
		struct stat st;

		g_snprintf(path, sizeof path, "/proc/%s", entry);
		if (g_ascii_isdigit(entry[0]) && stat(path, &st) == 0 &&
		    (overlap(st.st_uid, 1, first) || overlap(st.st_gid, 1, first)))
			return true;
	}
	return false;
}

bool ids_draw(guint32 *ret_first)
{
	for (guint i = 0; i < DRAWS; i++) {
		guint32 number;

		if (getrandom(&number, sizeof number, 0) != sizeof number)
			return false;
		*ret_first =
			IDS_FIRST + number % ((IDS_LAST - IDS_FIRST) / IDS_COUNT + 1) * IDS_COUNT;
		if (!in_files(*ret_first) && !in_processes(*ret_first))
			return true;
	}
	return false;
}
