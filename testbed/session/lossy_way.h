/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lossy way: may the network lose packets of a call's media, by the topology alone?
 *
 * Media may take every way between two of its ends, their relays and the conference's MCU that does
 * not come to a node twice.  Where none of these ways has an impairment that loses packets, no loss
 * is expected.  Depends on model.  Pure.
 */
#ifndef TESTBED_SESSION_LOSSY_WAY_H
#define TESTBED_SESSION_LOSSY_WAY_H

#include "testbed/model/results.h"

struct lossy_way {
	bool may_lose;
	unsigned burst_packets; /* the longest mean run of losses of an impairment; 0: single */
};

/* Of a cell without audio or video nothing is lossy.  A rate counts where it is less than four
 * times what the call needs. */
struct lossy_way lossy_way_of(const model *m, const struct cell *c);

#endif
