/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process_set: the processes of a lab (daemons, servers, clients): their start in order, their
 * control channels, their end.
 *
 * Lives in the supervisor.  All programs are executed at once, because loading them takes processor
 * time; only the `start` command waits: Edges wait for Front Ends, and those for daemons. Depends
 * on exec, plan, model and base.
 */
#ifndef TESTBED_LAB_PROCESS_SET_H
#define TESTBED_LAB_PROCESS_SET_H

#include "common/wire/reason.h"
#include "testbed/lab/process_source.h"

typedef struct process_set process_set;

struct process_set_handlers {
	/* An event line, already in the envelope that lab.c reads.  Borrowed. */
	void (*line)(const char *line, gsize length, gpointer user_data);
	/* Everything is ready; once. */
	void (*ready)(gpointer user_data);
	/* One has ended; `code`: why, if it said so; `asked`: it was told to quit.  `how` is
	 * borrowed. */
	void (*died)(const char *name, enum reason code, const char *how, gboolean asked,
		     gpointer user_data);
	/* A child was stopped by a signal, or goes on. */
	void (*stopped)(GPid pid, bool stopped, gpointer user_data);
};

/* `source` is copied, what it points at is borrowed.  The calling process must be the first of its
 * PID namespace: it reaps whatever ends in it. */
process_set *process_set_new(const struct process_set_source *source,
			     const struct process_set_handlers *handlers, gpointer user_data);

/* Starts every process of the plan; callbacks come from the main loop. */
gboolean process_set_start(process_set *c, GError **error);
/* Passes a command (a JSON object) to an agent; one that is gone or unknown gets nothing. */
void process_set_command(process_set *c, const char *name, json_t *command);
/* Live changes. `next` has the new plan and configuration; everything else is as at
 * process_set_new.
 *
 * Kills and reaps, without calling handlers.died, every process that is not in the next plan or has
 * another configuration there, those that have ended, those in the node `reboot` (NULL: none), and,
 * when `clients` is set, clients that are not in `spare` (NULL-terminated). Blocks until they are
 * gone.  Their names are appended to `ended` (char *, to be freed). */
struct process_set_leave {
	bool clients;
	const char *const *spare;
	const char *reboot;
};
void process_set_stop(process_set *c, const struct process_set_source *next,
		      const struct process_set_leave *leave, GPtrArray *ended);
/* Takes over `next`: starts its processes that do not run, in order; handlers.ready is called when
 * all are ready.  What `next` points at must outlive the process_set, or the next call. */
gboolean process_set_resume(process_set *c, const struct process_set_source *next, GError **error);

/* One that runs. */
struct process_set_member {
	GPid pid;
	const char *name, *node;
	bool serves; /* others wait for it: no client */
};
typedef void (*process_set_func)(const struct process_set_member *m, gpointer user_data);
void process_set_each(const process_set *c, process_set_func func, gpointer user_data);

/* What a process of this node sees in place of the machine's own files: pairs as in struct
 * exec_process, NULL at the end; elements belong to the array. */
GPtrArray *process_set_files(const process_set *c, const char *node);
/* Names of those that are not ready yet, for an error message; the caller frees. */
char *process_set_missing(const process_set *c);

#endif
