/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lesson: a guided session in a live lab of its own: a text, a question, the command that answers
 * it, and what is to be seen in its output.
 *
 * Depends on model (reader.h) and base.
 */
#ifndef TESTBED_EXERCISE_LESSON_H
#define TESTBED_EXERCISE_LESSON_H

#include "common/base/json.h"
#include "testbed/base/diag.h"

#define LESSON_LAB "$LAB" /* stands for the lab's name in commands */

struct lesson_step {
	char *text;	/* paragraphs; NULL: none.  The same for the others */
	char *question; /* asked before the commands are run */
	GPtrArray *run; /* char *: commands of testbed, "testbed call -n $LAB a b" */
	char *answer;	/* told after they have run */
	struct loc loc;
};

struct lesson {
	char *name, *title;
	char *topology, *scenario; /* of its lab: the name of a file that comes with testbed */
	GPtrArray *steps;	   /* struct lesson_step */
	struct loc loc;
};

/* All lessons of the files NAME.yaml in a folder (struct lesson); NULL with findings. */
GPtrArray *lessons_load(const char *folder, diags *d);
/* The same as JSON (docs/LESSONS.md, "The files"); the caller owns the array. */
json_t *lessons_to_json(const GPtrArray *lessons);
/* The one of that name, borrowed; NULL: none. */
const struct lesson *lessons_find(const GPtrArray *lessons, const char *name);
/* The name that is most like it, borrowed; NULL: none is. */
const char *lessons_near(const GPtrArray *lessons, const char *name);
/* The words of a command behind "testbed", with the lab's name in it; the caller frees them.  NULL
 * with `error`: it is no command of testbed. */
char **lesson_command(const char *command, const char *lab, GError **error);

#endif
