/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of agents: whatever the network put into one, it fits into a line, says the same of
 * itself, and is read again as what was written. */
#include "common/base/json.h"
#include "common/base/printable.h"
#include "common/wire/event.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

/* The first two bytes are the longest line, from 1 KiB on. */
int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	json_t *event = size < 2 ? NULL : json_loadb((const char *)data + 2, size - 2, 0, NULL),
	       *again;
	size_t max = size < 2 ? 0 : 1024 + (size_t)(data[0] << 8 | data[1]);
	g_autoptr(GString) shown = g_string_new(NULL);
	char *text;

	if (!json_is_object(event)) {
		json_decref(event);
		return 0;
	}
	event = event_fit(event, max);
	text = json_dumps(event, JSON_COMPACT);
	g_assert_nonnull(text);
	g_assert_cmpuint(strlen(text), <=, max);
	printable_append(shown, text, -1, PRINTABLE_JSON);
	again = json_loads(shown->str, 0, NULL);
	g_assert_true(json_equal(event, again));
	g_assert_null(strpbrk(shown->str, "\x1b\a\r\x7f"));
	json_decref(again);
	json_decref(event);
	free(text);
	return 0;
}
