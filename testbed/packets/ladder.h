/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ladder: the messages of a call in order, between the nodes that sent and received them.
 *
 * Nouns: a `lane` is such a node; a `rung` is a message, or several that are alike, from lane to
 * lane. SIP is taken from what the programs report (events `sip`), because it runs inside TLS;
 * connectivity checks, relay requests and media are taken from the captures, each as far as its
 * packet came. Other connections, and TCP segments with data, are left out. Depends on scope,
 * observation, model and base.  Pure.
 */
#ifndef TESTBED_PACKETS_LADDER_H
#define TESTBED_PACKETS_LADDER_H

#include "common/base/object.h"
#include "testbed/packets/scope.h"

struct rung {
	guint64 time_ns; /* of the first of them, since 1970 */
	guint count;
	const char *from, *to; /* lanes; `to` NULL: no node is known to have the address; both NULL:
				  a remark */
	char *label;
	char *lost;    /* where it was seen last; NULL: it arrived */
	bool together; /* all that are alike are one rung, also when they are not in a row */
};

typedef struct ladder {
	GPtrArray *lanes; /* const char *, from left to right: the first participant, servers, the
			     others */
	GPtrArray *rungs; /* struct rung, by time */
} ladder;

/* `sign_in`: with what happened before the call, as DNS questions, connections to servers and
 * registration.  These are always there when an end could not sign in.  The ladder owns its texts;
 * names of nodes are interned. */
ladder *ladder_new(const model *m, const struct observation *seen, const struct cell *c,
		   bool sign_in);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ladder, object_free)

#endif
