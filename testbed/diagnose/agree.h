/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Agree: compares a walk with the journeys of the real packets of the same flow.
 *
 * Where the two differ this program is wrong about the network, and says so (TOOL_DISAGREES).  It
 * is no difference that a NAT or a stateful rule let packets in because the other end had sent
 * before: a walk can't know that.
 *
 * Depends on walk_record and journey.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_AGREE_H
#define TESTBED_DIAGNOSE_AGREE_H

#include "testbed/packets/journey.h"
#include "testbed/walk/walk_record.h"

#define AGREE_CODE "TOOL_DISAGREES"

enum agree_state {
	AGREE_UNSEEN, /* no packet of this flow was seen, or those that were say nothing */
	AGREE_YES,
	AGREE_NO,
};

struct agreement {
	enum agree_state state;
	guint there, back; /* packets seen */
	char *text;	   /* what was seen, in one sentence; NULL: nothing */
};

/* `m` is the network that was walked: where it impairs a link of the way, packets that ended early
 * contradict nothing; NULL: it impairs none.  `flow` is the one that was walked.  Its source
 * address and destination port may be unset; its source port is ignored. */
struct agreement agree_check(const struct walk_pair *w, const struct flow *flow, const model *m,
			     const journeys *all);
void agreement_clear(struct agreement *a);

#endif
