/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tracked: what is asked of the sessions that the connection tracking of a lab's nodes remembers.
 *
 * Depends on walk and netstate.  Pure.
 */
#ifndef TESTBED_WALK_TRACKED_H
#define TESTBED_WALK_TRACKED_H

#include "testbed/walk/walk.h"

/* The sessions of one node or, with NULL, of all: const struct tracked, borrowed from the state, in
 * its order; the caller frees the array alone.  Empty where the state tells of none (`state` may be
 * NULL). */
GPtrArray *tracked_of(const netstate *state, const char *node);
/* Whether the state holds all that the node remembers: no session there is none at all. */
bool tracked_is_whole(const netstate *state, const char *node);

/* Whether such a packet, when it comes to the node, belongs to the session, be it a question or an
 * answer.  Of `packet` the node is not looked at, and ports that are 0 fit every port. */
bool tracked_has(const struct tracked *t, const struct flow *packet);
/* The same of questions only. */
bool tracked_asks(const struct tracked *t, const struct flow *packet);

/* "udp 10.20.0.101:5000 -> 203.0.113.3:3478"; the caller frees. */
char *tracked_text(const struct tracked *t);
/* What the node's NAT makes of it: "outside 198.51.100.10:5000", of one that it lets in "led
 * to 10.0.0.2:3478"; NULL: nothing.  The caller frees. */
char *tracked_nat_text(const struct tracked *t);

#endif
