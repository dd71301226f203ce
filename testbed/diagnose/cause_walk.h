/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause walk: the walks that rules take, kept as legs of the finding, and the proof that they give.
 *
 * A walk that does not arrive shows the cause, unless one is known already: then it is an effect.
 * Depends on cause_end, evidence, finding and walk.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_WALK_H
#define TESTBED_DIAGNOSE_CAUSE_WALK_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Walks the flow there and back and keeps that as a leg; takes over `title`.  True: the walk shows
 * the cause, and the finding is filled in. */
bool cause_walk_flow(const struct evidence *e, struct finding *f, const struct flow *flow,
		     char *title);
/* Only keeps the leg, and concludes nothing from it. */
void cause_look(const struct evidence *e, struct finding *f, const struct flow *flow, char *title);
/* The same for a walk of `flow` that was taken already; takes over `walked` and `title`. */
bool cause_show(const struct evidence *e, struct finding *f, struct walk_pair *walked,
		const struct flow *flow, char *title);
/* The same from a client's own port to `address`, called "END to WHAT ADDRESS, UDP PORT"; false too
 * when there is no state, or the address or port can't be read. */
bool cause_walk_to(const struct evidence *e, struct finding *f, const char *end, const char *what,
		   const char *address, enum ip_proto proto, json_int_t port);

#endif
