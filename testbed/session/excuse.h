/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Excuse: can what the machine did be the reason why a cell came out as it did?
 *
 * A witness excuses only what it can have caused.  Each kind of failure has a patience: the
 * protocol bears a shorter delay, because it sends again or waits.  What a peer or server has
 * refused, and what took another way than all who were late, is never excused.
 *
 * Depends on model.  Pure.
 */
#ifndef TESTBED_SESSION_EXCUSE_H
#define TESTBED_SESSION_EXCUSE_H

#include "testbed/model/results.h"
#include "testbed/model/witness.h"

/* The witnesses among `all` (struct witness) that lie between the two moments, concern the cell and
 * are strong enough for the way in which it failed, or for a path that it should not have taken.
 * Of witnesses of other clients only those that take part count.  Copies in a list that the caller
 * unrefs; empty: there is no excuse. */
GPtrArray *excuse_find(const struct cell *c, const GPtrArray *all, gint64 from_us, gint64 to_us);

/* How long a delay such a failure bears, in ms; -1: no delay and no loss excuses it. */
int excuse_patience_ms(const struct cell *c);

/* Adds them to the witnesses of the cell, which stay with it when it is measured again. */
void excuse_keep(struct cell *c, const GPtrArray *witnesses);
/* Makes an error of the cell that names the witnesses, before the words that it had. */
void excuse_apply(struct cell *c, const GPtrArray *witnesses);

#endif
