/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/printable.h"

#include <stdbool.h>
#include <string.h>

/* Whether a terminal may show another order of characters, or another line, because of it. */
static bool moves_text(gunichar c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static bool is_escaped(gunichar c, enum printable kind)
{
	if (c == '\n' || c == '\t')
		return kind == PRINTABLE_LINE;
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || moves_text(c);
}

void printable_append(GString *out, const char *text, gssize length, enum printable kind)
{
	const char *end = text + (length < 0 ? strlen(text) : (gsize)length);

	while (text < end) {
		gunichar c = g_utf8_get_char_validated(text, end - text);
		bool valid = c <= 0x10ffff; /* NUL within a length gives an error, too */
		const char *next = text + (valid ? g_utf8_skip[(guchar)*text] : 1);

		if (!valid)
			c = (guchar)*text;
		if (valid && !is_escaped(c, kind))
			g_string_append_len(out, text, next - text);
		else if (kind == PRINTABLE_JSON || c > 0xff)
			g_string_append_printf(out, "\\u%04x", c);
		else
			g_string_append_printf(out, "\\x%02x", c);
		text = next;
	}
}
