/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results to and from the JSON document "testbed.results/1".
 *
 * Depends on model and jansson.  Pure.  Figures that were not measured are null.
 */
#ifndef TESTBED_REPORT_JSON_H
#define TESTBED_REPORT_JSON_H

#include "common/base/json.h"
#include "testbed/model/results.h"

#define REPORT_SCHEMA "testbed.results/1"

/* An array of `item_json` of each item (NULL: an empty one), which the caller owns. */
json_t *report_list_json(const GPtrArray *list, json_t *(*item_json)(gconstpointer item));
/* A list of strings (NULL: an empty list), made valid UTF-8.  The caller owns the array. */
json_t *report_texts_json(const GPtrArray *list);

/* A number, or null for one that was not measured (NAN), which JSON does not have.  The caller owns
 * it. */
json_t *report_figure_json(double value);

/* One cell.  The caller owns the object. */
json_t *report_cell_json(const struct cell *c);

/* The whole document, which the caller owns.  Cells that were not run are only counted, in
 * summary.not_run; with `pending` they are included, with verdict null. */
json_t *report_results_json(const results *r, bool pending);

/* A document as indented text with a line feed at its end, which the caller frees; `flags`:
 * jansson's. */
char *report_document_text(const json_t *document, size_t flags);
/* report_results_json(r, false), without the cells that were not run, as such a text; the caller
 * frees it. */
char *report_results_text(const results *r);

/* Results of a document, which the caller frees.  NULL with TB_ERROR_INPUT: it is not such a
 * document; the error names the member that is missing or of another type. */
results *report_results_parse(const json_t *document, GError **error);
/* The texts in a list (NULL: none), which the caller frees with g_strfreev. */
char **report_strv_parse(const json_t *list);
/* One cell of a document, which the caller frees.  NULL as above. */
struct cell *report_cell_parse(const json_t *json, const char *scenario, GError **error);

#endif
