/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/load.h"

bool load_read(struct pace_times *ret)
{
	g_autofree char *stat = NULL;

	*ret = (struct pace_times){0};
	return g_file_get_contents("/proc/stat", &stat, NULL, NULL) && pace_times_parse(stat, ret);
}
