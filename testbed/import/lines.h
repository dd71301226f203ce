/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text as lines of words, each with its place.  Private to the import layer. */
#ifndef TESTBED_IMPORT_LINES_H
#define TESTBED_IMPORT_LINES_H

#include "testbed/base/diag.h"

#include <stdbool.h>

struct word {
	char *text;
	struct loc loc;
};

struct line {
	const char *file; /* interned */
	const char *rest; /* what follows this line */
	int number;	  /* from 1 */
	char *text;	  /* without spaces at both ends */
	GArray *words;	  /* struct word */
};

/* Goes to the next line of a `line` that was set to {.file, .rest = text}; false at the end, with
 * all freed. */
bool line_next(struct line *l);
void line_clear(struct line *l);
const struct word *line_word(const struct line *l, guint index); /* index < l->words->len */
/* Where the line's first word is. */
struct loc line_loc(const struct line *l);

#endif
