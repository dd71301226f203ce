/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/clock.h"

#define TRIES_MAX 64
#define CLOSE_US 20 /* as near as two readings of an undisturbed process are */

gint64 clock_wall_offset_of(gint64 (*wall_us)(void), gint64 (*monotonic_us)(void))
{
	gint64 least_us = G_MAXINT64, offset_us = 0;

	for (guint i = 0; i < TRIES_MAX && least_us > CLOSE_US; i++) {
		gint64 before_us = monotonic_us(), at_us = wall_us(),
		       passed_us = monotonic_us() - before_us;

		if (passed_us < least_us) {
			least_us = passed_us;
			offset_us = at_us - before_us - passed_us / 2;
		}
	}
	return offset_us;
}

gint64 clock_wall_offset_us(void)
{
	return clock_wall_offset_of(g_get_real_time, g_get_monotonic_time);
}
