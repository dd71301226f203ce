/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/capture.h"

#include <criterion/criterion.h>
#include <string.h>

#define ENHANCED_PACKET 6
#define PACKET_OFFSET 28

static guint32 u32_at(const guint8 *at)
{
	guint32 v;

	memcpy(&v, at, sizeof v);
	return v;
}

void capture_each(const char *path, guint skip, capture_func each, gpointer user_data)
{
	g_autofree char *bytes = NULL;
	const guint8 *at;
	gsize length = 0, offset = 0;

	cr_assert(g_file_get_contents(path, &bytes, &length, NULL), "no capture in %s", path);
	at = (const guint8 *)bytes;
	while (offset + 12 <= length) {
		guint32 type = u32_at(at + offset), total = u32_at(at + offset + 4), captured;

		cr_assert(total >= 12 && total % 4 == 0 && offset + total <= length,
			  "a broken block at %zu", offset);
		captured = type == ENHANCED_PACKET ? u32_at(at + offset + 20) : 0;
		if (captured > skip)
			each(at + offset + PACKET_OFFSET + skip, captured - skip, user_data);
		offset += total;
	}
}
