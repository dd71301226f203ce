/* SPDX-License-Identifier: GPL-2.0-or-later */
/* supervisor: the process that is a lab.
 *
 * What it and the orchestrator say to each other are JSON lines on the socket, one object each:
 *   down  { "agent": NAME, "command": {...} }
 *         { "inspect": true, "ways": {...} }          answered, in order, by all nodes' "state" and
 * "inspected"; without "ways": none { "watch": BOOL }                           true: answered by
 * "watched" { "enter": NODE }                           answered by "entered" { "change":
 * [TEXT...], "spare": [NAME...], "reboot": NODE or null } answered by "changed", when all agents
 * are ready up    { "agent": NAME, "event": {...} } { "built": { "build_ms": N, "vpn": TEXT or
 * null, "impairment": TEXT or null } } { "died": NAME, "code": TEXT or null, "how": TEXT, "asked":
 * BOOL } { "failed": { "code": enum tb_error, "message": TEXT } }     and it ends { "state": {...},
 * "node": NAME } docs/EXPLAIN.md { "inspected": null or TEXT, "evidence": { "packets", "lost" } }
 * TEXT: why a node can't be read { "entered": null or TEXT, "files": [...] } TEXT: why not; else
 * with four descriptors (struct lab_enter_target) { "watched": null or TEXT }                 TEXT:
 * why not; else with one descriptor { "changed": null or TEXT, "code", "restarted": [NAME...],
 * "agents": [NAME...] }   TEXT: why not Depends on exec, plan, model and base.
 */
#ifndef TESTBED_LAB_SUPERVISOR_H
#define TESTBED_LAB_SUPERVISOR_H

#include "testbed/lab/lab_options.h"
#include "testbed/plan/plan.h"

#define SUPERVISOR_LINE_MAX_BYTES (1024 * 1024) /* an agent's line and its envelope fit */

struct supervisor_job {
	model *model; /* the supervisor's own from then on: it has a copy of all that the
			 orchestrator has */
	plan *plan;
	const struct lab_options *options;
	int evidence_fd; /* as the supervisor has it; 0 or less: none */
};

/* For clone_start; `data` is a struct supervisor_job.  Returns when the orchestrator is gone or the
 * lab can't be built. */
int supervisor_main(gpointer data);

#endif
