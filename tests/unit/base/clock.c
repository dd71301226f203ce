/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/clock.h"

#include <criterion/criterion.h>

#define OFFSET_US G_GINT64_CONSTANT(1795986193736899)

/* One machine's time, and when another process takes the processor: after so many readings. */
static gint64 now_us;
static guint reading, away_at, away_every;

static gint64 pass(void)
{
	reading++;
	now_us += 1;
	if (reading == away_at || (away_every > 0 && reading % away_every == 0))
		now_us += 3000000;
	return now_us;
}

static gint64 wall_us(void)
{
	return pass() + OFFSET_US;
}

static gint64 expect_offset(guint at, guint every)
{
	now_us = 1000000;
	reading = 0;
	away_at = at;
	away_every = every;
	return clock_wall_offset_of(wall_us, pass) - OFFSET_US;
}

Test(clock, the_offset_of_an_undisturbed_process)
{
	cr_expect_leq(ABS(expect_offset(0, 0)), 1);
	cr_expect_eq(reading, 3u, "one try is enough");
}

Test(clock, three_seconds_between_two_readings_do_not_count)
{
	for (guint at = 1; at <= 4; at++)
		cr_expect_leq(ABS(expect_offset(at, 0)), 1, "away at reading %u", at);
}

Test(clock, of_disturbed_tries_the_best_one_counts)
{
	/* every try loses the processor once, but for each fifth reading falls elsewhere */
	cr_expect_leq(ABS(expect_offset(0, 5)), 1);
	cr_expect_leq(ABS(expect_offset(0, 1)), 3000001, "nothing better can be had");
}

Test(clock, the_machines_own_clocks)
{
	gint64 first_us = clock_wall_offset_us();

	cr_expect_gt(first_us, 0);
}
