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

/* Draws it LADDER_COLUMNS wide; appends nothing when there are no rungs. */
void ladder_text(const ladder *l, GString *out);

#endif
