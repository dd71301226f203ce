/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to change_*.c: change_sheet has the page of a run and what both pages share,
 * change_explained what is told otherwise of one call that was explained. */
#ifndef TESTBED_REPORT_CHANGE_PARTS_H
#define TESTBED_REPORT_CHANGE_PARTS_H

#include "testbed/report/change_sheet.h"

/* The first sentence of the page; the caller frees it. */
char *change_explained_verdict(const explanation *x);
/* How the call is explained again, on one line; the caller frees it. */
char *change_explained_command(const struct change_sheet *c);
/* What is known of the fix; the caller frees it. */
char *change_explained_trial(const explanation *x);
/* Commands that make the fix in a lab that is up. */
void change_explained_commands(const struct change_sheet *c, struct sheet *out);
/* What takes the fix back. */
void change_explained_rollback(const struct change_sheet *c, struct sheet *out);

/* Appends what takes the changes back, the last one first, each as a command. */
void change_undo_commands(const struct change_sheet *c, char *const *changes, GString *out);

#endif
