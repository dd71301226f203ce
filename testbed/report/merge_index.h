/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one document of a merge has, and where (merge.h).  Pure. */
#ifndef TESTBED_REPORT_MERGE_INDEX_H
#define TESTBED_REPORT_MERGE_INDEX_H

#include "testbed/report/json.h"

/* A cell of the merged results. */
struct merge_cell {
	char *id;
	guint run;	  /* which run has it, from 0 */
	gsize at, length; /* where its text is in that run's document */
	guint number;	  /* its place in the whole matrix; 0: not known */
	bool done;	  /* false: that run was to place the call, and has not */
	bool as_expected; /* with `done` */
	enum verdict verdict;
};

struct merge_scenario {
	char *name;
	json_t *head;  /* its members but for the cells */
	GArray *cells; /* struct merge_cell */
};

struct merge_document {
	json_t *run, *topology;
	GPtrArray *scenarios; /* struct merge_scenario; their cells are of run 0 */
};

/* Walks the document, in any thread; the caller frees the result by object_free.  NULL with `error`
 * (TB_ERROR_INPUT). */
struct merge_document *merge_document_new(const char *bytes, gsize length, GError **error);

/* Whether the document is of a run that came to its end, as its member "complete" says. */
bool merge_says_complete(const char *bytes, gsize length);

struct merge_scenario *merge_scenario_new(void);

#endif
