/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/wrap.h"

#include <stdbool.h>
#include <string.h>

#define COLUMNS 80

/* wrap_append for lines of that many columns. */
static void append_words(GString *text, const char *words, guint column, guint indent,
			 guint columns)
{
	g_auto(GStrv) list = g_strsplit(words, " ", 0);
	bool fresh = true;

	for (guint i = 0; list[i]; i++) {
		guint length = (guint)g_utf8_strlen(list[i], -1);

		if (length == 0)
			continue;
		if (!fresh && column + 1 + length > columns) {
			g_string_append_printf(text, "\n%*s", (int)indent, "");
			column = indent;
			fresh = true;
		}
		g_string_append_printf(text, "%s%s", fresh ? "" : " ", list[i]);
		column += length + (fresh ? 0 : 1);
		fresh = false;
	}
	g_string_append_c(text, '\n');
}

void wrap_append(GString *text, const char *words, guint column, guint indent)
{
	append_words(text, words, column, indent, COLUMNS);
}

void wrap_prose(GString *text, const char *paragraphs, guint indent, guint columns)
{
	g_auto(GStrv) lines = g_strsplit(paragraphs, "\n", 0);

	for (guint i = 0; lines[i]; i++) {
		if (lines[i][0] != '\0')
			g_string_append_printf(text, "%*s", (int)indent, "");
		append_words(text, lines[i], indent, indent, columns);
	}
}

/* The column where a row's second part begins; that of its first word when there is none. */
static guint second_column(const char *row)
{
	const char *first = row + strspn(row, " "), *gap = strstr(first, "  ");

	return (guint)(gap ? gap + strspn(gap, " ") - row : first - row);
}

/* Appends a row of a table, its second part broken within its column. */
static void append_row(GString *text, const char *row)
{
	guint at = second_column(row);

	g_string_append_len(text, row, at);
	wrap_append(text, row + at, at, at);
}

/* Appends the paragraph, if there is one, and empties it. */
static void flush_paragraph(GString *text, GString *paragraph)
{
	if (paragraph->len > 0)
		wrap_append(text, paragraph->str, 0, 0);
	g_string_truncate(paragraph, 0);
}

char *wrap_text(const char *text)
{
	GString *wrapped = g_string_new(NULL);
	g_autoptr(GString) paragraph = g_string_new(NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", 0);

	for (guint i = 0; lines[i]; i++) {
		bool last = !lines[i + 1];

		if (lines[i][0] != '\0' && lines[i][0] != ' ') {
			g_string_append_printf(paragraph, "%s ", lines[i]);
			continue;
		}
		flush_paragraph(wrapped, paragraph);
		if (lines[i][0] == ' ')
			append_row(wrapped, lines[i]);
		else if (!last)
			g_string_append_c(wrapped, '\n');
	}
	flush_paragraph(wrapped, paragraph);
	return g_string_free(wrapped, FALSE);
}
