/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evidence: the packets of all nodes that show paths (exec/capture_filter.h), or all of them,
 * written to one pcapng file while the lab lives: one pcapng interface for each "NODE:IF" seen, in
 * and out told apart, in order of time, with what decrypts TLS before it.
 *
 * Packets are read every EVIDENCE_ROUND_MS while some come, and not at all while none do. At
 * its largest size the file ends and the rest is only counted. Depends on exec and base.  Runs on
 * the supervisor's main context.
 */
#ifndef TESTBED_LAB_EVIDENCE_H
#define TESTBED_LAB_EVIDENCE_H

#include "testbed/exec/exec.h"
#include "testbed/lab/flows.h"

#define EVIDENCE_ROUND_MS 50
#define EVIDENCE_MAX_BYTES (64u * 1024u * 1024u)
#define EVIDENCE_WHOLE_MAX_BYTES (1024u * 1024u * 1024u) /* of whole packets */

typedef struct evidence_file evidence_file;

struct evidence_count {
	guint64 packets; /* written */
	guint64 lost;	 /* because a ring or the file was full */
};

struct evidence_place {
	int fd;	     /* of the file; stays the caller's, as the next one */
	int keys_fd; /* tls_keys.h; -1: none */
	bool whole;  /* all packets, uncut; else what shows paths, cut to its first bytes */
	/* Packets are written in the round that reads them, and TLS keys anywhere: for readers who
	 * look on. */
	bool at_once;
	GMainContext *context;
};

/* Starts on every node of the plan but the fabric; from the return on nothing is missed. */
evidence_file *evidence_new(const exec *x, const plan *p, const struct evidence_place *where,
			    GError **error);
/* Tells the file what the addresses of the model's nodes are called: those that one node only
 * has. */
void evidence_name_addresses(evidence_file *e, const model *m);
void evidence_free(evidence_file *e);
/* Writes everything that has come so far; NULL is accepted. */
struct evidence_count evidence_flush(evidence_file *e);
/* The flows of a node's packets that were read so far; borrowed. NULL: the node is not captured. */
const flows *evidence_flows(const evidence_file *e, const char *node);

#endif
