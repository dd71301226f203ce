/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rate limit by key, so that a flood of packets does not become a flood of events.
 *
 * Stores at most RATE_KEYS_MAX keys; a further key removes all.  Keys can be made up (the port of a
 * client), so all together have a limit, too.  Pure.
 */
#ifndef EDGE_RATE_H
#define EDGE_RATE_H

#include "common/base/object.h"

#include <glib.h>
#include <stdbool.h>

#define RATE_KEYS_MAX 1024
#define RATE_TOTAL_MAX 100 /* events of all keys in an interval */

typedef struct rate rate;

/* Allows one event for each key in `interval_us`, and RATE_TOTAL_MAX of all.  object_free accepts
 * NULL. */
rate *rate_new(gint64 interval_us);
/* Whether an event with this key may happen now; if so it counts, and the next is allowed after the
 * interval. */
bool rate_allows(rate *r, const char *key, gint64 now_us);

#endif
