/* SPDX-License-Identifier: GPL-2.0-or-later */
/* supervisor: the process that is a lab (lab.h says how it lives and ends).
 *
 * It holds: the exec with all namespaces, the process_set, the trust, the evidence, and the model
 * and plan of the present network.  It is single-threaded; while the network is built or changed it
 * blocks, and agents' lines wait in their sockets.
 *
 * It and the orchestrator exchange JSON lines, one object each.  Down:
 *
 *   { "agent": NAME, "command": {...} }             no answer
 *   { "inspect": true, "ways": {...} }              "state" of every node, then "inspected";
 *                                                   "ways" may be missing
 *   { "watch": BOOL }                               true: "watched"; false: no answer
 *   { "enter": NODE }                               "entered"
 *   { "credentials": NODE }                         "credentials"
 *   { "look": true }                                "witness" as there are any, then "looked"
 *   { "change": [TEXT...], "spare": [NAME...], "reboot": NODE or null }
 *                                                   "changed", when all agents are ready
 *
 * Questions are answered in their order.  Up:
 *
 *   { "agent": NAME, "event": {...} }
 *   { "built": { "build_ms": N, "vpn", "impairment", "uncontained": TEXT or null } }
 *   { "died": NAME, "code": TEXT or null, "how": TEXT, "asked": BOOL }
 *   { "witness": { "kind", "where", "amount", "from_us", "to_us" } }   model/witness.h
 *   { "starved": SHARE }                            strain_watch.h
 *   { "looked": true }
 *   { "failed": { "code": enum tb_error, "message": TEXT } }         then it ends
 *   { "state": {...}, "node": NAME }                                 docs/EXPLAIN-INSIDE.md
 *   { "inspected": null or TEXT, "evidence": { "packets", "lost" } }
 *   { "entered": null or TEXT, "files": [...] }     with four descriptors: struct lab_enter_target
 *   { "credentials": null or TEXT, "of": {...} }     config_credentials
 *   { "watched": null or TEXT }                     with one descriptor
 *   { "changed": null or TEXT, "code", "restarted": [NAME...], "agents": [NAME...] }
 *
 * TEXT in place of null says why not; then no descriptors come.
 * Depends on exec, plan, model and base.
 */
#ifndef TESTBED_LAB_SUPERVISOR_H
#define TESTBED_LAB_SUPERVISOR_H

#include "testbed/lab/client_programs.h"
#include "testbed/lab/lab_options.h"
#include "testbed/lab/node_files.h"
#include "testbed/plan/plan.h"

#define SUPERVISOR_LINE_MAX_BYTES (1024 * 1024) /* an agent's line and its envelope fit */

struct supervisor_job {
	model *model; /* the supervisor's own from then on: it has a copy of all that the
			 orchestrator has */
	plan *plan;
	const struct lab_options *options;
	const node_files *files;
	const client_programs *clients;
	int evidence_fd; /* as the supervisor has it; 0 or less: none */
};

/* For clone_start; `data` is a struct supervisor_job.  Returns when the orchestrator is gone or the
 * lab can't be built. */
int supervisor_main(gpointer data);

#endif
