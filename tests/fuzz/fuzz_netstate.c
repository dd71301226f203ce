/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a lab as a run folder has it: what is read is written, and read again, to the same.
 */
#include "testbed/netstate/netstate_json.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static char *written(const json_t *json)
{
	g_autoptr(netstate) s = netstate_from_json(json);
	json_t *again = s ? netstate_to_json(s) : NULL;
	char *text = again ? json_dumps(again, JSON_COMPACT) : NULL;

	json_decref(again);
	return text;
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, 0, NULL), *second;
	char *once = written(json), *twice;

	json_decref(json);
	if (!once)
		return 0;
	second = json_loads(once, 0, NULL);
	g_assert_nonnull(second);
	twice = written(second);
	g_assert_cmpstr(once, ==, twice);
	json_decref(second);
	free(once);
	free(twice);
	return 0;
}
