/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/sheet.h"

#include "common/base/printable.h"

#include <string.h>

#define MARKDOWN "\\`*_{}[]<>()#+!|~&" /* what it gives a meaning to */

static const char head[] = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
			   "<meta name=\"viewport\" content=\"width=device-width\">\n"
			   "<meta http-equiv=\"Content-Security-Policy\" "
			   "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>";
static const char style[] =
	"</title>\n<style>\n"
	":root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif }\n"
	"body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; overflow-wrap: anywhere }\n"
	"h1 { font-size: 1.6rem; margin: 0 0 .5rem }\n"
	"h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; border-bottom: 2px solid GrayText }\n"
	"h3 { font-size: 1rem; margin: 1.5rem 0 .25rem }\n"
	"p, ul { margin: .5rem 0 } ul { padding-left: 1.25rem }\n"
	"p.strong { font-weight: bold; font-size: 1.1rem }\n"
	"table { border-collapse: collapse; width: 100%; margin: .5rem 0; overflow-wrap: "
	"break-word }\n"
	"th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid GrayText;\n"
	"  vertical-align: top; font-weight: normal }\n"
	"thead th { font-weight: bold }\n"
	"pre { margin: .5rem 0; padding: .5rem .75rem; border: 1px solid GrayText;\n"
	"  border-left-width: 4px; white-space: pre-wrap; font: .9rem/1.4 monospace }\n"
	"@page { margin: 15mm }\n"
	"@media print { body { margin: 0; max-width: none; padding: 0 }\n"
	"  h2, h3 { break-after: avoid } pre, tr, li { break-inside: avoid } }\n"
	"</style></head>\n<body><main>\n";

/* --- texts ------------------------------------------------------------------------------------ */

void markdown_text(GString *out, const char *text)
{
	g_autoptr(GString) clean = g_string_new(NULL);

	printable_append(clean, text, -1, PRINTABLE_LINE);
	for (const char *at = clean->str; *at; at++) {
		if (strchr(MARKDOWN, *at))
			g_string_append_c(out, '\\');
		g_string_append_c(out, *at);
	}
}

/* Nothing in the text ends it, as the fence is longer than any in it. */
void markdown_code(GString *out, const char *text)
{
	guint ticks = 0, most = 2;

	for (const char *at = text; *at; at++) {
		ticks = *at == '`' ? ticks + 1 : 0;
		most = MAX(most, ticks);
	}
	for (guint i = 0; i <= most; i++)
		g_string_append_c(out, '`');
	g_string_append_printf(out, "sh\n%s\n", text);
	for (guint i = 0; i <= most; i++)
		g_string_append_c(out, '`');
	g_string_append(out, "\n\n");
}

static void html_text(GString *out, const char *text, enum printable kind)
{
	g_autoptr(GString) clean = g_string_new(NULL);
	g_autofree char *escaped = NULL;

	printable_append(clean, text, -1, kind);
	escaped = g_markup_escape_text(clean->str, (gssize)clean->len);
	g_string_append(out, escaped);
}

/* The text between two marks, which are HTML or Markdown. */
static void put(struct sheet *s, const char *before, const char *text, const char *after)
{
	g_string_append(s->out, before);
	if (s->html)
		html_text(s->out, text, PRINTABLE_LINE);
	else
		markdown_text(s->out, text);
	g_string_append(s->out, after);
}

/* --- parts ------------------------------------------------------------------------------------ */

/* Ends what is open, unless it goes on, and begins that. */
static void open_part(struct sheet *s, enum sheet_part part)
{
	static const char *const ends[] = {"", "</ul>\n", "</tbody></table>\n"};

	if (s->open == part)
		return;
	g_string_append(s->out, s->html ? ends[s->open] : s->open == SHEET_NONE ? "" : "\n");
	s->open = part;
	if (s->html && part == SHEET_LIST)
		g_string_append(s->out, "<ul>\n");
}

void sheet_begin(struct sheet *s, const char *title)
{
	if (!s->html) {
		put(s, "# ", title, "\n\n");
		return;
	}
	put(s, head, title, style);
	put(s, "<h1>", title, "</h1>\n");
}

void sheet_heading(struct sheet *s, unsigned level, const char *text)
{
	open_part(s, SHEET_NONE);
	if (!s->html)
		put(s, level == 2 ? "## " : "### ", text, "\n\n");
	else if (level == 2)
		put(s, "<h2>", text, "</h2>\n");
	else
		put(s, "<h3>", text, "</h3>\n");
}

void sheet_paragraph(struct sheet *s, const char *text)
{
	open_part(s, SHEET_NONE);
	put(s, s->html ? "<p>" : "", text, s->html ? "</p>\n" : "\n\n");
}

void sheet_strong(struct sheet *s, const char *text)
{
	open_part(s, SHEET_NONE);
	put(s, s->html ? "<p class=\"strong\">" : "**", text, s->html ? "</p>\n" : "**\n\n");
}

void sheet_item(struct sheet *s, const char *label, const char *text)
{
	open_part(s, SHEET_LIST);
	g_string_append(s->out, s->html ? "<li>" : "- ");
	if (label)
		put(s, s->html ? "<strong>" : "**", label, s->html ? "</strong> " : "** ");
	put(s, "", text, s->html ? "</li>\n" : "\n");
}

void sheet_code(struct sheet *s, const char *text)
{
	g_autofree char *chomped = g_strchomp(g_strdup(text));

	open_part(s, SHEET_NONE);
	if (!s->html) {
		g_autoptr(GString) clean = g_string_new(NULL);

		printable_append(clean, chomped, -1, PRINTABLE_TEXT);
		markdown_code(s->out, clean->str);
		return;
	}
	g_string_append(s->out, "<pre>");
	html_text(s->out, chomped, PRINTABLE_TEXT);
	g_string_append(s->out, "</pre>\n");
}

void sheet_table(struct sheet *s, const char *const *heads)
{
	open_part(s, SHEET_NONE);
	open_part(s, SHEET_TABLE);
	g_string_append(s->out, s->html ? "<table>\n<thead><tr>" : "|");
	for (guint i = 0; heads[i]; i++)
		put(s, s->html ? "<th scope=\"col\">" : " ", heads[i], s->html ? "</th>" : " |");
	g_string_append(s->out, s->html ? "</tr></thead>\n<tbody>\n" : "\n|");
	for (guint i = 0; heads[i] && !s->html; i++)
		g_string_append(s->out, "---|");
	if (!s->html)
		g_string_append_c(s->out, '\n');
}

void sheet_row(struct sheet *s, const char *const *texts)
{
	g_string_append(s->out, s->html ? "<tr>" : "|");
	for (guint i = 0; texts[i]; i++) {
		if (!s->html)
			put(s, " ", texts[i], " |");
		else if (i == 0)
			put(s, "<th scope=\"row\">", texts[i], "</th>");
		else
			put(s, "<td>", texts[i], "</td>");
	}
	g_string_append(s->out, s->html ? "</tr>\n" : "\n");
}

void sheet_end(struct sheet *s)
{
	open_part(s, SHEET_NONE);
	if (s->html)
		g_string_append(s->out, "</main></body></html>\n");
}
