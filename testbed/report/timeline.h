/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call as a timeline of its events: sign-ins, candidates, selected pairs, quality, verdict.
 *
 * Depends on model and jansson.  Pure.
 */
#ifndef TESTBED_REPORT_TIMELINE_H
#define TESTBED_REPORT_TIMELINE_H

#include "common/base/object.h"
#include "common/base/json.h"
#include "testbed/report/text.h"

/* An event of an agent (docs/AGENTS.md). */
struct timeline_event {
	char *agent;
	json_t *event;
};

/* Copies the name and takes a reference to the event.  object_free accepts NULL. */
struct timeline_event *timeline_event_new(const char *agent, json_t *event);

/* When the call's INVITE was sent (CLOCK_MONOTONIC); 0: it was not yet. */
gint64 timeline_invite_us(const GPtrArray *events);
/* Appends the line of an event; nothing for those that a timeline does not show.  Its time counts
 * from `zero_us`; 0: it has none. */
void report_timeline_event(const struct timeline_event *e, gint64 zero_us, bool verbose,
			   const struct report_style *style, GString *out);

/* Appends the timeline of `c` to `out`.  `events` are struct timeline_event in order of arrival;
 * times count from the INVITE, or where there is none from the first event.
 * `verbose` adds DNS queries, remote candidates and ICE states; in a `live` lab a network that
 * should fail may have been mended. */
void report_timeline(const struct cell *c, const GPtrArray *events, bool verbose, bool live,
		     const struct report_style *style, GString *out);

#endif
