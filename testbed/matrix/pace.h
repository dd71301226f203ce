/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pace: when the next call or sign-in may start.
 *
 * A busy machine would spoil the quality figures of a good path, and a sign-in would miss deadlines
 * (TLS, SIP) that the network would meet.  So both start as the machine's load allows.  A window
 * limits how many are in progress: it opens slowly while processor time is left over, and closes at
 * once when there is none.  Busy processors do no harm while every server of a lab gets one soon;
 * where servers wait for one, whoever has it (another run, a compiler), the window closes further.
 * A call that fails waits and uses no processor time, so beyond a small window calls still start,
 * slowly.  Depends on GLib.  No I/O and no clock: time and load are parameters.
 */
#ifndef TESTBED_MATRIX_PACE_H
#define TESTBED_MATRIX_PACE_H

#include <glib.h>
#include <stdbool.h>

#define PACE_SAMPLE_MS 50     /* how often the caller should measure the load */
#define PACE_BUSY_WEIGHT 0.25 /* of one sample in the running mean of the load */

enum pace_kind {
	PACE_CALLS,    /* in progress from start to end */
	PACE_SET_UPS,  /* calls that stand at the same time: in progress until media flows */
	PACE_SIGN_INS, /* in progress until the endpoint has signed in or failed to */
	PACE_KIND_COUNT
};

/* The limits of one kind.  first, min and max: how many may be in progress for each processor. */
struct pace_bounds {
	double first; /* at the start */
	double min;   /* however busy the processors are */
	double least; /* while servers of a lab wait for them; every run ends */
	double max;
	gint64 interval_us;	    /* between two starts: each begins with a burst of work */
	double busy_low, busy_high; /* load (0 to 1) below which the window opens; above: closes */
};
/* The limits of a kind; static. */
const struct pace_bounds *pace_bounds_of(enum pace_kind kind);

/* The state of one kind. */
struct pace {
	double window, window_least, window_min, window_max; /* how many may be in progress */
	double busy_low, busy_high;
	double busy; /* running mean; NAN: no sample yet */
	guint in_progress;
	gint64 interval_us;
	gint64 next_us; /* time of the next start */
};

/* Nothing in progress, the window at its first size (pace_bounds_of). */
void pace_init(struct pace *p, enum pace_kind kind, guint n_cpus);

/* Adapts the window to the load since the last call: the busy share of all processors, and the
 * share of the time for which the lab's most hindered server was ready and had none; 0 to 1. */
void pace_load(struct pace *p, double busy, double starved);

/* Asks to start one at `now_us` (any monotonic clock).  0: it may start, and is counted as in
 * progress. Above 0: ask again after that many microseconds.  -1: ask again after pace_ended or
 * pace_load. */
gint64 pace_admit(struct pace *p, gint64 now_us);
/* One that pace_admit has let start is over. */
void pace_ended(struct pace *p);

/* Processor time in ticks since the machine started. */
struct pace_times {
	guint64 busy, total;
};
/* Reads the text of /proc/stat; false when it is not such a text. */
bool pace_times_parse(const char *stat, struct pace_times *ret);
/* The busy share of the processors between two times, 0 to 1; 0 when no time has passed. */
double pace_busy(const struct pace_times *before, const struct pace_times *after);

#endif
