/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab without kernel and processes: it keeps what is sent, and says what the test wants.  Stands
 * in for testbed/lab/lab.h in a program that links nothing else of that layer. */
#ifndef TESTS_UNIT_SESSION_FAKE_LAB_H
#define TESTS_UNIT_SESSION_FAKE_LAB_H

#include "testbed/lab/lab.h"
#include "testbed/session/machine.h"

struct fake_lab {
	struct lab_callbacks callbacks;
	gpointer user_data;
	GPtrArray *sent;  /* struct agent_command */
	GQueue questions; /* struct fake_question, not answered */
	char *change;  /* the last one that was asked for: its texts, spared clients and reboot */
	guint watches; /* that were not taken back */
	const char *mute; /* an agent that nothing can be sent to, or NULL */
	guint overloads;  /* as many answers to lab_look tell that the machine lost packets */
	bool looks_held;  /* lab_look is answered by fake_look_over only */
	lab_look_func look;
	gpointer look_data;
	bool freed;
};

/* The last one that was started; stays readable after lab_free. */
extern struct fake_lab fake;

void fake_built(void);
/* Answers the last lab_look that was held. */
void fake_look_over(void);
/* Takes `event` over. */
void fake_say(const char *agent, json_t *event);
void fake_died(const char *agent);
void fake_failed(void);
/* Answers the oldest question: lab_inspect with an empty state, lab_watch with an open descriptor,
 * lab_enter with four, lab_credentials with an account without relay, lab_change with nobody
 * restarted.  With `refused` (NULL: none) it gets that as an error. */
void fake_answer(const char *refused);
/* What was sent since the last time: "AGENT CMD" or "AGENT CMD CALL", one a line; the caller frees.
 */
char *fake_take_sent(void);

#endif
