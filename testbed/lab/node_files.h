/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node_files: the files of the run folder that a lab's processes write to.
 *
 * The orchestrator opens them before the lab starts, as its own user: nothing in the lab has the
 * right to, nor sees the folder.  The lab gets the descriptors.  Depends on plan and base.
 */
#ifndef TESTBED_LAB_NODE_FILES_H
#define TESTBED_LAB_NODE_FILES_H

#include "testbed/base/diag.h"
#include "testbed/plan/plan.h"

typedef struct node_files node_files;

#define NODE_FILES_CDR "cdr.jsonl"

/* Opens RUN_DIR/nodes/NODE/[LAB.]NAME for appending for every process of the plan, every Front
 * End's call detail records, and every recording in `captures` ("NODE" or "NODE:IF"); `run_dir`
 * NULL: none.  Raises this process's limit of open files.  `lab` may be NULL. */
node_files *node_files_open(const char *run_dir, const char *lab, const plan *p,
			    const char *const *captures, GError **error);
void node_files_free(node_files *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(node_files, node_files_free)

/* All of them (int), borrowed. */
const GArray *node_files_fds(const node_files *f);

/* Duplicates the descriptor of an open file; the caller closes it.  Where there is no run folder it
 * is a descriptor of /dev/null.  -1 with `error`: no such file is open, or no descriptor is left.
 */
int node_files_get(const node_files *f, const char *node, const char *name, GError **error);

/* Names of files; the caller frees them.  The log of a process, by its operation; the packets of a
 * recording, by its interface (NULL: all). */
char *node_files_log(const struct op *op);
char *node_files_packets(const char *ifname);

#endif
