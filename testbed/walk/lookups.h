/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lookups: compares the routes that a walk chose with those that the kernels chose.
 *
 * A walk looks routes up in dumped tables and rules, by code of its own.  For packets that were
 * captured the state of a lab also has the kernels' own look-ups (struct kernel_lookup).  Where the
 * two differ, this program is wrong about the network and says so (TOOL_DISAGREES).
 * Depends on walk_record.  Pure.
 */
#ifndef TESTBED_WALK_LOOKUPS_H
#define TESTBED_WALK_LOOKUPS_H

#include "testbed/walk/walk_record.h"

/* Finds the kernel's answer to each hop's look-up in `state` and compares (hop->lookup.state,
 * .kernel); done by walk_both and walk_meet, over the state that they walk. */
void lookups_hold(walk *w, const netstate *state);

/* What the kernels must be asked so that every hop can be compared: struct route_question.  The
 * caller owns it. */
GPtrArray *lookups_wanted(const struct walk_pair *w);

/* How the look-ups of both directions compare. */
struct lookups_tally {
	guint agree;   /* look-ups that are as the kernel's */
	char *differs; /* the first that is not, in one sentence; NULL: none */
};

struct lookups_tally lookups_count(const struct walk_pair *w);
void lookups_tally_clear(struct lookups_tally *t);

/* "kernel at edge: 10.20.0.101 from 172.25.33.10: no way (ENETUNREACH)": the kernel's own answer at
 * the hop of `node` that decided where the walk went.  The caller frees; NULL: it was not asked. */
char *lookups_proof(const walk *w, const char *node);

/* Appends a line for each node and direction whose kernel was asked; for the direction back also of
 * the nodes that no answer came to.  '*' marks what the walk relies on. */
void lookups_text(const struct walk_pair *w, const netstate *state, GString *out);

#endif
