/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lab of an exercise, as the exercise's verbs use it.
 *
 * Who knows what: the keeper has the fault in memory, and tells it to nobody.  It tells which
 * exercise it is (name and seed), and keeps how the calls came out with the fault.  The truth is
 * read from the exercise's files by name and seed whenever it is needed.  What the student did is
 * in the record, a file.
 *
 * Depends on cmd, exercise and live.
 */
#ifndef TESTBED_CMD_EXERCISE_LAB_H
#define TESTBED_CMD_EXERCISE_LAB_H

#include "testbed/cmd/cmd.h"
#include "testbed/exercise/record.h"
#include "testbed/live/client.h"

#define EXERCISE_LAB "exercise" /* the name of its lab */

/* All exercises; the caller frees them.  NULL: errors were printed, exit by CMD_INPUT. */
exercise_book *cmd_exercise_book(void);
/* The topology of the fault, without it; the caller frees the model.  NULL: errors were printed. */
model *cmd_exercise_model(const struct fault *f);
/* The exercise of that name, or one drawn from faults of the level (0: any) by the seed; the caller
 * frees *ret_drawn where it is one.  NULL: there is none. */
const struct exercise *cmd_exercise_choose(const exercise_book *b, const char *name, unsigned level,
					   guint64 seed, struct exercise **ret_drawn);

/* What is changed in a lab without being among the changes of its status, by that status: an
 * exercise's fault.  The caller frees it; NULL: nothing is.  False: an error was printed. */
bool cmd_hidden_changes(const json_t *status, char **ret);

typedef struct exercise_lab {
	live_client *client;
	json_t *status;
	exercise_book *book;
	struct exercise *drawn; /* owned; NULL: it is one of the book */
	const struct exercise *exercise;
	exercise_record *record;
	const char *record_path; /* borrowed from the status */
} exercise_lab;

/* The exercise that is going on in the lab of -n.  0, or the exit code after an error was printed.
 * Clear `ret` in both cases. */
int exercise_lab_open(const struct options *o, exercise_lab *ret);
void exercise_lab_clear(exercise_lab *l);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(exercise_lab, exercise_lab_clear)

/* The lab's name, borrowed. */
const char *exercise_lab_name(const exercise_lab *l);
/* Writes the record.  0, or the exit code after an error was printed. */
int exercise_lab_save(const exercise_lab *l);
/* The present time in seconds since 1970. */
gint64 exercise_now_s(void);

#endif
