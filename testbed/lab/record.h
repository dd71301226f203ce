/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record: packets of a node, written to the run folder while the lab lives.
 *
 * A recording is one capture ("NODE" with all its interfaces, or "NODE:IF") and the pcapng file it
 * goes to, RUN_DIR/nodes/NODE/[LAB.]IF.pcapng.  Packets are written as they are read, so that a lab
 * that is killed leaves a valid file.
 * Depends on exec and base.  Runs on the supervisor's main context.
 */
#ifndef TESTBED_LAB_RECORD_H
#define TESTBED_LAB_RECORD_H

#include "testbed/exec/exec.h"
#include "testbed/lab/node_files.h"

/* Starts a recording that ends with the process, or with a disk that is full; from the return on no
 * packet is missed.  `where` is "NODE" or "NODE:IF"; `keys_fd` (tls_keys.h), which
 * outlives it, may be -1. */
gboolean recording_start(const exec *x, const node_files *files, const char *where, int keys_fd,
			 GMainContext *context, GError **error);

#endif
