/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/e2e/trouble/kills.h"

#include "tests/support/figures.h"

guint kill_lanes[KILL_LANES_MAX] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

guint kill_lane_count(void)
{
	return MIN(figure_count("KILL_LANES", 1), KILL_LANES_MAX);
}

bool kill_next(guint lane, guint count, int *number)
{
	*number = *number < 0 ? (int)lane : *number + (int)kill_lane_count();
	return (guint)*number < count;
}

GRand *kill_moments(guint lane)
{
	return g_rand_new_with_seed(figure_count("SEED", 1) * KILL_LANES_MAX + lane);
}

bool kill_all_are_gone(gpointer processes)
{
	const GArray *list = processes;

	for (guint i = 0; i < list->len; i++)
		if (process_is_alive(&g_array_index(list, struct process_id, i)))
			return false;
	return true;
}
