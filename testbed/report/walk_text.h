/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk as text: hop by hop in both directions, and the verdict.
 *
 * Depends on walk.  Pure: appends to `out`; only a long name makes a line longer than `columns`.
 */
#ifndef TESTBED_REPORT_WALK_TEXT_H
#define TESTBED_REPORT_WALK_TEXT_H

#include "testbed/walk/walk.h"

/* Appends the walk of a packet and of its answer. */
void walk_text(const struct walk_pair *w, guint columns, GString *out);

#endif
