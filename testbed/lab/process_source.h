/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process_source: what the processes of a lab are started from.  Depends on exec, plan and model.
 */
#ifndef TESTBED_LAB_PROCESS_SOURCE_H
#define TESTBED_LAB_PROCESS_SOURCE_H

#include "testbed/exec/exec.h"
#include "testbed/lab/client_programs.h"
#include "testbed/lab/config.h"
#include "testbed/lab/node_files.h"

struct process_set_source {
	exec *x;
	const plan *plan;
	struct config_source config;
	const node_files *files;
	const client_programs *clients;
	int keys_fd; /* where the lab's own programs write what decrypts their TLS; -1: nowhere */
	const char *program_dir; /* for messages: the lab has it as VIEW_PROGRAMS */
	GMainContext *context;
};

#endif
