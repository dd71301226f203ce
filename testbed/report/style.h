/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How text is drawn: colours, line characters, width.
 *
 * Depends on GLib.  Pure.
 */
#ifndef TESTBED_REPORT_STYLE_H
#define TESTBED_REPORT_STYLE_H

#include "testbed/model/results.h"

struct report_style {
	bool colour;
	bool utf8;	  /* false: ASCII only */
	unsigned columns; /* at least 40; 80 when not known */
};

enum ink { INK_PLAIN, INK_GOOD, INK_BAD, INK_ALARM, INK_DIM, INK_BOLD, INK_COUNT };

/* Appends `text` in that colour, then blanks up to `width` columns (0: none).  `text` is ASCII or
 * takes as many columns as it has characters. */
void ink_append(GString *out, const struct report_style *style, enum ink ink, const char *text,
		guint width);
/* A horizontal line over the whole width, and a line feed. */
void ink_rule(GString *out, const struct report_style *style);

/* How a cell looks: "pass", "direct", "FAIL!", ...; "!" marks a cell that is not as expected. */
enum ink cell_ink(const struct cell *c);
/* Writes at most 15 characters. */
#define CELL_WORD_MAX 16
const char *path_word(enum path_class path); /* as grids write it: "relay" */
const char *cell_word(const struct cell *c, char buf[static CELL_WORD_MAX]);

#endif
