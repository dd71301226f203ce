/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wrap: text for a terminal of 80 columns, or of others.
 *
 * Depends on GLib.
 */
#ifndef TESTBED_CMD_WRAP_H
#define TESTBED_CMD_WRAP_H

#include <glib.h>

/* Appends `words` and a line feed to a text whose last line has `column` columns.  Words that do
 * not fit go to new lines, indented by `indent` columns; a word longer than a line gets its own. */
void wrap_append(GString *text, const char *words, guint column, guint indent);

/* Appends the paragraphs of a text (each line is one), broken into lines of `columns` columns that
 * are all indented by `indent`. */
void wrap_prose(GString *text, const char *paragraphs, guint indent, guint columns);

/* The text with its paragraphs (separated by empty lines) broken into lines that fit; the caller
 * frees it.  A line that begins with a space is a row of a table: the part after the first two
 * spaces or more is broken within its own column. */
char *wrap_text(const char *text);

#endif
