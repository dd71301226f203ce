/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspection: reads the state of all nodes' kernels, one node in each turn of the main loop.
 *
 * A node takes a millisecond, on a busy machine more. Read at once, a thousand nodes would hold up
 * the agents' events until calls run into their deadlines. Lives in the supervisor. Depends on exec
 * and plan.
 */
#ifndef TESTBED_LAB_INSPECTION_H
#define TESTBED_LAB_INSPECTION_H

#include "testbed/lab/evidence.h"
#include "testbed/netstate/netstate.h"

typedef struct inspection inspection;

struct inspection_job {
	exec *x;
	const plan *plan;
	evidence_file *evidence; /* the routes of the packets that it has seen are looked up, too;
				    NULL: none are */
	GPtrArray *questions;	 /* and these (struct route_question).  The inspection takes a
				    reference */
	GMainContext *context;
	/* `n` is borrowed for the call. */
	void (*state)(const node_state *n, gpointer user_data);
	/* Once, as the last; with an `error` (borrowed) the rest of the nodes is left out.  The
	 * inspection may be freed in it. */
	void (*done)(const GError *error, gpointer user_data);
	gpointer user_data;
};

/* `job` is copied, what it points at is borrowed until `done`. */
inspection *inspection_new(const struct inspection_job *job);
/* Reads all nodes that are left; `done` has been called when it returns. Blocks. */
void inspection_finish(inspection *i);
/* NULL is accepted; what has not been read is left out, and `done` is not called. */
void inspection_free(inspection *i);

#endif
