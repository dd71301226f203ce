/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running the built programs from a test, on topologies edited for the occasion. */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* "BUILD/bin/NAME", absolute; BUILD from TESTBED_BUILD, else "build".  The caller frees. */
char *program_path(const char *name);

/* A private temporary folder; program_folder_free removes it with all it holds. */
char *program_folder_new(void);
void program_folder_free(char *folder);

struct edit {
	const char *find; /* must occur exactly once in the text */
	const char *replace;
};
/* Writes a copy of `topology` with the edits made (ended by a NULL find) to FOLDER/edited.yaml and
 * returns its name; the caller frees.  Aborts the test when a text to be found is not there once.
 */
char *program_edited_topology(const char *folder, const char *topology, const struct edit *edits);

struct run {
	int exit_code;	 /* 128+n when a signal ended it */
	char *out, *err; /* what it printed */
	json_t *results; /* the --json document, NULL: none or not valid */
};
/* Runs build/bin/testbed with `args` (NULL-terminated, without argv[0]) plus --json
 * FOLDER/results.json and --out FOLDER/run, and waits.  `as_uid` 0: as we are; else a copy in
 * FOLDER is run as that user. */
void program_run_matrix(const char *folder, const char *const *args, unsigned as_uid,
			struct run *ret);
void run_clear(struct run *r);

/* Ids of the cells that came out otherwise than expected, sorted, one a line; the caller frees. */
char *results_unexpected(const json_t *results);
/* The same cells with what came out of each and what should have, one a line.  The caller frees. */
char *results_differences(const json_t *results);
/* The cell with this id, borrowed; NULL: none. */
json_t *results_cell(const json_t *results, const char *id);
const char *cell_text(const json_t *cell, const char *member); /* "" when it is null */

#endif
