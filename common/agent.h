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
	const char *name; /* as in "cmd"; NULL: the end of the table */
	void (*run)(agent *a, json_t *command, gpointer user_data); /* `command` is borrowed */
};

struct agent_kind {
	const char *program; /* "tb-edge" */
	const char *summary; /* one line for --help */
	/* The commands that it understands; NULL: `command` is called for each instead.  `quit`
	 * without a row is agent_stop with status 0; another command without a row is a warning in
	 * the log. */
	const struct agent_command *commands;
	void (*command)(agent *a, const char *name, json_t *command, gpointer user_data);
	void (*end)(gpointer user_data); /* after the main loop, while the channel still writes
					    events out */
};

/* Parses the arguments (channel_from_args), runs commands until agent_stop is called or the control
 * channel is closed, calls `end`, and writes out what is queued (at most half a second).  Returns
 * the exit status. */
int agent_main(int *argc, char ***argv, const struct agent_kind *kind, gpointer user_data);
/* What agent_main begins with: the program ends with GLib's line when there is no memory, also for
 * jansson and for GnuTLS, of which libnice does not look whether it had any. */
void agent_end_without_memory(void);

/* The control channel; borrowed until agent_main returns. */
channel *agent_channel(const agent *a);
/* Sends the event `ready`. */
void agent_ready(const agent *a);
/* Sends the event `failed` with the error, and ends the program with status 1. */
void agent_failed(agent *a, const GError *error);
/* Lets agent_main return `status` when the running callback has returned. */
void agent_stop(agent *a, int status);

#endif
