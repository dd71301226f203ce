/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grade: how right an answer and a repair are.  Pure.
 *
 * A repair is graded by calls alone, whatever was done.  All calls that should work by what the
 * scenario declares are placed three times: with the fault, before the student begins; when the
 * student wants the repair checked; and, where it has to last, after a restart of all that was
 * repaired.
 *
 * Depends on exercise and model.
 */
#ifndef TESTBED_EXERCISE_GRADE_H
#define TESTBED_EXERCISE_GRADE_H

#include "testbed/exercise/exercise.h"

enum call_state {
	CALL_UNKNOWN, /* not placed, or nothing is known of the network */
	CALL_WORKS,
	CALL_DETOUR, /* it works, over a path that the scenario does not expect */
	CALL_FAILS,
};

/* A call that should work. */
struct judged_call {
	char *name;  /* "branch1-home1/audio" */
	char *a, *b; /* a places it */
	enum media media;
	unsigned path_mask; /* bits 1u << PATH_* that the scenario expects; 0: any */
	enum call_state before, now, later;
};

/* Every call between two endpoints of the network that works as the scenario declares it (struct
 * judged_call), in the order of the file; the caller frees the list. */
GPtrArray *judged_calls(const model *m, const struct scenario *sc);
/* The state that a result means. */
enum call_state judged_state(const struct judged_call *c, enum verdict verdict,
			     enum path_class path);
/* Whether the fault breaks it; whether it then works again in the state `s`. */
bool judged_is_broken(const struct judged_call *c);
bool judged_is_mended(const struct judged_call *c, enum call_state s);

struct answer_grade {
	bool cause, node, object;
	unsigned percent;
};
/* Grades an answer; texts may be NULL. */
struct answer_grade grade_answer(const struct fault *f, const char *cause, const char *node,
				 const char *object);

struct repair_grade {
	guint broken, mended; /* by the fault; of these, that work again */
	guint stood, harmed;  /* that worked with the fault; of these, that fail now */
	guint lost;	      /* that worked again, and not after the restart */
	guint unknown;	      /* that could not be judged */
	unsigned percent;
	bool passed;	    /* everything works, and goes on working */
	GPtrArray *reasons; /* char *: in sentences */
};
/* Grades what `calls` hold; free by repair_grade_clear.  `restarted`: names of what was started
 * again, or NULL: nothing was. */
void grade_repair(const GPtrArray *calls, const char *restarted, struct repair_grade *ret);
void repair_grade_clear(struct repair_grade *g);

#endif
