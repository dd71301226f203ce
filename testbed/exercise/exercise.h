/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exercise: a network with a hidden fault, which a student finds and repairs.
 *
 * Nouns: an `exercise` is a fault of the catalogue with what the student is told; a `book` is all
 * exercises with the catalogue.  A drawn exercise is made of a fault by lot.  Who repairs what, and
 * how that is graded, is in grade.h.
 *
 * Depends on catalogue, model and base.
 */
#ifndef TESTBED_EXERCISE_EXERCISE_H
#define TESTBED_EXERCISE_EXERCISE_H

#include "common/base/object.h"
#include "testbed/exercise/catalogue.h"
#include "testbed/model/model.h"

#define EXERCISE_DRAWN "random"	 /* the name of a drawn one */
#define EXERCISE_EXPLAIN_LEVEL 1 /* up to this level `explain` may be used */
#define EXERCISE_LASTING_LEVEL 3 /* from this level on the repair of a drawn one must last */

struct exercise {
	char *name, *title;
	char *story;	/* what the student is told at the beginning */
	char *solution; /* what is told at the end; NULL: nothing but the truth */
	char *repair;	/* changes that mend it, a YAML list; NULL: nobody says */
	char *fault_name;
	GPtrArray *hints; /* char *: from the vaguest to the plainest */
	unsigned level;	  /* 1 to EXERCISE_LEVELS */
	bool lasting;	  /* the repair must outlast a restart of what was repaired */
	const struct fault *fault;
	struct loc loc;
};

typedef struct exercise_book {
	GPtrArray *exercises; /* struct exercise, by level, then as in the files */
	GPtrArray *faults;    /* struct fault */
	char *digest;	      /* of all its files */
} exercise_book;

/* Reads FOLDER/NAME.yaml and FOLDER/catalogue/NAME.yaml; NULL with findings. */
exercise_book *exercise_book_load(const char *folder, diags *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(exercise_book, object_free)

/* The exercise of that name, borrowed; NULL: none. */
const struct exercise *exercise_book_find(const exercise_book *b, const char *name);
/* The name that is most like it, borrowed; NULL: none is. */
const char *exercise_book_near(const exercise_book *b, const char *name);

/* Whether a drawn exercise can be made of the fault in that network (NULL: it has no such
 * topology): it breaks a call of two ends that should work in its scenario. */
bool exercise_can_be_drawn(const struct fault *f, const model *m);
/* Faults of that level (0: any), in an order that the seed decides; the caller frees the list. */
GPtrArray *exercise_lots(const exercise_book *b, unsigned level, guint64 seed);
/* An exercise made of a fault of the book; the caller frees it. */
struct exercise *exercise_of_fault(const struct fault *f);

/* Hint number `index`: the exercise's own, then what the step, the node and the cause are.  The
 * caller frees it; NULL: there are no more. */
char *exercise_hint(const struct exercise *e, guint index);
/* The cause, the nodes and the objects of the truth as words; the caller frees it. */
char *exercise_truth(const struct exercise *e);

#endif
