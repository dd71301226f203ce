/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One cell from its start to its verdict, as the tests of the machine play it: between dc1 and
 * home1, or a conference of dc1, branch1 and home1. */
#ifndef TESTS_UNIT_SESSION_PLAY_H
#define TESTS_UNIT_SESSION_PLAY_H

#include "testbed/session/machine.h"

struct play {
	struct cell *cell;
	cell_machine *machine;
	GPtrArray *commands; /* struct agent_command: all that were sent */
};

/* Takes `cell` over. */
void play_begin(struct play *p, struct cell *cell);
void play_begin_by(struct play *p, struct cell *cell, const struct cell_rules *by);
void play_end(struct play *p);

/* What an agent says; takes the event over. */
void play_hear(struct play *p, const char *agent, json_t *event);
/* The command of that number, which must have been sent. */
const struct agent_command *play_command(const struct play *p, guint index);
const char *play_member(const struct agent_command *c, const char *key); /* "": it has none */

/* What the ends of a message say: that its text has come, and what became of it. */
json_t *play_im_text(const struct play *p);
json_t *play_im_result(const char *verdict, const char *reason);

/* The cell has ended so, for a reason that says `why` (NULL: without one). */
void play_expect_done(const struct play *p, enum verdict verdict, enum path_class path,
		      const char *why, const char *name);

#endif
