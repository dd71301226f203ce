/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wrap: text broken at words, for a terminal of any width from 40 columns.
 *
 * Depends on GLib.  Pure.
 */
#ifndef TESTBED_REPORT_WRAP_H
#define TESTBED_REPORT_WRAP_H

#include <glib.h>

/* Appends `words` and a line feed to a text whose last line has `column` columns.  Words that do
 * not fit into `columns` go to new lines, indented by `indent` columns; a word longer than a line
 * gets its own. */
void wrap_append(GString *text, const char *words, guint column, guint indent, guint columns);

/* Appends `label`, then `text` broken at words and indented by the label's width, and a line
 * feed. */
void wrap_labelled(GString *out, const char *label, const char *text, guint columns);

/* Appends the paragraphs of a text (each line is one), broken into lines of `columns` columns that
 * are all indented by `indent`. */
void wrap_prose(GString *text, const char *paragraphs, guint indent, guint columns);

/* The text with its paragraphs (separated by empty lines) broken into lines of `columns` columns;
 * the caller frees it.  A line that begins with a space is a row of a table: the part after the
 * first two spaces or more is broken within its own column, or below where that is too narrow. */
char *wrap_text(const char *text, guint columns);

/* Appends a finished text as a terminal of `columns` columns shows it best: lines that are too wide
 * are broken at words, all others stay as they are.  What goes on is indented as the line's second
 * column (after two spaces or more), or as the line itself.  Commands are broken so that they can
 * be copied: with the mark of their shell, and not inside quotes.  Escape sequences of colours take
 * no columns.  `length` -1: up to its NUL. */
void wrap_lines(GString *out, const char *text, gssize length, guint columns);

/* How many rows of the terminal a line takes. */
guint wrap_rows(const char *line, guint columns);

#endif
