/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a lab is started with: given to lab_start, which passes it to the supervisor.
 *
 * Depends on model.
 */
#ifndef TESTBED_LAB_LAB_OPTIONS_H
#define TESTBED_LAB_LAB_OPTIONS_H

#include "testbed/model/model.h"

struct lab_options {
	const char *name; /* the scenario's, or NULL; used in log file names and messages only */
	/* Agents' and daemons' logs go to RUN_DIR/nodes/NODE/NAME.ROLE.log, call detail records to
	 * NAME.cdr.jsonl beside them; made when missing; NULL: discarded. */
	const char *run_dir;
	const char *program_dir; /* where tb-frontend, tb-edge and tb-client are */
	bool sip_texts;		 /* agents tell SIP messages with their texts */
	guint64 seed;		 /* of the run; secrets are random all the same */
	/* NULL-terminated "NODE" or "NODE:IF": packets are written to
	 * RUN_DIR/nodes/NODE/NAME.IF.pcapng, or NAME.all.pcapng; NULL: none.  All of them must
	 * exist. */
	const char *const *captures;
	/* Where the evidence (lab/evidence.h) of all nodes goes, as pcapng; borrowed for the call;
	 * 0: none is kept. */
	int evidence_fd;
	bool evidence_whole; /* all packets, uncut, so that TLS can be read in Wireshark */
	/* What lab_change starts from: the topology and the scenario that `m` is; NULL: the lab is
	 * not changed. */
	model *base;
	const struct scenario *scenario;
};

#endif
