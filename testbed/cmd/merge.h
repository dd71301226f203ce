/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report --merge: several runs as one.  Only for the verbs. */
#ifndef TESTBED_CMD_MERGE_H
#define TESTBED_CMD_MERGE_H

#include "testbed/cmd/cmd.h"

/* Merges the run folders, and files of --json, that the arguments name.  Prints, and returns the
 * exit code: CMD_DIFFERS also when cells are missing. */
int cmd_report_merge(const struct options *o);

#endif
