/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kills at random moments, in lanes: tests that run at the same time and share the kills.
 *
 * KILLS says how many, KILL_LANES in how many lanes, SEED which moments (make check-deaths). */
#ifndef TESTS_E2E_TROUBLE_KILLS_H
#define TESTS_E2E_TROUBLE_KILLS_H

#include "tests/support/process.h"

#define KILL_LANES_MAX 16u
#define GONE_MS 10000
#define END_MS 5000

extern guint kill_lanes[KILL_LANES_MAX]; /* 0, 1, 2... */
guint kill_lane_count(void);

/* Which of `count` kills are a lane's: `*number` is its next one, -1 before the first.  false:
 * there is none. */
bool kill_next(guint lane, guint count, int *number);
/* The moments of a lane; the caller frees. */
GRand *kill_moments(guint lane);

/* For process_wait_until; the processes of an array of struct process_id. */
bool kill_all_are_gone(gpointer processes);

#endif
