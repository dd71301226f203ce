/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process_role: what kind of program a process of the plan is: when it may start, what it is told,
 * how it is found out that it is ready.  Pure.  Depends on plan and model.
 */
#ifndef TESTBED_LAB_PROCESS_ROLE_H
#define TESTBED_LAB_PROCESS_ROLE_H

#include "testbed/lab/config.h"
#include "testbed/lab/ready.h"
#include "testbed/plan/plan.h"

enum process_stage { STAGE_DAEMON, STAGE_FRONTEND, STAGE_EDGE, STAGE_CLIENT };

/* The request that a daemon answers when it is ready. */
struct daemon_check {
	enum ready_kind kind;
	struct addr address;
	uint16_t port;
};

struct process_role {
	const char *name;
	enum process_stage stage;
	unsigned after; /* bits of stages that must be ready before this one is told to start */
	bool ours;	/* found in program_dir */
	/* Of an agent; NULL: a daemon. */
	json_t *(*config)(const struct config_source *source, const struct node *node);
	/* Of a daemon, by its process's name. */
	struct daemon_check (*check)(const struct node *n, const char *name);
};

/* That of a daemon's or agent's operation; NULL with TB_ERROR_INPUT: unknown. */
const struct process_role *process_role_of(const struct op *op, GError **error);

#endif
