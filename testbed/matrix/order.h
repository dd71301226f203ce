/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order a scenario's cells are placed.
 *
 * Longest first makes the run short: a conference that begins with a call takes two calls' time;
 * between sites that nothing joins ICE waits longest (seven seconds to give a call up, about two to
 * be sure of a path through NAT or relay), and what costs waiting and no processor should begin
 * first.  Nothing here knows what a cell is expected to come to. Depends on model.  Pure.
 */
#ifndef TESTBED_MATRIX_ORDER_H
#define TESTBED_MATRIX_ORDER_H

#include "testbed/model/model.h"
#include "testbed/model/results.h"

/* The lower, the earlier. */
int order_urgency(const model *m, const struct cell *c);
/* Appends all cells (struct cell, borrowed), by urgency; `seed` decides among equals. */
void order_cells(GQueue *queue, const GPtrArray *cells, const model *m, guint64 seed);

#endif
