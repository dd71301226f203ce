/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions between `$(` and `)` in a counted part of a topology file.  Private to the model
 * layer.
 *
 *   branch-$(0n)              the number of this instance, with leading zeros: as wide as the last
 * one's
 *   $(10.20.0.1 + n*256)/24   addresses by arithmetic: an address plus or minus a number is an
 * address
 *
 * Values are whole numbers and addresses; operators + - * / % and parentheses.  Pure.
 */
#ifndef TESTBED_MODEL_EXPRESSION_H
#define TESTBED_MODEL_EXPRESSION_H

#include <glib.h>
#include <stdbool.h>

/* A counted name and its present value; a list by `outer`. */
struct variable {
	const char *name;
	gint64 value;
	int width;		      /* of the largest value, in digits */
	const struct variable *outer; /* of the counted part around this one; NULL: the last */
};

/* The variable of that name in the list; NULL when there is none. */
const struct variable *variable_find(const struct variable *variables, const char *name);

/* Appends `text` to `out` with every $(...) replaced by its value.  Returns false when that can't
 * be done; then *problem, which the caller frees, says why in words that follow "in 'TEXT': ". */
bool expression_expand(const char *text, const struct variable *variables, GString *out,
		       char **problem);

#endif
