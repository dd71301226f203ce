/* Pace: when may the next call be started?
 *
 * Quality figures of an unimpaired path must not be the testbed's own doing, so calls are admitted by
 * how busy the machine is, never by name.  A window bounds the calls in progress: it opens slowly while
 * processor time is left over, and closes at once when there is none.  A call that must fail costs
 * waiting and no processor, so it keeps the window open for others.
 * Depends on GLib.  Without I/O and without a clock: time and load are parameters.
 */
#ifndef TESTBED_MATRIX_PACE_H
#define TESTBED_MATRIX_PACE_H

#include <glib.h>
#include <stdbool.h>

#define PACE_INTERVAL_US 4000   /* between two starts: SIP and ICE begin with a burst */
#define PACE_SAMPLE_MS 50       /* how often the caller should measure the load */
#define PACE_BUSY_HIGH 0.98     /* the window closes */
#define PACE_BUSY_LOW 0.95      /* the window opens */
#define PACE_BUSY_WEIGHT 0.25   /* of one sample in the running mean that both are held against */
#define PACE_WINDOW_FIRST 24    /* for each processor */
#define PACE_WINDOW_MIN 10      /* for each processor: every run ends, however busy the machine is */
#define PACE_WINDOW_MAX 160     /* for each processor */

struct pace {
	double window, window_min, window_max;
	double busy; /* running mean */
	guint in_progress;
	gint64 next_us;
};

void pace_init(struct pace *p, guint n_cpus);

/* From now on `n` calls may be in progress, however busy the machine is: for measuring what it can carry. */
void pace_fix(struct pace *p, guint n);

/* What share of all processors' time was used since the last time, 0 to 1. */
void pace_load(struct pace *p, double busy);

/* 0: a call may start now, and is counted as started.  Above 0: ask again after that many
 * microseconds.  -1: ask again when a call has ended or the load was measured. */
gint64 pace_admit(struct pace *p, gint64 now_us);
void pace_ended(struct pace *p);

/* Processor time by the first line of /proc/stat. */
struct pace_times {
	guint64 busy, total;
};
bool pace_times_parse(const char *stat, struct pace_times *ret);
/* The busy share between two moments; 0 when no time has passed. */
double pace_busy(const struct pace_times *before, const struct pace_times *after);

#endif
