/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evidence: the packets of all nodes that show paths (exec/capture_filter.h), written to one pcapng
 * file while the lab lives: one pcapng interface for each "NODE:IF" seen, in and out told apart.
 *
 * Packets are read every EVIDENCE_ROUND_MS while some come, and not at all while none do. At
 * EVIDENCE_MAX_BYTES the file ends and the rest is only counted. Depends on exec and base.  Runs on
 * the supervisor's main context.
 */
#ifndef TESTBED_LAB_EVIDENCE_H
#define TESTBED_LAB_EVIDENCE_H

#include "testbed/exec/exec.h"
#include "testbed/lab/flows.h"

#define EVIDENCE_ROUND_MS 50
#define EVIDENCE_MAX_BYTES (64u * 1024u * 1024u)

typedef struct evidence_file evidence_file;

struct evidence_count {
	guint64 packets; /* written */
	guint64 lost;	 /* because a ring or the file was full */
};

/* Starts on every node of the plan but the fabric; from the return on nothing is missed.  `fd`
 * stays the caller's. */
evidence_file *evidence_new(const exec *x, const plan *p, int fd, GMainContext *context,
			    GError **error);
void evidence_free(evidence_file *e);
/* Writes everything that has come so far; NULL is accepted. */
struct evidence_count evidence_flush(evidence_file *e);
/* The flows of a node's packets that were read so far; borrowed. NULL: the node is not captured. */
const flows *evidence_flows(const evidence_file *e, const char *node);

#endif
