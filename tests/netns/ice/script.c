/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/netns/ice/script.h"

#include <criterion/criterion.h>
#include <gio/gio.h>

void run_script(const char *script)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	int status = 0;
	bool ran = g_spawn_sync(NULL, (char **)(gpointer)argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
				NULL, NULL, NULL, &status, NULL);
	cr_assert(ran && status == 0, "failed: %s", script);
}
