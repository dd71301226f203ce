/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data: files of faults, exercises and lessons, read as topologies are: by tables of fields, with
 * every mistake at its place.
 *
 * Depends on model (reader.h) and base.  Reads files; blocks while the disk does.
 */
#ifndef TESTBED_EXERCISE_DATA_H
#define TESTBED_EXERCISE_DATA_H

#include "testbed/model/reader.h"

/* Paths of the files NAME.yaml in the folder, sorted (char *); the caller frees the list.  With a
 * finding when the folder can't be read. */
GPtrArray *data_files(const char *folder, diags *d);
/* Reads the file's mapping into `object`; findings go to `d`. */
void data_read_file(const char *path, const struct field *fields, void *object, diags *d);
/* A digest of the contents of all these files; the caller frees it. */
char *data_digest(const GPtrArray *paths);
/* Adds a finding for each object that has the name of one before it: `name_offset` and `loc_offset`
 * are those of its char * and struct loc, `what` is its word. */
void data_check_names(const GPtrArray *objects, size_t name_offset, size_t loc_offset,
		      const char *what, diags *d);

/* Read functions: target; arg. */
read_function read_prose;	/* char *, paragraphs of text; - */
read_function read_change_list; /* char *, a list of changes as it stands in the file; - */
read_function read_level;	/* unsigned, 1 to EXERCISE_LEVELS; - */

#define EXERCISE_LEVELS 3

#endif
