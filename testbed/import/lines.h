/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text as lines of words, each with its position.  Private to the import layer. */
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
	char *text;	  /* without surrounding spaces */
	GArray *words;	  /* struct word */
};

/* Reads the next line.  Before the first call `l` is {.file, .rest = text}; `text` must live as
 * long. false: there is no further line, and all is freed. */
bool line_next(struct line *l);
const struct word *line_word(const struct line *l, guint index); /* index < l->words->len */
/* Whether `is` says so of a line of the text. */
bool lines_any(const char *file, const char *text, bool (*is)(const struct line *l));
/* Position of the line's first word. */
struct loc line_loc(const struct line *l);

#endif
