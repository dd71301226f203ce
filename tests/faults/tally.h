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

/* Counts an answer and appends its line to `line`.  False: something in it was wrong. */
bool tally_add(tally *t, const struct attempt *a, const json_t *answer, double seconds, GString *line);

/* Precision and recall for each code, and what the fixes did. */
void tally_table(const tally *t, GString *text);

#endif
