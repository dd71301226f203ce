/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run in the words of continuous integration: JUnit XML, TAP, annotations and summary of GitHub.
 *
 * A cell is a test.  It has failed when it did not come out as expected: a call that should fail
 * and does is a test that passed.  `error` is what the machine or a lab did; a cell that was not
 * run is skipped.  Depends on diagnose and model.  Pure.
 */
#ifndef TESTBED_REPORT_CI_H
#define TESTBED_REPORT_CI_H

#include "testbed/diagnose/finding.h"
#include "testbed/report/run_args.h"

struct ci_run {
	const results *results;
	const model *base;    /* the topology; NULL: no line of it is named */
	GHashTable *findings; /* cell's id -> finding, of cells that differ; NULL: none are known */
	struct run_args how;  /* it was made */
	GHashTable
		*folders; /* cell's id -> folder of the run that has it; NULL: all are of `how` */
	const char *root; /* files are named from this folder on; NULL: as they are */
};

/* JUnit's XML, a testsuite for each scenario (the schema of Jenkins' junit plugin). */
void ci_junit(const struct ci_run *run, GString *out);

/* The Test Anything Protocol, version 13, with YAML diagnostics. */
void ci_tap(const struct ci_run *run, GString *out);

/* Workflow commands: an annotation for each cause, at the line of the expectation that was not
 * met. */
void ci_annotations(const struct ci_run *run, GString *out);

/* The summary of a step, in Markdown: a table of scenarios, then each cause with its proof. */
void ci_summary(const struct ci_run *run, GString *out);

#endif
