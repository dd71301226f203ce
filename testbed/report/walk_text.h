/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk for people: hop by hop, both directions, and the verdict in words.
 *
 * Depends on walk.  Pure: appends to `out`, no line longer than 80 columns but for names that are.
 */
#ifndef TESTBED_REPORT_WALK_TEXT_H
#define TESTBED_REPORT_WALK_TEXT_H

#include "testbed/walk/walk.h"

void walk_text(const struct walk_pair *w, GString *out);

/* Whether the packet reached a node with its destination and the answer came back to the sender. */
bool walk_pair_delivered(const struct walk_pair *w);

/* Appends `text` and a line's end, broken at spaces; `label` stands before its first line, as wide
 * as the others' indent. */
void walk_text_wrapped(GString *out, const char *label, const char *text);

#endif
