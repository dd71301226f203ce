/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tally: how many faults were named rightly, by cause code; and what is said while they run.
 *
 * Pure: answers in, text out.
 */
#ifndef TESTS_FAULTS_TALLY_H
#define TESTS_FAULTS_TALLY_H

#include "tests/faults/attempt.h"

typedef struct tally tally;

tally *tally_new(void);
void tally_free(tally *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tally, tally_free)

/* Counts an answer and appends what to say of it to `line`: one line of at most 80 columns where
 * all was right.  False: a cause, or the fix that was tried, was not. */
bool tally_add(tally *t, const struct attempt *a, const json_t *answer, double seconds,
	       GString *line);

/* How often each code was named and rightly so, what the fixes did, and how to repeat what was
 * wrong.  `seed`: of the run. */
void tally_table(const tally *t, int seed, GString *text);

#endif
