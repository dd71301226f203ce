/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ladder text: a ladder as a drawing in text, with a column for each lane.
 *
 *        branch1         fe            edge          home1
 *    0      |-- INVITE ->|              |              |
 *    2      |            |-- INVITE --->|              |
 *
 * Depends on ladder.  Pure.
 */
#ifndef TESTBED_REPORT_LADDER_TEXT_H
#define TESTBED_REPORT_LADDER_TEXT_H

#include "testbed/packets/ladder.h"

#define LADDER_COLUMNS 80

/* Draws it `columns` wide, at least 40 and at most LADDER_COLUMNS: longer texts go on in further
 * lines, and where there is no room for a bar a lane, each message is a line of text.  Appends
 * nothing when there are no rungs. */
void ladder_text(const ladder *l, guint columns, GString *out);

#endif
