/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Observation: what was seen of one call.
 *
 * Nouns: `heard` is one event that an agent sent; an `observation` is all that agents said, the
 * state of the kernels after the call, and the packets that were captured.
 * Depends on journey, model and base.  Pure, but for observation_read_packets, which reads a file.
 */
#ifndef TESTBED_PACKETS_OBSERVATION_H
#define TESTBED_PACKETS_OBSERVATION_H

#include "common/base/json.h"
#include "common/wire/event.h"
#include "testbed/model/results.h"
#include "testbed/netstate/netstate.h"
#include "testbed/packets/journey.h"

struct heard {
	char *agent; /* "branch1", "edge/tb-edge" */
	json_t *event;
};

struct observation {
	GPtrArray *heard;	 /* struct heard, in order */
	netstate *state;	 /* a reference; NULL: could not be read */
	journeys *packets;	 /* a reference; NULL: none were kept */
	gint64 clock_offset_us;	 /* the time since 1970 is this much more than that of events */
	gint64 start_us, end_us; /* of the call, where a whole run was recorded; 0: all of it is
				    this call's */
};

/* With a copy of the text and a reference to the event, which must not change; the caller owns
 * it. */
struct heard *heard_ref(const char *agent, json_t *event);
/* Copies both; the caller owns it. */
struct heard *heard_new(const char *agent, const json_t *event);
void heard_free(struct heard *h);

/* Empty; observation_clear frees what it has got. */
void observation_init(struct observation *seen);
void observation_clear(struct observation *seen);

/* Takes a line that a lab's keeper sends of a call (docs/LIVE.md): an event, or that the call is
 * placed again and what was told of it does not count. */
void observation_hear(struct observation *seen, const json_t *line);
/* Whether a client could not sign in before the call began, which packets were recorded from: that
 * none are there says nothing about its own. */
bool observation_failed_before(const struct observation *seen);

/* Reads the evidence of a lab (pcapng) from the start of `fd`; seen->packets stays NULL when it is
 * none. */
void observation_read_packets(struct observation *seen, int fd);

#endif
