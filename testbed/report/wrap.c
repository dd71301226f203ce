/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/wrap.h"

#include <stdbool.h>
#include <string.h>

void wrap_append(GString *text, const char *words, guint column, guint indent, guint columns)
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

void wrap_labelled(GString *out, const char *label, const char *text, guint columns)
{
	guint indent = (guint)g_utf8_strlen(label, -1);

	g_string_append(out, label);
	wrap_append(out, text, indent, indent, columns);
}

void wrap_prose(GString *text, const char *paragraphs, guint indent, guint columns)
{
	g_auto(GStrv) lines = g_strsplit(paragraphs, "\n", 0);

	for (guint i = 0; lines[i]; i++) {
		if (lines[i][0] != '\0')
			g_string_append_printf(text, "%*s", (int)indent, "");
		wrap_append(text, lines[i], indent, indent, columns);
	}
}

/* --- help ------------------------------------------------------------------------------------- */

/* Appends a row of a table, its second part broken within its column or, where that would be less
 * than half of the line, below its first part. */
static void append_row(GString *text, const char *row, guint columns)
{
	guint first = (guint)strspn(row, " "), at = first;
	const char *gap = strstr(row + first, "  ");

	if (gap)
		at = (guint)(gap + strspn(gap, " ") - row);
	if (gap && at * 2 > columns) {
		g_string_append_len(text, row, gap - row);
		at = first + 4;
		g_string_append_printf(text, "\n%*s", (int)at, "");
		row = gap + strspn(gap, " ");
	} else {
		g_string_append_len(text, row, at);
		row += at;
	}
	wrap_append(text, row, at, at, columns);
}

/* Appends the paragraph, if there is one, and empties it. */
static void flush_paragraph(GString *text, GString *paragraph, guint columns)
{
	if (paragraph->len > 0)
		wrap_append(text, paragraph->str, 0, 0, columns);
	g_string_truncate(paragraph, 0);
}

char *wrap_text(const char *text, guint columns)
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
		flush_paragraph(wrapped, paragraph, columns);
		if (lines[i][0] == ' ')
			append_row(wrapped, lines[i], columns);
		else if (!last)
			g_string_append_c(wrapped, '\n');
	}
	flush_paragraph(wrapped, paragraph, columns);
	return g_string_free(wrapped, FALSE);
}

/* --- finished text ---------------------------------------------------------------------------- */

/* A line that is being broken. */
struct broken_line {
	const char *at, *end;
	guint columns, hang; /* of the terminal; where its further lines begin */
	const char *mark;    /* " \\" of a command that goes on; "" */
	bool quoted;	     /* spaces inside quotes break no command */
};

/* Behind the escape sequence or the character at `p`, which is before `end`; adds its width. */
static const char *step_over(const char *p, const char *end, guint *width)
{
	if (*p == '\033' && p + 1 < end && p[1] == '[') {
		const char *last = memchr(p, 'm', (gsize)(end - p));

		return last ? last + 1 : end;
	}
	(*width)++;
	p++;
	while (p < end && ((unsigned char)*p & 0xc0) == 0x80)
		p++;
	return p;
}

static guint width_of(const char *p, const char *end)
{
	guint width = 0;

	while (p < end)
		p = step_over(p, end, &width);
	return width;
}

/* Behind the word that begins at `p`. */
static const char *word_end(const char *p, const char *end, bool quoted)
{
	char quote = '\0';

	for (; p < end && (*p != ' ' || quote != '\0'); p++) {
		if (!quoted || (*p != '\'' && *p != '"'))
			continue;
		quote = quote == '\0' ? *p : quote == *p ? '\0' : quote;
	}
	return p;
}

/* How a command is broken, by its first word; NULL: not at all; "" for what is no command. */
static const char *mark_of_command(const char *p, const char *end)
{
	static const struct {
		const char *word, *mark;
	} programs[] = {{"testbed", " \\"}, {"ip", " \\"},   {"nft", " \\"},
			{"sysctl", " \\"},  {"netsh", NULL}, {"route", NULL}};
	g_autofree char *word = NULL;

	if (g_str_has_prefix(p, "undo: "))
		p += strlen("undo: ");
	word = g_strndup(p, (gsize)(word_end(p, end, false) - p));
	for (guint i = 0; i < G_N_ELEMENTS(programs); i++)
		if (g_str_equal(word, programs[i].word))
			return programs[i].mark;
	/* PowerShell: New-NetRoute */
	return g_regex_match_simple("^[A-Z][a-z]+-[A-Z][A-Za-z]+$", word, 0, 0) ? " `" : "";
}

/* The width of the line's longest word. */
static guint longest_word(const struct broken_line *l)
{
	guint longest = 0;

	for (const char *p = l->at, *behind; p < l->end; p = behind) {
		p += MIN(strspn(p, " "), (gsize)(l->end - p));
		behind = word_end(p, l->end, l->quoted);
		longest = MAX(longest, width_of(p, behind));
	}
	return longest;
}

/* Where further lines begin: at the second column where the line has one in its left half. */
static guint hang_of(const struct broken_line *l, const char *first, guint indent)
{
	const char *gap = g_strstr_len(first, l->end - first, "  "), *second = gap;
	guint at;

	if (l->mark[0] != '\0')
		return indent + 4;
	while (second && second < l->end && *second == ' ')
		second++;
	if (!second || second == l->end || gap[-1] == '.')
		return indent;
	at = width_of(l->at, second);
	return at * 2 <= l->columns ? at : indent;
}

/* Appends the line, broken. */
static void append_broken(struct broken_line *l, GString *out)
{
	guint column = 0, longest = longest_word(l), most;
	bool fresh = true;

	most = l->columns - MIN(longest, l->columns);
	l->hang = MIN(l->hang, most);
	while (l->at < l->end) {
		const char *word = l->at + strspn(l->at, " "), *behind;
		guint blanks = (guint)(word - l->at), width;

		behind = word_end(word, l->end, l->quoted);
		width = width_of(word, behind);
		if (fresh && blanks + width > l->columns)
			blanks = MIN(blanks, most);
		if (!fresh && width > 0 &&
		    column + blanks + width + (behind < l->end ? strlen(l->mark) : 0) >
			    l->columns) {
			g_string_append_printf(out, "%s\n%*s", l->mark, (int)l->hang, "");
			column = l->hang;
			blanks = 0;
		}
		g_string_append_printf(out, "%*s", (int)blanks, "");
		g_string_append_len(out, word, behind - word);
		column += blanks + width;
		fresh = false;
		l->at = behind;
	}
}

void wrap_lines(GString *out, const char *text, gssize length, guint columns)
{
	const char *end = text + (length < 0 ? strlen(text) : (gsize)length);

	while (text < end) {
		const char *feed = memchr(text, '\n', (gsize)(end - text));
		struct broken_line l = {.at = text, .end = feed ? feed : end, .columns = columns};
		guint indent = (guint)MIN(strspn(text, " "), columns / 2);
		const char *first = text + strspn(text, " ");

		if (width_of(l.at, l.end) > columns && first < l.end)
			l.mark = mark_of_command(first, l.end);
		if (l.mark) {
			l.quoted = l.mark[0] != '\0';
			l.hang = hang_of(&l, first, indent);
			append_broken(&l, out);
		} else {
			g_string_append_len(out, l.at, l.end - l.at);
		}
		if (feed)
			g_string_append_c(out, '\n');
		text = feed ? feed + 1 : end;
	}
}

guint wrap_rows(const char *line, guint columns)
{
	guint width = width_of(line, line + strlen(line));

	return MAX((width + columns - 1) / columns, 1);
}
