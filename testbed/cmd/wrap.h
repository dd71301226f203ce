/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wrap: text for a terminal of 80 columns.
 *
 * Depends on GLib.
 */
#ifndef TESTBED_CMD_WRAP_H
#define TESTBED_CMD_WRAP_H

#include <glib.h>

/* Appends `words`, the first at column `column` (where the text is now) and what does not fit any
 * more below it at column `indent`, and ends the line.  A word that is longer than a line has one
 * of its own. */
void wrap_append(GString *text, const char *words, guint column, guint indent);

/* Paragraphs (parted by empty lines) made to fit; a line that begins with a space is a row of a
 * table: what stands behind the first gap of two spaces or more keeps to its column.  Caller frees.
 */
char *wrap_text(const char *text);

#endif
