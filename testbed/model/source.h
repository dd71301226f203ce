/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A topology file's text and its YAML document, shared by all models read from it.  Private to the
 * model layer.
 *
 * A `source` is immutable once parsed and counted by reference (atomically).  Its document obeys
 * more than YAML: no mapping has a key twice, keys are scalars, nesting is at most SOURCE_DEPTH_MAX
 * deep and, aliases followed, there are at most SOURCE_VALUES_MAX values with SOURCE_TEXT_MAX
 * bytes: so readers may recurse and copy freely.  libyaml takes square time for anchors, and in one
 * document for brackets in each other; both are counted before it makes the document.
 */
#ifndef TESTBED_MODEL_SOURCE_H
#define TESTBED_MODEL_SOURCE_H

#include "testbed/base/diag.h"

#include <stdbool.h>
#include <yaml.h>

#define SOURCE_BYTES_MAX (4u * 1024 * 1024)
#define SOURCE_DEPTH_MAX 64
#define SOURCE_VALUES_MAX (1u << 20)
#define SOURCE_TEXT_MAX (16u * 1024 * 1024)
#define SOURCE_ANCHORS_MAX 1024

struct source {
	gatomicrefcount refs;
	const char *file; /* interned */
	GBytes *text;
	yaml_document_t document;
	yaml_node_t *root;
	guint values;  /* aliases followed, and what is counted written out */
	bool repeated; /* values were made from `count`: several may have the same place */
};

/* Parses `text` (what is counted stays as it is, see repeat.h) for source_unref; findings go to
 * `d`.  NULL when it is not a document as described above, except that keys may appear twice: that
 * is only a finding. */
struct source *source_new(const char *file, GBytes *text, diags *d);
/* Takes one more reference and returns `s`. */
struct source *source_ref(struct source *s);
void source_unref(struct source *s); /* accepts NULL */

/* Reads a file, for the caller to unref: SOURCE_BYTES_MAX bytes, or one more of a longer one, which
 * source_new reports.  NULL with a finding when it can't be read.  Blocks. */
GBytes *source_read_file(const char *path, diags *d);

/* Where a value stands. */
struct loc source_loc(const struct source *s, const yaml_node_t *value);
/* A value by its number in the document, from 1; the number must be one of the document's. */
yaml_node_t *source_value(const struct source *s, int number);

#endif
