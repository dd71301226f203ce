/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Second look: the causes that only packets and sessions tell, once a run's labs are gone.
 *
 * While labs live causes are found without packets (explain/reasons.h), for reading them all would
 * cost more than the calls.  The few cells that are UNKNOWN so are explained again from the run
 * folder, as `explain` does. Depends on finished, explain and matrix.
 */
#ifndef TESTBED_EXPLAIN_SECOND_LOOK_H
#define TESTBED_EXPLAIN_SECOND_LOOK_H

#include "testbed/matrix/cells.h"

/* Gives failed cells of `s` whose cause is UNKNOWN the one that the run folder `dir` tells, and
 * judges them anew; those whose cause is now another are added to `told` (struct cell, borrowed).
 * Reads nothing where there is no such cell; else blocks for some tenths of a second.  What the
 * folder does not hold changes nothing. */
void second_look(const matrix_selection *s, const char *dir, GPtrArray *told);

#endif
