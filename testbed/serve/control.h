/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control: a connection to a keeper's control socket (docs/LIVE.md) that never blocks.  Requests
 * that are made meanwhile wait for the one that is being answered.
 * Depends on common/wire and base.  Runs on the default main context.
 */
#ifndef TESTBED_SERVE_CONTROL_H
#define TESTBED_SERVE_CONTROL_H

#include "common/base/json.h"

typedef struct control control;

struct control_handlers {
	/* A line {"changed"} to one that follows. */
	void (*changed)(gpointer user_data);
	/* The lab is gone; comes once, after every request has got that as its answer. */
	void (*gone)(gpointer user_data);
};

/* Takes the connected socket over.  For control_free, which calls nobody back. */
control *control_new(int fd, const struct control_handlers *handlers, gpointer user_data);
void control_free(control *c);

/* A line before the answer; borrowed. */
typedef void (*control_line_func)(const json_t *line, gpointer user_data);
/* The answer, borrowed, and the descriptor that came with it (-1: none), which the callee closes;
 * `done` NULL: refused, as `error` says. */
typedef void (*control_done_func)(const json_t *done, const char *error, int fd,
				  gpointer user_data);

/* Takes `request` over.  `line` may be NULL; `done` is called once. */
void control_ask(control *c, json_t *request, control_line_func line, control_done_func done,
		 gpointer user_data);

#endif
