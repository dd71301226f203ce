/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order in which a scenario's cells are placed.
 *
 * The longest go first, because that makes the run short.  A conference that begins with a call
 * takes the time of two calls.  ICE waits longest between sites that no tunnel joins: seven seconds
 * until a call fails, about two until a path through NAT or relay is chosen; and waiting costs no
 * processor time.  Instant messages go last.  Nothing here knows what is expected of a cell.
 * Depends on model. Pure.
 */
#ifndef TESTBED_MATRIX_ORDER_H
#define TESTBED_MATRIX_ORDER_H

#include "testbed/model/model.h"
#include "testbed/model/results.h"

#define ORDER_LAST 1000 /* after all that has an urgency */

/* The class of a cell; lower ones are placed earlier. */
int order_urgency(const model *m, const struct cell *c);
/* Appends all cells (struct cell, borrowed) to the queue, by urgency; `seed` decides the order
 * within a class. */
void order_cells(GQueue *queue, const GPtrArray *cells, const model *m, guint64 seed);

#endif
