/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pace: when may the next call or sign-in be started?
 *
 * Quality figures of an unimpaired path must not be the testbed's own doing, and a sign-in has
 * deadlines (TLS, SIP) that a machine can miss where the network would not: both are admitted by
 * how busy the machine is, never by name.  A window bounds those in progress: it opens slowly while
 * processor time is left over, and closes at once when there is none.  One that must fail costs
 * waiting and no processor, so it keeps the window open for others. Depends on GLib.  Without I/O
 * and without a clock: time and load are parameters.
 */
#ifndef TESTBED_MATRIX_PACE_H
#define TESTBED_MATRIX_PACE_H

#include <glib.h>
#include <stdbool.h>

#define PACE_SAMPLE_MS 50 /* how often the caller should measure the load */
#define PACE_BUSY_WEIGHT \
	0.25 /* of one sample in the running mean that busy_low and busy_high are held against */

enum pace_kind {
	PACE_CALLS,   /* in progress from start to end */
	PACE_SET_UPS, /* calls that are to stand side by side: in progress until media flows */
	PACE_SIGN_INS,
	PACE_KIND_COUNT
};

/* How many of a kind may be in progress, for each processor. */
struct pace_bounds {
	double first; /* at the start */
	double min;   /* every run ends, however busy the machine is */
	double max;
	gint64 interval_us; /* between two starts: each begins with a burst */
	double busy_low,
		busy_high; /* shares of the machine: below, the window opens; above, it closes */
};
const struct pace_bounds *pace_bounds_of(enum pace_kind kind);

struct pace {
	double window, window_min, window_max;
	double busy_low, busy_high;
	double busy; /* running mean; NAN: no sample yet */
	guint in_progress;
	gint64 interval_us, next_us;
};

/* Nothing in progress, the window at its first size (pace_bounds_of). */
void pace_init(struct pace *p, enum pace_kind kind, guint n_cpus);

/* What share of all processors' time was used since the last time, 0 to 1. */
void pace_load(struct pace *p, double busy);

/* 0: one may start now, and is counted as started.  Above 0: ask again after that many
 * microseconds.  -1: ask again when one has ended or the load was measured. */
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
