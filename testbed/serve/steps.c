/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/serve/steps.h"

size_t steps_kept(const json_t *old, const json_t *now)
{
	size_t n = MIN(json_array_size(old), json_array_size(now)), i = 0;

	while (i < n && json_equal(json_array_get(old, i), json_array_get(now, i)))
		i++;
	return i;
}

bool steps_some_wait(const json_t *steps)
{
	json_t *step;
	size_t i;

	json_array_foreach(steps, i, step)
		if (json_object_get(step, "waits"))
			return true;
	return false;
}
