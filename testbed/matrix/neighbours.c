/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/neighbours.h"

#define COLUMN "table_fulls"

/* The number of the column "table_fulls" in the line of column names; -1: there is none. */
static int column_of(const char *names)
{
	g_auto(GStrv) words = g_regex_split_simple("\\s+", names, 0, 0);

	for (int i = 0; words[i]; i++)
		if (g_str_equal(words[i], COLUMN))
			return i;
	return -1;
}

guint64 neighbours_parse(const char *stat)
{
	g_auto(GStrv) lines = g_strsplit(stat, "\n", 0);
	int column = lines[0] ? column_of(lines[0]) : -1;
	guint64 sum = 0;

	for (int i = 1; column >= 0 && lines[i]; i++) {
		g_auto(GStrv) words = g_regex_split_simple("\\s+", lines[i], 0, 0);

		if ((int)g_strv_length(words) > column)
			sum += g_ascii_strtoull(words[column], NULL, 16);
	}
	return sum;
}

guint64 neighbours_refused(void)
{
	static const char *const tables[] = {"/proc/net/stat/arp_cache",
					     "/proc/net/stat/ndisc_cache"};
	guint64 sum = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
		g_autofree char *text = NULL;

		if (g_file_get_contents(tables[i], &text, NULL, NULL))
			sum += neighbours_parse(text);
	}
	return sum;
}
