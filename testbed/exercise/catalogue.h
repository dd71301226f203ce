/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Catalogue: the faults in the files of exercises/catalogue as data, with what is true about each.
 *
 * Nouns: a `fault` is a list of changes that breaks one cell of one scenario, and its `truth`:
 * cause, node and object. Where a fault stands on the packet's way is data too (stage, end, hop),
 * so that of two faults the first is known without asking what explains them. Reads files with the
 * model layer's reader; knows nothing of testbed/explain, which tests/faults holds against it.
 */
#ifndef TESTBED_EXERCISE_CATALOGUE_H
#define TESTBED_EXERCISE_CATALOGUE_H

#include "testbed/base/diag.h"

#include <stdbool.h>
#include <stdint.h>

/* What an audio call does one after the other. */
#define FAULT_STAGES(X)                                                          \
	X(DNS, "dns")	      /* asks for its server's name */                   \
	X(CONNECT, "connect") /* opens a connection to it */                     \
	X(TLS, "tls")                                                            \
	X(REGISTER, "register") /* shows who it is */                            \
	X(TOKEN, "token")	/* gets the name of its relay and credentials */ \
	X(RELAY, "relay")	/* asks the relay for an address */              \
	X(CALL, "call")		/* invites the other end */                      \
	X(PAIR, "pair")		/* checks and media between the two ends, or their relays */

enum stage {
#define X(id, name) FAULT_STAGE_##id,
	FAULT_STAGES(X)
#undef X
		FAULT_STAGE_COUNT
};

struct fault {
	char *name;
	char *file;			  /* it stands in, for messages */
	char *topology, *scenario, *cell; /* "lync", "persistent-route", "branch1-home1/audio" */
	char *changes;			  /* YAML text: a list */
	GPtrArray *codes; /* char *: the cause; more than one only where they mean the same here */
	GPtrArray *
		nodes; /* char *: where; more than one only where each of them could be put right */
	GPtrArray *objects; /* char *: names of the thing at fault, any of which will do; empty:
			       there is none to name */
	char *direction;    /* "there", "back"; NULL: makes no sense here */
	enum stage stage;
	char *end;    /* whose traffic it hits first; NULL: everybody's */
	uint16_t hop; /* how far from that end: nodes on the way there, and from 100 on those on the
			 way back */
	bool alone;   /* not in double faults: the comment in the file says why */
	unsigned level; /* how hard it is to find, 1 to EXERCISE_LEVELS; 0: not for exercises */
	bool latent;	/* it breaks no call before a node starts again */
	struct loc loc;
};

/* All faults of all files NAME.yaml in a folder, in the order of names and lines; NULL with
 * findings in `d`. */
GPtrArray *catalogue_load(const char *folder, diags *d);

/* Whether both can be made in one scenario and the first hits the cell before the second can. */
bool fault_precedes(const struct fault *first, const struct fault *second);

/* Whether the cause, the node and the object (each may be NULL: none) are the fault's: one of those
 * that the catalogue names; whichever, where it names none.  An object may have other words around
 * its name. */
bool fault_is_cause(const struct fault *f, const char *code);
bool fault_is_at(const struct fault *f, const char *node);
bool fault_is_of(const struct fault *f, const char *object);

const char *fault_stage_name(enum stage s);

#endif
