/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ways of explaining a cell share: where it was seen differs, what is told does not.
 *
 * Depends on cmd and explain.
 */
#ifndef TESTBED_CMD_EXPLAIN_H
#define TESTBED_CMD_EXPLAIN_H

#include "testbed/cmd/cmd.h"
#include "testbed/explain/explain.h"

/* Explains the one cell of `s` (taken over) and tells; `recorded`: what was seen of it, cleared;
 * NULL: the call is placed in a fresh lab.  Exit status. */
int cmd_explain_cell(const model *m, matrix_selection *s, struct recorded *recorded,
		     const struct options *o, guint64 seed);
/* The one medium of --media, audio without; false: told on stderr. */
bool cmd_explain_medium(const char *text, enum media *ret);

/* A's call to B in the lab that is up and called o->name: explain_live.c. */
int cmd_explain_live(const struct options *o, guint64 seed);

#endif
