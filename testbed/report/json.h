/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results as JSON: the document "testbed.results/1", and back.
 *
 * Depends on model and jansson.  Pure.  Figures that were not measured are null.
 */
#ifndef TESTBED_REPORT_JSON_H
#define TESTBED_REPORT_JSON_H

#include "testbed/model/results.h"

#include <jansson.h>

#define REPORT_SCHEMA "testbed.results/1"

/* One cell.  The caller owns the object. */
json_t *report_cell_json(const struct cell *c);

/* The whole document.  Cells that were not run are left out and counted in summary.not_run, unless
 * `pending` asks for them (their verdict is null then).  The caller owns the object. */
json_t *report_results_json(const results *r, bool pending);

/* The document as text with a line feed at its end; the caller frees it. */
char *report_results_text(const results *r);

/* The way back.  NULL with TB_ERROR_INPUT when it is no such document. */
results *report_results_parse(const json_t *document, GError **error);
struct cell *report_cell_parse(const json_t *json, const char *scenario);

#endif
