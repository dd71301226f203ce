/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scope: which of a lab's packets belong to one call.
 *
 * In a fresh lab all do.  In a whole run other calls were in progress at the same time, also
 * between the same ends: over UDP the call's candidates tell them apart, over TCP the relay's
 * reports of its allocations. Depends on observation, journey and packet.  Pure.
 */
#ifndef TESTBED_PACKETS_SCOPE_H
#define TESTBED_PACKETS_SCOPE_H

#include "common/base/object.h"
#include "testbed/packets/observation.h"

typedef struct scope scope;

/* Borrows both until object_free. */
scope *scope_new(const struct observation *seen, const struct cell *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(scope, object_free)

/* Whether the node is a participant; whether the journey's packet belongs to the call. */
bool scope_takes_part(const scope *s, const char *node);
bool scope_has(const scope *s, const struct journey *j);
/* Whether that is a candidate of the call, whichever end reported it. */
bool scope_is_candidate(const scope *s, const struct addr *a, guint port);
/* The participant that has this address and port as a candidate of its own (host or reflexive);
 * borrowed, NULL: none. */
const char *scope_owner(const scope *s, const struct addr *a, guint port);
/* Whether it was seen during the call; in a fresh lab everything was. */
bool scope_in_time(const struct observation *seen, const struct sighting *at);
/* The part of the packets' list in which those of the call are: from *ret_first to before *ret_end.
 * Without packets it is empty; in a fresh lab all are in it. */
void scope_range(const struct observation *seen, guint *ret_first, guint *ret_end);
/* "10.0.0.1:5061", "[2001:db8::1]:5061"; of port 0 the address alone.  The caller frees. */
char *scope_end_text(const struct addr *a, guint port);

#endif
