/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's end of the control channel: JSON lines, commands in, events out (docs/AGENTS.md).
 *
 * Adds to a line_socket the members that all events have, and the arguments of the programs.  A
 * command line longer than CONTROL_LINE_MAX_BYTES or not a JSON object ends the channel.
 * Depends on common/wire.  Runs on the thread-default main context of the creator.
 */
#ifndef COMMON_CHANNEL_H
#define COMMON_CHANNEL_H

#include <glib.h>

#include "common/base/json.h"
#include "common/wire/event.h"

typedef struct channel channel;

struct channel_handlers {
	/* `command` is borrowed; `name` is its "cmd". */
	void (*command)(channel *c, const char *name, json_t *command, gpointer user_data);
	/* End of file or a broken line: the agent should end. */
	void (*closed)(channel *c, gpointer user_data);
};

/* Takes over both descriptors (equal for a socket).  `handlers` is borrowed until channel_free. */
channel *channel_new(int in_fd, int out_fd, const struct channel_handlers *handlers,
		     gpointer user_data);
void channel_free(channel *c); /* closes; what is queued is lost.  Accepts NULL */

/* Sends { "event": NAME, "time_us": monotonic, ...fields }; `fields` (may be NULL) is taken
 * over.  A "time_us" in them replaces the time, for what happened earlier.  An event that is too
 * long for a line is cut (event_fit).  Never blocks: lines are queued and written as the other side
 * reads; while 32 MiB are queued, further events are dropped and counted.
 *  Usage: channel_event(c, EVENT_IM_RECEIVED, json_pack("{s:s, s:s}", "call", call, "text",
 * text)); */
void channel_event(channel *c, const char *name, json_t *fields);

/* Sends { "event": "log", "level", "text" } with printf-like text. */
void channel_log(channel *c, const char *level, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Writes out what is queued, and blocks for it at most `timeout_ms`; for the end of a program. */
void channel_flush(channel *c, guint timeout_ms);

/* For the start of main(): parses --help, --version, --control-fd=N (default: commands on standard
 * input, events on standard output) and --config=FILE (the JSON object in it is delivered first, as
 * a `start` command), ignores SIGPIPE, and returns the channel.  Exits with status 0 after --help
 * and --version, 2 after a usage error.  `summary` is one line for --help. */
channel *channel_from_args(int *argc, char ***argv, const char *summary,
			   const struct channel_handlers *handlers, gpointer user_data);

#endif
