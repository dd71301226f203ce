/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events have monotonic times, packets have times since 1970: what lies between the two clocks. */
#ifndef TESTBED_BASE_CLOCK_H
#define TESTBED_BASE_CLOCK_H

#include <glib.h>

/* How much more the time since 1970 is than the monotonic one, in microseconds.
 *
 * Two readings of clocks are two moments: where the kernel lets another process run between them,
 * their difference is wrong by that time, and the packets of a call would be searched beside it.
 * So the first clock is read again after the second one, and of several tries the one counts in
 * which the least time passed.  Its half is the largest error.
 */
gint64 clock_wall_offset_us(void);

/* The same with other clocks, for tests: each returns its time in microseconds. */
gint64 clock_wall_offset_of(gint64 (*wall_us)(void), gint64 (*monotonic_us)(void));

#endif
