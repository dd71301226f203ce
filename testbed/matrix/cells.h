/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cells: which calls a run consists of.
 *
 * A `selection` is what the filters leave of a topology's matrix: results whose cells have no
 * verdict yet, and the network of every scenario.  Depends on model and base.  Pure.
 *
 * The caller of a pair is the endpoint that comes first in the topology file, so that a cell has
 * one id: "SCENARIO/A-B/MEDIA"; a conference is "SCENARIO/NAME/im-conference".
 */
#ifndef TESTBED_MATRIX_CELLS_H
#define TESTBED_MATRIX_CELLS_H

#include "common/base/object.h"
#include "testbed/model/results.h"

/* One of `count` equal parts of the cells.  Which cells it has depends on the ids of all of them
 * alone, so that machines that know nothing of each other share a matrix. */
struct matrix_shard {
	guint index, count; /* from 1; both 0: all cells */
};

struct matrix_filter {
	const char *const *scenarios; /* NULL-terminated names; NULL: every scenario */
	const char *only;	  /* regular expression searched in cell ids; NULL: every cell */
	unsigned media_mask;	  /* bits 1u << MEDIA_*; 0: all media */
	const char *const *pairs; /* "A:B", NULL-terminated; conferences are left out.  NULL: all */
	bool directed; /* "A:B" means that A places the call, whatever the file's order */
	struct matrix_shard shard; /* of what the others leave */
};

struct selected_scenario {
	const struct scenario *scenario; /* borrowed from the base model */
	model *model;			 /* the scenario's network, owned */
	struct scenario_result *result;	 /* borrowed from the selection's results */
};

typedef struct matrix_selection {
	results *results;     /* the cells of all scenarios, owned */
	GPtrArray *scenarios; /* struct selected_scenario; only those with a cell */
} matrix_selection;

/* All cells of a topology that pass the filter; the caller frees the selection, and `base` must
 * outlive it.  A shard may have none, where there are fewer cells than shards.  NULL with `error`:
 * TB_ERROR_INPUT with a hint when a name is unknown, the regular expression is wrong, or nothing is
 * left to run; TB_ERROR_CHANGE when a scenario can't be applied. */
matrix_selection *matrix_select(const model *base, const struct matrix_filter *filter,
				GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(matrix_selection, object_free)

#endif
