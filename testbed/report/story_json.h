/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A story as JSON, the cells of "testbed.story/1" (docs/STORY.md).
 *
 * Depends on story.  Pure.  All texts are valid UTF-8.
 */
#ifndef TESTBED_REPORT_STORY_JSON_H
#define TESTBED_REPORT_STORY_JSON_H

#include "testbed/diagnose/explanation.h"
#include "testbed/report/story.h"

#define STORY_SCHEMA "testbed.story/1"

/* Links have delays, and packets are read a little later than they come. */
#define STORY_ON_THE_WAY_US 500000

struct story_source {
	const model *model; /* the network of the cell's scenario */
	const struct cell *cell;
	const struct observation *seen;
	const explanation *explanation; /* NULL: nothing was explained */
	bool packed;			/* as pages have it (docs/STORY.md, section "In a page") */
	/* The call goes on: the time up to which it was seen, as events' times; else 0.  A packet
	 * that was seen less than STORY_ON_THE_WAY_US before is not called lost, and the cell has
	 * `zero_us`, when its time 0 was since 1970. */
	gint64 now_us;
	const char *vpn; /* what tunnels of WireGuard were made by; NULL: not known */
};

/* The cell's object, without "trial"; the caller owns it. */
json_t *story_cell_json(const struct story_source *from);
/* What a trial came to: the change, and the story of the call with it; the caller owns it.  Takes
 * over that story, `with`. */
json_t *story_trial_json(const struct trial *t, const fix *mend, json_t *with);

/* "nodes" of a scenario: routes, rules, sessions and counters as the kernels had them, by the model
 * of the scenario and a state (NULL: an empty object).  The caller owns it. */
json_t *story_nodes_json(const model *m, const netstate *state);

#endif
