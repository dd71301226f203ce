/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --junit, --tap and --github ask for.
 *
 * Depends on cmd, explain and report.
 */
#ifndef TESTBED_CMD_CI_H
#define TESTBED_CMD_CI_H

#include "testbed/cmd/cmd.h"
#include "testbed/explain/finished.h"

/* Whether one of the options was given. */
bool cmd_ci_wanted(const struct options *o);

/* Whether --json, --tap and --junit leave stdout to one of them; if not, an error was printed.
 * *ret_taken: stdout has no room for the text. */
bool cmd_ci_check(const struct options *o, bool *ret_taken);

/* Writes what the options ask for, of a run as its folder has it; `folder`: as the user named it,
 * NULL: it is the last run.  Annotations go to stderr, and the summary to the end of the file that
 * GITHUB_STEP_SUMMARY names.  Returns the exit code. */
int cmd_ci_write(finished *run, const char *folder, const struct options *o);
/* The same for results alone, merged from several runs: without proofs and lines of the topology.
 * `folders`: cell's id -> folder of the run that has it. */
int cmd_ci_write_results(const results *r, GHashTable *folders, const struct options *o);

#endif
