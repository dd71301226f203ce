/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Agree: holds a walk against the journeys of the real packets of the same flow.
 *
 * The walk reasons about a kernel; the packets were there.  Where the two differ the tool itself is
 * wrong, and says so (TOOL_DISAGREES).  What a walk can't know is no disagreement: packets that a
 * NAT or a stateful rule let in because the other end had sent before. Depends on walk and journey.
 * Pure.
 */
#ifndef TESTBED_DIAGNOSE_AGREE_H
#define TESTBED_DIAGNOSE_AGREE_H

#include "testbed/packets/journey.h"
#include "testbed/walk/walk.h"

#define AGREE_CODE "TOOL_DISAGREES"

enum agree_state {
	AGREE_UNSEEN, /* no packet of this flow was seen, or nothing follows from those that were */
	AGREE_YES,
	AGREE_NO,
};

struct agreement {
	enum agree_state state;
	guint there, back; /* packets seen */
	char *text;	   /* what was seen, one sentence; NULL: nothing */
};

/* `flow` is the one that was walked; its source address and destination port may be unset,
 * its source port is not looked at. */
struct agreement agree_check(const struct walk_pair *w, const struct flow *flow,
			     const journeys *all);
void agreement_clear(struct agreement *a);

#endif
