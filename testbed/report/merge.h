/* SPDX-License-Identifier: GPL-2.0-or-later */
/* merge: the results of several runs as those of one.
 *
 * The runs are shards of one matrix (`run matrix --shard I/N`), or any runs of one topology.  There
 * may be a million cells, so their texts are not kept: each document is walked once, which says
 * where in it every cell is, and the merged document is copied together from these pieces.  Only
 * ids, verdicts and places stay in memory.
 *
 *   g_autoptr(merge) m = merge_new();
 *   merge_add(m, "shard-1", bytes, length, &error);       for each run, in the order of their names
 *   merge_end(m);                                         puts the cells in order
 *   merge_write(m, &pieces, &error);
 *
 * A cell that two runs have is taken from the later one, so that what failed can be run again.
 * Depends on model and base.  Pure.
 */
#ifndef TESTBED_REPORT_MERGE_H
#define TESTBED_REPORT_MERGE_H

#include "testbed/report/merge_index.h"

/* One of the runs. */
struct merge_run {
	char *name;	  /* its folder or file, as the user named it */
	json_t *run;	  /* the member "run" of its document */
	json_t *topology; /* the member "topology" */
	guint shard;	  /* 0: it is none */
	guint cells;	  /* with a verdict, also those that a later run has, too */
};

typedef struct merge {
	GPtrArray *runs;	 /* struct merge_run */
	GPtrArray *lost;	 /* char *: names of runs of which nothing could be read */
	GPtrArray *scenarios;	 /* struct merge_scenario */
	GHashTable *scenario_at; /* name -> index + 1 */
	GHashTable *cell_at;	 /* id, borrowed -> index + 1 in its scenario */
	guint shards;		 /* into how many the matrix was split; 0: it was not */
	guint cells;		 /* that there are in all shards together; 0: not known */
	guint twice;		 /* cells that an earlier run had, too */
} merge;

/* How merge_write gets the texts of cells and writes the document.  Each returns false with
 * `error`. */
struct merge_pieces {
	/* Puts the bytes from `at` of a run's document into `to`. */
	bool (*read)(guint run, gsize at, gsize length, char *to, gpointer user_data,
		     GError **error);
	bool (*write)(const char *bytes, gsize length, gpointer user_data, GError **error);
	gpointer user_data;
};

merge *merge_new(void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(merge, object_free)

/* Adds a run by its document "testbed.results/1", in which cells that were not run may have the
 * verdict null.  False with `error` (TB_ERROR_INPUT), and nothing was added: it is no such
 * document, or not of the same matrix as the first one.  The bytes are not used afterwards. */
bool merge_add(merge *m, const char *name, const char *bytes, gsize length, GError **error);
/* The same by a document that was walked before, which is taken over. */
bool merge_add_document(merge *m, const char *name, struct merge_document *document,
			GError **error);
/* Notes that nothing could be read of a run: it is missing. */
void merge_add_lost(merge *m, const char *name);
/* After the last run: puts scenarios and cells in the order of the matrix. */
void merge_end(merge *m);

/* Counts all cells; `not_run` has those of shards that are not there, too. */
struct results_summary merge_summarise(const merge *m);
/* Whether every cell has a verdict, as far as can be known. */
bool merge_is_complete(const merge *m);
/* Whether a shard of that number (from 1) is among the runs, and how many cells it has to have. */
bool merge_has_shard(const merge *m, guint shard);
guint merge_shard_cells(const merge *m, guint shard);

/* Writes the merged document.  Blocks as the functions of `pieces` do. */
bool merge_write(const merge *m, const struct merge_pieces *pieces, GError **error);
/* The results with those cells that `wanted` says (NULL: all), for the caller to free; NULL with
 * `error`: a text could not be read, or is none of a cell. */
results *merge_results(const merge *m, const struct merge_pieces *pieces,
		       bool (*wanted)(const struct merge_cell *), GError **error);

/* The first cell that failed and should not have, else the first that failed; NULL: none. */
const struct merge_cell *merge_first_failed(const merge *m);
const char *merge_run_name(const merge *m, guint run);

/* Appends what was merged and what is missing. */
void merge_text(const merge *m, GString *out);

#endif
