/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/numbers.h"

#include <glib.h>

void numbers_ready(void)
{
	(void)g_ascii_strtoull("0", NULL, 10);
}
