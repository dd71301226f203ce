/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crew: everything that runs in a lab: daemons, servers, clients; their start in order, their
 * control channels, their death.
 *
 * Lives in the supervisor.  All programs are started at once, for their start-up is work for the
 * CPU; what has to wait is only the `start` command: Edges wait for Front Ends, those for daemons.
 * Depends on exec, plan, model and base.
 */
#ifndef TESTBED_LAB_CREW_H
#define TESTBED_LAB_CREW_H

#include "testbed/exec/exec.h"
#include "testbed/lab/config.h"
#include "testbed/lab/place.h"

typedef struct crew crew;

struct crew_source {
	exec *x;
	const plan *plan;
	struct config_source config;
	const place *place;
	const char *program_dir;
	GMainContext *context;
};

struct crew_handlers {
	/* An event line, already in the envelope that lab.c reads.  Borrowed. */
	void (*line)(const char *line, gsize length, gpointer user_data);
	/* Everything is ready; once. */
	void (*ready)(gpointer user_data);
	/* One has ended; `asked`: it was told to quit.  `how` is borrowed. */
	void (*died)(const char *name, const char *how, gboolean asked, gpointer user_data);
};

/* `source` is copied, what it points at is borrowed.  The calling process must be the first of its
 * PID namespace: it reaps whatever ends in it. */
crew *crew_new(const struct crew_source *source, const struct crew_handlers *handlers,
	       gpointer user_data);
void crew_free(crew *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(crew, crew_free)

/* Starts every process of the plan; callbacks come from the main loop. */
gboolean crew_start(crew *c, GError **error);
/* Passes a command (a JSON object) to an agent; one that is gone or unknown gets nothing. */
void crew_command(crew *c, const char *name, json_t *command);
/* Live changes.  `next` says how things are to be: its plan and configuration; everything else as
 * at crew_new.
 *
 * Ends, and buries without a word, every process that is not in the next plan or is told something
 * else there, those that have died, those in the node `reboot` (NULL: none), and, when `clients` is
 * set, clients that are not in `spare` (NULL-terminated). Blocks until they are gone.  Their names
 * are appended to `ended` (char *, to be freed). */
struct crew_leave {
	bool clients;
	const char *const *spare;
	const char *reboot;
};
void crew_stop(crew *c, const struct crew_source *next, const struct crew_leave *leave,
	       GPtrArray *ended);
/* From now on `next` holds: its processes that do not run are started, in order, and handlers.ready
 * is called when all are ready.  What `next` points at must outlive the crew, or the next call. */
gboolean crew_resume(crew *c, const struct crew_source *next, GError **error);

/* What a process of this node sees in place of the machine's own files: pairs as in struct
 * exec_process, NULL at the end; elements belong to the array. */
GPtrArray *crew_files(const crew *c, const char *node);
/* Names of those that are not ready yet, for an error message; the caller frees. */
char *crew_missing(const crew *c);

#endif
