/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process_view: what a process of the lab is given at its start: its command line, the files that
 * it sees, and those that it writes to.
 *
 * Runs in the supervisor.  Depends on exec, plan and base.
 */
#ifndef TESTBED_LAB_PROCESS_VIEW_H
#define TESTBED_LAB_PROCESS_VIEW_H

#include "testbed/lab/log_pipe.h"
#include "testbed/lab/process_role.h"
#include "testbed/lab/process_source.h"

/* process_set_files. */
GPtrArray *process_view_files(const struct process_set_source *source, const char *node);

/* Its command line, by paths that it sees; the caller frees it.  NULL with `error`: there is no
 * such program. */
char **process_view_argv(const struct process_set_source *source, const struct op *op,
			 const struct process_role *role, GError **error);

/* What it prints to, which the caller closes: its log, or a pipe there (`ret_pipe`, which the
 * caller frees).  -1 with `error`. */
int process_view_log(const struct process_set_source *source, const struct op *op,
		     const struct process_role *role, log_pipe **ret_pipe, GError **error);

/* What it writes call detail records to, which the caller closes; -1: nothing. */
int process_view_record(const struct process_set_source *source, const struct op *op,
			const struct process_role *role);

#endif
