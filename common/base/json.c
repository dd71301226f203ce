/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/json.h"

void json_end_without_memory(void)
{
	json_set_alloc_funcs(g_malloc, g_free);
}
