/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "At most one each second for the same ...": keeps a flood of packets from being a flood of
 * events.
 *
 * Remembers at most RATE_KEYS_MAX keys; when there are more it forgets all.  Pure.
 */
#ifndef EDGE_RATE_H
#define EDGE_RATE_H

#include <glib.h>
#include <stdbool.h>

#define RATE_KEYS_MAX 1024

typedef struct rate rate;

/* One event a key in `interval_us`. */
rate *rate_new(gint64 interval_us);
void rate_free(rate *r);
/* True at most once per interval for the same key. */
bool rate_allows(rate *r, const char *key, gint64 now_us);

#endif
