/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stderr shows while a verb works: progress (report/progress.h), drawn again and again on a
 * terminal, line by line on one that can't draw (TERM=dumb), and nothing in a pipe.
 *
 * Tell v->progress what happens, then call live_view_show.  On the default main context time goes
 * on by itself, and while a keeper is asked by live_view_follow.  Depends on live and report.
 */
#ifndef TESTBED_CMD_LIVE_VIEW_H
#define TESTBED_CMD_LIVE_VIEW_H

#include "testbed/cmd/cmd.h"
#include "testbed/live/client.h"
#include "testbed/report/progress.h"

typedef struct live_view {
	progress *progress;
	bool draws; /* false: nothing is ever drawn anew */
	bool prints, ended;
	const struct options *options;
	guint redraw; /* source of the clock */
} live_view;

/* For `wanted` false, --quiet and pipes it shows nothing.  object_free accepts NULL. */
live_view *live_view_new(const struct options *o, bool wanted);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(live_view, object_free)
/* Shows what was told. */
void live_view_show(live_view *v);
/* Time goes on while this client waits for its keeper, which runs no main loop. */
void live_view_follow(live_view *v, live_client *c);
/* A line that a keeper sends while it places a call (docs/LIVE.md): tells and shows its event.
 * Returns that, borrowed, and whose it is; NULL: the line is none.  `ret_again`: what was heard
 * before is void, because the call begins anew. */
json_t *live_view_event(live_view *v, const json_t *line, const char **ret_agent, bool *ret_again);
/* Takes the drawing away for good; results follow. */
void live_view_end(live_view *v);

#endif
