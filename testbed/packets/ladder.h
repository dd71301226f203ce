/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ladder: the messages of a call between those who sent and got them, in order, as a drawing in
 * text.
 *
 * Nouns: a `lane` is a node that sent or got one; a `rung` is a message (or some alike) from lane
 * to lane.  SIP comes from what the programs say of it (events `sip`), since it runs inside TLS;
 * checks, relay requests and media from the captures, each as far as its packet came.  Other
 * connections, and segments that carry data, are left out. Depends on scope, observe, model and
 * base.  Pure.
 *
 *        branch1         fe            edge          home1
 *    0      |-- INVITE ->|              |              |
 *    2      |            |-- INVITE --->|              |
 */
#ifndef TESTBED_PACKETS_LADDER_H
#define TESTBED_PACKETS_LADDER_H

#include "testbed/packets/scope.h"

#define LADDER_COLUMNS 80

struct rung {
	guint64 time_ns; /* of the first of them, since 1970 */
	guint count;
	const char *from,
		*to; /* lanes; `to` NULL: nobody knows whose the address is; both NULL: a remark */
	char *label;
	char *lost;    /* where it was seen last, when it did not arrive; else NULL */
	bool together; /* all that look alike are one rung, not only those in a row */
};

typedef struct ladder {
	GPtrArray *lanes; /* const char *, from left to right: the first participant, servers, the
			     others */
	GPtrArray *rungs; /* struct rung, by time */
} ladder;

/* `sign_in`: also what happened before the call: names asked, connections to servers, registration.
 * It is there anyway when somebody could not sign in.  The ladder owns its texts, names are
 * interned. */
ladder *ladder_new(const model *m, const struct observation *seen, const struct cell *c,
		   bool sign_in);
void ladder_free(ladder *l);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ladder, ladder_free)

/* Draws it LADDER_COLUMNS wide; appends nothing when there are no rungs. */
void ladder_text(const ladder *l, GString *out);

#endif
