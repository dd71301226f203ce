/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant: a random change of a network, and what must be named where it breaks a call.
 *
 * Theory of operation: a row of the table in mutant.c stands for each word of scenarios that can
 * break something. A row draws the change by lot from what the network has, so the truth is known
 * from the change alone: the node that was changed, and the names by which the changed object can
 * be called. Nothing here knows what explain says of it. Words that can only add a way (link-up,
 * start-service, add-node and its kind), or choose another one (set-engine, set-media-edge), have
 * no row: they break no call.
 *
 * Depends on model and testbed/exercise/catalogue. Pure: the lot comes from a GRand.
 */
#ifndef TESTS_MUTATION_MUTANT_H
#define TESTS_MUTATION_MUTANT_H

#include "testbed/model/model.h"
#include "testbed/exercise/catalogue.h"

struct mutant {
	struct fault fault; /* `codes` is empty: any cause that names the node and the object */
	char *network;	    /* text of the topology, where it was drawn, too; else NULL */
	const char *word;   /* the row that drew it: "remove-route"; static */
	bool mendable; /* a fix can be derived: what was taken away can be put back by a change */
};

/* A mutant of a cell that `base` expects to pass, drawn by lot; NULL when this draw fits nothing:
 * draw again. `topology` is the name of the file without ".yaml"; `number` becomes part of the
 * name. `only`: draw by this word alone; NULL: any. Free with mutant_free. */
struct mutant *mutant_draw(const model *base, const char *topology, guint number, const char *only,
			   GRand *rand);
void mutant_free(struct mutant *m);

/* Whether a row of the table has this word. */
bool mutant_has_word(const char *word);

#endif
