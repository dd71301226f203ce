/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Path class of a call, from the pairs that both ends selected.
 *
 * Depends on model.  Pure.
 */
#ifndef TESTBED_SESSION_PATH_H
#define TESTBED_SESSION_PATH_H

#include "testbed/session/endreport.h"

/* One stream as its two ends see it; PATH_NONE when an end has selected nothing (or is NULL).
 *
 *   a relay at either end, one of them reached over TCP   tcp-relay
 *   a relay at either end                                 udp-relay
 *   both ends see the other's own (host) address          udp-direct
 *   anything else: an address was translated on the way   udp-nat
 */
enum path_class path_of_stream(const struct end_stream *a, const struct end_stream *b);

/* One end's way to a conference's MCU, which reports nothing itself: what the participant sees of
 * it. */
enum path_class path_of_leg(const struct end_stream *s);

/* The least direct of all streams of the call; PATH_NONE when one of them has no path. */
enum path_class path_of_call(const struct end_report *a, const struct end_report *b);

#endif
