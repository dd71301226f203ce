/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that change a node's routes in a live lab, as the lab itself has made them.  Private to
 * diagnose.
 *
 * Depends on fix, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_FIX_ROUTE_LAB_H
#define TESTBED_DIAGNOSE_FIX_ROUTE_LAB_H

#include "testbed/diagnose/fix_rules.h"

/* "default", or the prefix; in a file a text that begins with a colon needs quotes.  This and the
 * next: the caller frees. */
char *fix_route_word(const struct prefix *p, bool in_file);
/* "blackhole 10.0.0.0/8", "default via 10.0.0.1 dev lan metric 10 table 7" */
char *fix_route_words(const struct route *r);
/* A command and its undo (NULL: none) in the main table and, for a strong host, in that of the
 * interface (NULL: none). */
void fix_in_tables(fix *x, const struct node *n, const char *dev, const char *add, const char *del);
/* Takes a declared route away, in every table that has it. */
void fix_remove_in_lab(fix *x, const struct node *n, const struct route *r);
/* A route in place of `old`, which the kernel may have lost already. */
void fix_replace_in_lab(fix *x, const struct node *n, const struct route *old,
			const struct route *wanted);

#endif
