/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tracked: questions about the sessions in the connection tracking of a lab's nodes.
 *
 * Depends on walk and netstate.  Pure.
 */
#ifndef TESTBED_WALK_TRACKED_H
#define TESTBED_WALK_TRACKED_H

#include "testbed/walk/walk_record.h"

/* The sessions of one node or, with NULL, of all: const struct tracked, borrowed from the state, in
 * its order; the caller frees the array alone.  Empty where the state tells of none (`state` may be
 * NULL). */
GPtrArray *tracked_of(const netstate *state, const char *node);
/* Whether the state has all sessions of the node, so that one which is not there does not exist. */
bool tracked_is_whole(const netstate *state, const char *node);

/* Whether such a packet belongs to the session when it comes to the session's node, in either
 * direction.  The node of `packet` is ignored, and its ports that are 0 match every port. */
bool tracked_has(const struct tracked *t, const struct flow *packet);
/* The same in the session's first direction only. */
bool tracked_asks(const struct tracked *t, const struct flow *packet);

/* "udp 10.20.0.101:5000 -> 203.0.113.3:3478"; the caller frees. */
char *tracked_text(const struct tracked *t);
/* How the node's NAT translates it: "outside 198.51.100.10:5000", or "led to 10.0.0.2:3478" of one
 * from outside; NULL: not at all.  The caller frees. */
char *tracked_nat_text(const struct tracked *t);

#endif
