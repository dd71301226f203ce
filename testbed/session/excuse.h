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

#define EXCUSE_MEASURED_MAX 3 /* once, and at most twice again */

/* The witnesses among `all` (struct witness) that lie between the two moments, concern the cell and
 * are strong enough for the way in which it failed, or for a path that it should not have taken.
 * Of witnesses of other clients only those that take part count.  Copies in a list that the caller
 * unrefs; empty: there is no excuse. */
GPtrArray *excuse_find(const struct cell *c, const GPtrArray *all, gint64 from_us, gint64 to_us);
/* The same for a sign-in of that client that failed for `code` (REASON_NONE: it did not answer). */
GPtrArray *excuse_find_sign_in(const char *client, enum reason code, const GPtrArray *all,
			       gint64 from_us, gint64 to_us);

/* How long a delay such a failure bears, in ms; -1: no delay and no loss excuses it. */
int excuse_code_patience_ms(enum reason code);
int excuse_patience_ms(const struct cell *c);

/* Notes what the machine did to the media of the cell between the two moments: machine_late_ms, all
 * delays of those who took part added up, and machine_lost, packets. */
void excuse_note_quality(struct cell *c, const GPtrArray *all, gint64 from_us, gint64 to_us);

/* Adds copies of them to what a cell or a sign-in was spoilt by before, up to a limit. */
void excuse_keep(GPtrArray *kept, const GPtrArray *witnesses);
/* "the machine was overloaded: A; B and 4 more"; the caller frees. */
char *excuse_text(const GPtrArray *witnesses);
/* Makes an error of the cell that names the witnesses, before the words that it had. */
void excuse_apply(struct cell *c, const GPtrArray *witnesses);

#endif
