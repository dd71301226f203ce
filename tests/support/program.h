/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting programs from a test, those that were built above all, on topologies edited for the
 * occasion.  The one way in which tests start programs and take what they print.
 *
 * What a program prints goes to memory: nobody has to read it meanwhile, and no thread is made
 * (labs are cloned from processes that start programs).
 */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/* What is not as it is for us; all zero: nothing. */
struct start {
	const char *dir;	  /* where it runs */
	char *const *environment; /* "NAME=value" */
	const char *input;	  /* its standard input; NULL: none */
	unsigned uid;		  /* as whom */
};

struct outcome {
	int exit_code;	 /* 128+n when a signal ended it */
	char *out, *err; /* what it printed */
};
void outcome_clear(struct outcome *o);

/* One that runs. */
struct started {
	pid_t pid;
	int out_fd, err_fd;
};

/* Starts `argv` (NULL-terminated; found in PATH when it has no slash); `how` may be NULL.  Aborts
 * the test when it can't be started. */
void program_start(const char *const *argv, const struct start *how, struct started *ret);
/* Waits for its end and takes it over. */
void program_end(struct started *s, struct outcome *ret);
/* Both. */
void program_run(const char *const *argv, const struct start *how, struct outcome *ret);
/* A line of sh. */
void program_shell(const char *line, const struct start *how, struct outcome *ret);
/* build/bin/testbed with these arguments (NULL-terminated). */
void program_testbed(const char *const *args, const struct start *how, struct outcome *ret);

/* build/faults/NAME with these arguments (NULL-terminated).  Its exit code; what it printed goes to
 * `ret_out`, which the caller frees. */
int program_faults(const char *name, const char *const *args, char **ret_out);

/* "BUILD/bin/NAME", absolute; BUILD from TESTBED_BUILD, else "build".  The caller frees. */
char *program_path(const char *name);

/* build/bin/testbed and what it starts, copied to FOLDER/bin: any user may run it there, wherever
 * the build is.  Its name; the caller frees. */
char *program_public_copy(const char *folder);

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
/* The same in a folder of its own; the test fails when a cell comes out otherwise than expected. */
void program_expect_matrix(const char *const *args);

/* Ids of the cells that came out otherwise than expected, sorted, one a line; the caller frees. */
char *results_unexpected(const json_t *results);
/* The same cells with what came out of each and what should have, one a line.  The caller frees. */
char *results_differences(const json_t *results);
/* The cell with this id, borrowed; NULL: none. */
json_t *results_cell(const json_t *results, const char *id);
const char *cell_text(const json_t *cell, const char *member); /* "" when it is null */

#endif
