/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs that a lab runs have in common: a main loop, the control channel, a table of
 * commands, an end.
 *
 * Depends on channel.
 *
 *   int main(int argc, char **argv)
 *   {
 *           struct my_program p = { 0 };
 *           return agent_main(&argc, &argv, &my_agent, &p);
 *   }
 */
#ifndef COMMON_AGENT_H
#define COMMON_AGENT_H

#include "common/channel.h"

typedef struct agent agent;

struct agent_command {
	const char *name;					    /* NULL: the end of the table */
	void (*run)(agent *a, json_t *command, gpointer user_data); /* `command` is borrowed */
};

struct agent_kind {
	const char *program; /* "tb-edge" */
	const char *summary; /* one line for --help */
	/* Or NULL: `command` is told of every one.  Without a row `quit` is agent_stop. */
	const struct agent_command *commands;
	void (*command)(agent *a, const char *name, json_t *command, gpointer user_data);
	void (*end)(gpointer user_data); /* after the main loop, while the channel still writes
					    events out */
};

/* Runs until agent_stop, or until the control channel is closed.  Returns the exit status. */
int agent_main(int *argc, char ***argv, const struct agent_kind *kind, gpointer user_data);

/* Borrowed. */
channel *agent_channel(const agent *a);
/* The events `ready` and `failed`; the latter ends the program with status 1. */
void agent_ready(const agent *a);
void agent_failed(agent *a, const GError *error);
void agent_stop(agent *a, int status);

#endif
