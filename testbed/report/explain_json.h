/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An explanation as one JSON document, "testbed.explanation/2" (docs/EXPLAIN.md).
 *
 * Depends on explain.  Pure.
 */
#ifndef TESTBED_REPORT_EXPLAIN_JSON_H
#define TESTBED_REPORT_EXPLAIN_JSON_H

#include "testbed/diagnose/explanation.h"

#define EXPLAIN_SCHEMA "testbed.explanation/2"

/* The explanation as a document, which the caller owns. */
json_t *explain_json(const explanation *x);
/* The same as text with a line feed at its end; the caller frees. */
char *explain_json_text(const explanation *x);

/* "PROGRAM set -n LAB 'add-route: {...}'", or "PROGRAM reboot NODE" where a restart is the fix:
 * makes it in a live lab (NULL: the only one); and what takes it back.  The caller frees. */
char *report_set_command(const fix *x, const char *program, const char *lab);
char *report_reset_command(const char *program, const char *lab);

#endif
