/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Record: what a student did in an exercise, and the score that comes of it.
 *
 * A record is a file (testbed.exercise/1, docs/LESSONS.md).  It says how right each answer and each
 * repair was, and nothing of the fault.  Depends on grade.  record_load and record_save block while
 * the disk does.
 */
#ifndef TESTBED_EXERCISE_RECORD_H
#define TESTBED_EXERCISE_RECORD_H

#include "common/base/json.h"
#include "testbed/exercise/grade.h"

#define RECORD_SCHEMA "testbed.exercise/1"

struct record_answer {
	gint64 time_s;		     /* since 1970 */
	char *cause, *node, *object; /* as the student wrote them; NULL: not */
	struct answer_grade grade;
};

struct record_check {
	gint64 time_s;
	unsigned percent;
	bool passed;
	GPtrArray *reasons; /* char * */
};

typedef struct exercise_record {
	char *exercise, *title, *topology, *scenario, *student;
	unsigned level;
	gint64 seed; /* -1: not drawn */
	bool lasting;
	gint64 started_s, gave_up_s; /* since 1970; gave_up_s 0: never */
	guint hints;		     /* that were told */
	GPtrArray *answers;	     /* struct record_answer */
	GPtrArray *checks;	     /* struct record_check */
} exercise_record;

struct score {
	unsigned percent;
	unsigned diagnosis, repair; /* percent of each */
	GPtrArray *reasons;	    /* char *: how it came about */
};

exercise_record *record_new(void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(exercise_record, object_free)
/* Copies its texts. */
void record_add_answer(exercise_record *r, gint64 time_s, const char *cause, const char *node,
		       const char *object, struct answer_grade grade);
void record_add_check(exercise_record *r, gint64 time_s, const struct repair_grade *grade);

/* The score; free by score_clear. */
void record_score(const exercise_record *r, struct score *ret);
void score_clear(struct score *s);

/* The document, which the caller owns. */
json_t *record_to_json(const exercise_record *r);
/* NULL with `error`: it is no such document. */
exercise_record *record_from_json(const json_t *document, GError **error);
/* Reads a record; NULL with `error`.  Writes one; false with `error`. */
exercise_record *record_load(const char *path, GError **error);
bool record_save(const exercise_record *r, const char *path, GError **error);

/* Appends the header of a table of records as CSV (RFC 4180), and the row of one. */
void record_csv_header(GString *out);
void record_csv_row(const exercise_record *r, GString *out);

#endif
