/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lookups: holds the routes that a walk chose against those that the kernels themselves chose.
 *
 * A walk looks routes up in dumped tables and rules by code of its own.  Of packets that were seen
 * the state of a lab also has the kernels' own look-ups (struct kernel_lookup): where the two
 * differ the tool itself is wrong, and says so (TOOL_DISAGREES).  Where none was recorded nothing
 * follows. Depends on walk.  Pure.
 */
#ifndef TESTBED_WALK_LOOKUPS_H
#define TESTBED_WALK_LOOKUPS_H

#include "testbed/walk/walk.h"

/* Finds the kernel's answer to each hop's look-up in `state` and compares (hop->lookup.state,
 * .kernel); done by walk_both and walk_meet, over the state that they walk. */
void lookups_hold(walk *w, const netstate *state);

/* What the kernels have to be asked for every hop to be held: struct route_question.  The caller
 * owns it. */
GPtrArray *lookups_wanted(const struct walk_pair *w);

/* How the look-ups of both directions compare. */
struct lookups_tally {
	guint agree;   /* as the kernel says */
	char *differs; /* the first that is not, one sentence; NULL: none */
};

struct lookups_tally lookups_count(const struct walk_pair *w);
void lookups_tally_clear(struct lookups_tally *t);

/* "kernel at edge: 10.20.0.101 from 172.25.33.10: no way (ENETUNREACH)": the kernel's own word at
 * the hop of `node` that decided where the walk went.  The caller frees; NULL: it was not asked. */
char *lookups_proof(const walk *w, const char *node);

/* One line for each node and direction of the walk, as far as its kernel was asked, and for the
 * direction back also what the nodes say that no answer came to; '*' marks what the walk relies on.
 */
void lookups_text(const struct walk_pair *w, const netstate *state, GString *out);

#endif
