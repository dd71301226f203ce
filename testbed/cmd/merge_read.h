/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The results of many runs, read and walked by as many threads as there are processors.
 *
 * A thread holds the text of one document at a time; what is left of it is its index.  Who merges
 * gets the runs one by one in the order of their names, whichever thread was first.
 */
#ifndef TESTBED_CMD_MERGE_READ_H
#define TESTBED_CMD_MERGE_READ_H

#include "testbed/report/merge.h"

/* A run that was read. */
struct merge_reading {
	const char *name; /* borrowed: a run folder, or a file of --json */
	bool is_file;
	int fd;				 /* of its results, to copy cells from; -1: none */
	gsize length;			 /* of these, in bytes */
	struct merge_document *document; /* NULL: `error`, or a folder whose run was cut off */
	GError *error;
	bool done; /* it was read */
};

typedef struct merge_readers merge_readers;

/* Begins to read the runs of these names, a list that ends with NULL and is borrowed.  object_free
 * waits for the threads, and drops what was not taken. */
merge_readers *merge_readers_new(char *const *names);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(merge_readers, object_free)
/* The next run, borrowed; blocks until it was read.  The caller may take `fd` (leaving -1) and
 * `document` (leaving NULL) out of it.  NULL: there are no more. */
struct merge_reading *merge_readers_next(merge_readers *r);

#endif
