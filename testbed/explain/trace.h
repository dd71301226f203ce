/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trace: asks the kernels of a lab for what one packet and its answer need to be walked.
 *
 * The kernels are asked twice: for their state, and then, by the walk over that, for their own
 * look-ups of its hops.  Depends on session, walk and model.
 */
#ifndef TESTBED_EXPLAIN_TRACE_H
#define TESTBED_EXPLAIN_TRACE_H

#include "testbed/session/session.h"
#include "testbed/walk/walk.h"

/* One question to the kernels of a lab: their state, with the answers to `questions` (struct
 * route_question; NULL: none).  The caller owns the answer; NULL with `error`. */
typedef netstate *(*trace_ask_func)(const GPtrArray *questions, gpointer user_data, GError **error);

/* The state of the network `m` with the kernels' look-ups of `flow` and its answer in it.  The
 * caller owns it; NULL with `error` of `ask`. */
netstate *trace_state(const model *m, const struct flow *flow, trace_ask_func ask,
		      gpointer user_data, GError **error);

/* The same of a fresh lab of that network.  Agents that died are told in `died` (char *): what a
 * program does matters to no route.  *ret_uncontained, which must be NULL, becomes what this host
 * could not contain (struct lab_build), which the caller frees.  Runs the default main context
 * until the answers are there. */
netstate *trace_fresh(const model *m, const struct lab_options *options, const struct flow *flow,
		      GPtrArray *died, char **ret_uncontained, GError **error);

#endif
