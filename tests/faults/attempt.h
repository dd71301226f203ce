/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempt: one fault, or two, made in a lab of its own, explained, and held against what is true.
 *
 * Depends on testbed/explain and catalogue.  An attempt runs in a process of its own (several at
 * once) and comes back as JSON.
 */
#ifndef TESTS_FAULTS_ATTEMPT_H
#define TESTS_FAULTS_ATTEMPT_H

#include "testbed/model/model.h"
#include "testbed/exercise/catalogue.h"

#include <jansson.h>
#include <sys/types.h>

struct attempt_options {
	const char *program_dir;
	const char *topologies; /* folder */
	guint64 seed;
	bool fixes;  /* also try each suggested fix on its cell */
	bool others; /* and on every other cell of the scenario */
};

struct attempt {
	const struct fault *faults[2]; /* in the order of the packet's way; the second is NULL for a
					  single fault */
	const char *network;	       /* the topology as text; NULL: the file of that name */
	pid_t pid;
	int fd;	       /* where its answer comes from */
	GString *text; /* what has come so far */
	gint64 started_us;
};

/* NULL with findings in `d`: the changes do not fit each other, or the topology. */
model *attempt_network(const struct attempt *a, const struct attempt_options *o, diags *d);

/* Runs attempts, at most `jobs` at once, each in a process of its own, until `next` gives NULL and
 * the last one has ended. Each is handed to `ended` with what came out, borrowed: { "steps":
 * [ step, ... ], "error", "unsupported": this host can't run labs }, a step being { "fault",
 * "right": bool, "flaw": what is wrong or null, "code", "node", "object", "direction", "fix", "why"
 * } and, when fixes are tried, "fix_flaw": what is wrong with it or null. `next` may be called when
 * `ended` is called, and attempts must live until then. */
void attempts_run(guint jobs, const struct attempt_options *o,
		  struct attempt *(*next)(gpointer data),
		  void (*ended)(const struct attempt *a, const json_t *answer, double seconds,
				gpointer data),
		  gpointer data);

#endif
