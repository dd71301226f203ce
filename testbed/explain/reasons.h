/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reasons: the causes of a run's failed cells, found while its labs live.
 *
 * Depends on cause, matrix, model and base.  Pure: what the matrix tells goes in, causes are
 * written into its cells. Cheap enough for every run: no packet is sent, no lab built; a cell costs
 * its walks.
 *
 *   g_autoptr(reasons) why = reasons_new(selection);
 *   reasons_heard(why, scenario, agent, event);     for every event of every agent
 *   reasons_find(why, scenario_result, state, told);  whenever the kernels were looked at
 */
#ifndef TESTBED_EXPLAIN_REASONS_H
#define TESTBED_EXPLAIN_REASONS_H

#include "common/base/object.h"
#include "testbed/matrix/cells.h"
#include "testbed/netstate/netstate.h"

typedef struct reasons reasons;

/* `s` is borrowed and must outlive it; its run_id must have been set. */
reasons *reasons_new(const matrix_selection *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(reasons, object_free)

/* Keeps a reference to the event. */
void reasons_heard(reasons *r, const char *scenario, const char *agent, const json_t *event);

/* Finds the cause of every cell of the scenario that has failed and has none yet, and judges it
 * anew.  `state` is NULL when it could not be read.  These cells are added to
 * `told` (struct cell, borrowed). */
void reasons_find(reasons *r, const struct scenario_result *s, const netstate *state,
		  GPtrArray *told);

/* Does a cell of the selection name the cause that it must fail for? */
bool reasons_expected(const matrix_selection *s);

#endif
