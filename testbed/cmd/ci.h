/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --junit, --tap, --github and --change-report ask for.
 *
 * Depends on cmd, explain and report.
 */
#ifndef TESTBED_CMD_CI_H
#define TESTBED_CMD_CI_H

#include "testbed/cmd/cmd.h"
#include "testbed/cmd/story.h"
#include "testbed/explain/finished.h"
#include "testbed/report/diff.h"

/* Whether one of the options was given. */
bool cmd_ci_wanted(const struct options *o);

/* Whether --json, --tap, --junit and --change-report leave stdout to one of them; if not, an error
 * was printed. *ret_taken: stdout has no room for the text. */
bool cmd_ci_check(const struct options *o, bool *ret_taken);

/* What is written about. */
struct ci_subject {
	finished *run;	      /* as its folder has it */
	const char *folder;   /* as the user named it; NULL: it is the last run */
	const diff *compared; /* with the run without its changes; NULL: there was none */
	bool earlier;	      /* the options are not those of the run */
};

/* Writes what the options ask for.  Annotations go to stderr, and the summary to the end of the
 * file that GITHUB_STEP_SUMMARY names.  Returns the exit code. */
int cmd_ci_write(const struct ci_subject *of, const struct options *o);
/* The same for results alone, merged from several runs: without proofs and lines of the topology.
 * `folders`: cell's id -> folder of the run that has it. */
int cmd_ci_write_results(const results *r, GHashTable *folders, const struct options *o);
/* Writes o->change_report, where it is asked for, of the one call that was explained; `made` as for
 * explain_text.  Returns the exit code. */
int cmd_ci_explained(const explanation *x, const struct storied *told, const struct run_args *made,
		     const struct options *o);

#endif
