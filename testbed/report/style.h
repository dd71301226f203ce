/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The style of text output: colours, line characters, width.
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

/* Colours by meaning: green and red for expected results, white on red for unexpected ones. */
enum ink { INK_PLAIN, INK_GOOD, INK_BAD, INK_ALARM, INK_DIM, INK_BOLD, INK_COUNT };

/* Appends `text` in that colour, then blanks up to `width` columns (0: none).  Each character of
 * `text` must take one column.  Until ink_print the colours are marks that no UTF-8 text can have.
 */
void ink_append(GString *out, const struct report_style *style, enum ink ink, const char *text,
		guint width);
/* Appends the text as a terminal may have it: colours become escape sequences, and what others
 * wrote can't control the terminal (common/base/printable.h).  `length` -1: up to its NUL. */
void ink_print(GString *out, const char *text, gssize length);
/* Appends a horizontal line over the whole width, and a line feed. */
void ink_rule(GString *out, const struct report_style *style);

/* A name in `width` columns (at least 3) or fewer: of one that is too long the middle is a tilde.
 * The caller frees it. */
char *name_shortened(const char *name, guint width);

/* The colour of a cell. */
enum ink cell_ink(const struct cell *c);
/* The word of a path class in a grid ("relay"); static. */
const char *path_word(enum path_class path);
/* Writes the word of a cell in a grid to `buf` and returns it: "pass", "direct", "FAIL!", ...; "!"
 * marks a cell that is not as expected, "*" one that was measured more than once. */
#define CELL_WORD_MAX 16
const char *cell_word(const struct cell *c, char buf[static CELL_WORD_MAX]);

#endif
