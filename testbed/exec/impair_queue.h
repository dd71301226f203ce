/* SPDX-License-Identifier: GPL-2.0-or-later */
/* impair_queue: what one impaired link does to packets, without I/O and without a clock.
 *
 * Nouns: an `impair_frame` is a packet with the time at which it leaves.  A frame goes through, in
 * this order: loss, duplication, the queue in front of the rate, transmission at the rate, delay
 * with jitter (or none, when it is drawn to overtake).  Without a rate frames may overtake each
 * other by jitter, as in the kernel's netem; with a rate their order is kept. Depends on model.
 *
 *   impair_queue_put(q, now_ns, data, length);
 *   while ((f = impair_queue_take(q, now_ns))) { send f->data; g_free(f); }
 *   sleep until impair_queue_due_ns(q)
 */
#ifndef TESTBED_EXEC_IMPAIR_QUEUE_H
#define TESTBED_EXEC_IMPAIR_QUEUE_H

#include "testbed/model/model.h"

#define IMPAIR_FRAMES_MAX \
	100000 /* in one link, waiting and under way: netem's limit is set to the same */

struct impair_frame {
	gint64 due_ns;
	guint64 order;	/* of arrival: first come, first served at the same time */
	gint64 line_ns; /* when its last bit has been sent at the rate */
	struct impair_frame *next_in_line;
	guint32 length;
	guint8 data[];
};

struct impair_counts {
	guint64 received, sent, lost, overflowed, duplicated, reordered; /* frames */
};

typedef struct impair_queue impair_queue;

/* Passes everything at once until impair_queue_set. `seed` is that of all random numbers. */
impair_queue *impair_queue_new(guint64 seed);
/* For tests: the daemon's queues live as long as it. */
void impair_queue_free(impair_queue *q);
/* For frames that come from now on; those inside keep their times. */
void impair_queue_set(impair_queue *q, const struct impairment *what);

/* A frame of `length` bytes (with its link header) arrived at `now_ns`; it is copied. */
void impair_queue_put(impair_queue *q, gint64 now_ns, const guint8 *data, guint32 length);
/* The next frame whose time has come, to be freed by g_free; NULL: none. */
struct impair_frame *impair_queue_take(impair_queue *q, gint64 now_ns);
/* When the next frame leaves; -1: none is inside. */
gint64 impair_queue_due_ns(const impair_queue *q);
const struct impair_counts *impair_queue_counts(const impair_queue *q);

#endif
