/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loss judge: one loss test (loss_test.h) for everything that the ends of a call hear, fed by what
 * they report while media flows.
 *
 * An end hears streams ("audio", "video"), or the other participants of a conference.  Depends on
 * loss_test, model and jansson.  Without I/O and without a clock.
 */
#ifndef TESTBED_SESSION_LOSS_JUDGE_H
#define TESTBED_SESSION_LOSS_JUDGE_H

#include "testbed/model/results.h"
#include "testbed/session/loss_test.h"

#include <jansson.h>
#include <stdbool.h>

#define LOSS_LOOK_MS 500 /* how often an end is to report */

typedef struct loss_judge loss_judge;

loss_judge *loss_judge_new(double limit_pct, unsigned burst_packets);
void loss_judge_free(loss_judge *j); /* accepts NULL */
/* End `end` will hear this, `of`. */
void loss_judge_add(loss_judge *j, guint end, const char *of);
/* Takes a report of that end: a `media` event, or the result of its call. */
void loss_judge_hear(loss_judge *j, guint end, const json_t *event);
/* Media need not go on: something failed, or everything is decided or never will be. */
bool loss_judge_is_done(const loss_judge *j);

struct loss_judged {
	guint end;
	const char *of; /* borrowed */
	const struct loss_test *test;
	double limit_pct;
};
guint loss_judge_count(const loss_judge *j);
struct loss_judged loss_judge_get(const loss_judge *j, guint index);

#endif
