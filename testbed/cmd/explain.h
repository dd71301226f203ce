/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb explain: what it shares for fresh labs, earlier runs and labs that are up.
 *
 * Depends on cmd and explain.
 */
#ifndef TESTBED_CMD_EXPLAIN_H
#define TESTBED_CMD_EXPLAIN_H

#include "testbed/cmd/cmd.h"
#include "testbed/explain/finished.h"

/* Explains the one cell of `s` (taken over) and prints it.  `recorded`: what was observed of it,
 * emptied here; NULL: the call is placed in a fresh lab.  `run`: that has recorded it, or NULL.
 * Returns the exit code. */
int cmd_explain_cell(const model *m, matrix_selection *s, struct recorded *recorded,
		     const finished *run, const struct options *o, guint64 seed);
/* The medium of --media (NULL: audio).  False: an error was printed. */
bool cmd_explain_medium(const char *text, enum media *ret);

/* Places A's call to B in the lab o->name (NULL: the only one) that is up, and explains it
 * (explain_live.c). */
int cmd_explain_live(const struct options *o, guint64 seed);

#endif
