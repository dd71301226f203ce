/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of a supervisor share: supervisor.c (its life and what is said on its socket),
 * supervisor_build.c (the lab's beginning), supervisor_change.c (live changes). Private to these
 * files.  Depends on exec, plan, model and base.
 */
#ifndef TESTBED_LAB_SUPERVISOR_PARTS_H
#define TESTBED_LAB_SUPERVISOR_PARTS_H

#include "common/wire/line_socket.h"
#include "testbed/lab/process_set.h"
#include "testbed/lab/evidence.h"
#include "testbed/lab/inspection.h"
#include "testbed/lab/strain_watch.h"
#include "testbed/lab/supervisor.h"
#include "testbed/lab/tls_keys.h"
#include "testbed/lab/trust.h"

struct supervisor {
	const struct supervisor_job *job;
	model *model; /* of the present network; the job's, or one that was made here */
	plan *plan;
	json_t *restarted; /* while a change is being made: names; NULL: none is */
	GError *refused;   /* why it was taken back, or NULL */
	GMainContext *context;
	GMainLoop *loop;
	line_socket *up;
	trust *trust;
	struct exec_features features;
	exec *x;
	int keys_fd, append_keys_fd; /* tls_keys.h */
	evidence_file *evidence;     /* NULL: none is kept */
	guint n_watchers;	     /* who have asked for it while the lab is up (lab_watch) */
	int watch_fd;		     /* memory that holds it for them */
	inspection *inspection;	     /* while one is made */
	process_set *processes;
	strain_watch *strain; /* NULL: not built yet */
	GSource *deadline;
	double build_ms;
	bool built, failed;
};

/* --- supervisor.c ----------------------------------------------------------------------------- */

/* All processes are ready: answers a change or, the first time, sends "built". */
void supervisor_ready(struct supervisor *s);
/* From now on all must be ready within a time that grows with the lab. */
void supervisor_watch_deadline(struct supervisor *s);

/* --- supervisor_build.c ----------------------------------------------------------------------- */

/* Network, captures, files and certificates, programs.  Blocks until the network stands; programs
 * become ready later, as `handlers` tell. */
gboolean supervisor_build(struct supervisor *s, const struct process_set_handlers *handlers,
			  GError **error);
/* Writes the files, certificates and keys of the present model and plan, also those that exist. */
gboolean supervisor_write(struct supervisor *s, GError **error);
/* For the process_set, by the present model and plan; borrows from `s`. */
struct process_set_source supervisor_process_set_source(const struct supervisor *s);

/* Evidence of all nodes into `fd`; evidence_new. */
evidence_file *supervisor_evidence(const struct supervisor *s, int fd, bool at_once,
				   GError **error);

/* config_credentials; NULL: there is no such endpoint. */
json_t *supervisor_credentials(const struct supervisor *s, const char *node);

/* --- supervisor_change.c ---------------------------------------------------------------------- */

/* Does what `message` asks for (supervisor.h: "change"), all or nothing.  Blocks while the network
 * is changed; the answer is told by supervisor_ready, when everybody is ready again. */
void supervisor_change(struct supervisor *s, const json_t *message);

#endif
