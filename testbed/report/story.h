/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call told from its events: who signed in where, which candidates, which pair, how good, what
 * came out.
 *
 * Depends on model and jansson.  Pure.
 */
#ifndef TESTBED_REPORT_STORY_H
#define TESTBED_REPORT_STORY_H

#include "testbed/report/text.h"

#include <jansson.h>

struct story_event {
	char *agent;
	json_t *event;
};

/* Copies the name and takes a reference to the event.  Free with story_event_free. */
struct story_event *story_event_new(const char *agent, json_t *event);
void story_event_free(struct story_event *e);

/* Appends the story of `c` to `out`.  `events` are struct story_event in order of arrival.
 * `verbose` also tells every DNS question, remote candidates and ICE states. */
void report_story(const struct cell *c, const GPtrArray *events, bool verbose,
		  const struct report_style *style, GString *out);

#endif
