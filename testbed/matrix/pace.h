/* Pace: when may the next call be started?
 *
 * Quality figures of an unimpaired path must not be the testbed's own doing, so calls are admitted by
 * how the machine keeps up, never by name: the event loop's own lag is what every client's timers
 * suffer too.  While it is low, starts come closer together; when it rises, they are held back.
 * A cap bounds the calls that are in progress.
 * Depends on GLib.  Without I/O and without a clock: time is a parameter.
 */
#ifndef TESTBED_MATRIX_PACE_H
#define TESTBED_MATRIX_PACE_H

#include <glib.h>

#define PACE_INTERVAL_MIN_US 4000   /* at most 250 starts a second */
#define PACE_INTERVAL_MAX_US 100000 /* a busy machine still gets ten a second: every run ends */
#define PACE_LAG_HIGH_US 8000       /* half the distance of two audio packets, less a margin */
#define PACE_PER_CPU 96             /* calls in progress for each processor */
#define PACE_HEARTBEAT_MS 10        /* how often the caller should measure its lag */

struct pace {
	guint cap;
	guint in_progress;
	gint64 interval_us;
	gint64 next_us;
};

void pace_init(struct pace *p, guint n_cpus);

/* How late a timer of the event loop was. */
void pace_lag(struct pace *p, gint64 lag_us);

/* 0: a call may start now, and is counted as started.  Above 0: ask again after that many
 * microseconds.  -1: ask again when a call has ended. */
gint64 pace_admit(struct pace *p, gint64 now_us);
void pace_ended(struct pace *p);

#endif
