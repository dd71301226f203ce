/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one document of a merge has, and where (merge.h).  Pure. */
#ifndef TESTBED_REPORT_MERGE_INDEX_H
#define TESTBED_REPORT_MERGE_INDEX_H

#include "testbed/report/merge.h"

struct merge_document {
	json_t *run, *topology;
	GPtrArray *scenarios; /* struct merge_scenario; their cells are of run 0 */
};

/* Walks the document; the caller frees the result by object_free.  NULL with `error`
 * (TB_ERROR_INPUT). */
struct merge_document *merge_document_new(const char *bytes, gsize length, GError **error);

struct merge_scenario *merge_scenario_new(void);

#endif
