/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sheet: one page of text for people, as Markdown or as HTML that needs nothing from elsewhere.
 *
 * Texts may come from files and packets: nothing in them has a meaning to a browser, to Markdown or
 * to a terminal.  Depends on GLib.  Pure; everything is appended to `out`.
 */
#ifndef TESTBED_REPORT_SHEET_H
#define TESTBED_REPORT_SHEET_H

#include <glib.h>
#include <stdbool.h>

enum sheet_part { SHEET_NONE, SHEET_LIST, SHEET_TABLE };

struct sheet {
	GString *out;
	bool html;	      /* else Markdown */
	enum sheet_part open; /* what the next part ends, if it is of another kind */
};

void sheet_begin(struct sheet *s, const char *title);
/* `level` 2 or 3. */
void sheet_heading(struct sheet *s, unsigned level, const char *text);
void sheet_paragraph(struct sheet *s, const char *text);
void sheet_strong(struct sheet *s, const char *text); /* a paragraph that stands out */
/* An item of a list; `label` NULL: none. */
void sheet_item(struct sheet *s, const char *label, const char *text);
/* Commands and the like, which may have several lines. */
void sheet_code(struct sheet *s, const char *text);
/* Begins a table; its rows have as many texts.  Both lists end with NULL. */
void sheet_table(struct sheet *s, const char *const *heads);
void sheet_row(struct sheet *s, const char *const *texts);
void sheet_end(struct sheet *s);

/* Appends a text so that Markdown shows it as it is, in one line; and a block of code. */
void markdown_text(GString *out, const char *text);
void markdown_code(GString *out, const char *text);

#endif
