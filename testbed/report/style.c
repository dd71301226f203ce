/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/style.h"

#include "common/base/printable.h"

#include <string.h>

#define MARK '\xff' /* no byte of UTF-8; another one follows: FIRST_INK + ink */
#define FIRST_INK 'A'

static const char *const ink_codes[INK_COUNT] = {
	[INK_PLAIN] = NULL,	 [INK_GOOD] = "32", [INK_BAD] = "31",
	[INK_ALARM] = "1;37;41", [INK_DIM] = "2",   [INK_BOLD] = "1",
};

/* The words of passing cells. */
static const char *const path_words[PATH_COUNT] = {
	[PATH_SIGNALLING] = "pass", [PATH_UDP_DIRECT] = "direct",   [PATH_UDP_NAT] = "nat",
	[PATH_UDP_RELAY] = "relay", [PATH_TCP_RELAY] = "tcp-relay", [PATH_MCU] = "pass",
	[PATH_NONE] = "pass",
};

void ink_append(GString *out, const struct report_style *style, enum ink ink, const char *text,
		guint width)
{
	bool marked = style->colour && ink_codes[ink] && *text;
	glong length = g_utf8_strlen(text, -1);

	if (marked)
		g_string_append_printf(out, "%c%c", MARK, FIRST_INK + (char)ink);
	g_string_append(out, text);
	if (marked)
		g_string_append_printf(out, "%c%c", MARK, FIRST_INK + INK_PLAIN);
	for (glong i = length; i < (glong)width; i++)
		g_string_append_c(out, ' ');
}

void ink_print(GString *out, const char *text, gssize length)
{
	const char *end = text + (length < 0 ? strlen(text) : (gsize)length);

	while (text < end) {
		const char *mark = memchr(text, MARK, (gsize)(end - text));
		int ink = mark && mark + 1 < end ? mark[1] - FIRST_INK : -1;

		printable_append(out, text, (mark ? mark : end) - text, PRINTABLE_TEXT);
		if (!mark)
			return;
		if (ink < 0 || ink >= INK_COUNT)
			printable_append(out, mark, 1, PRINTABLE_TEXT);
		else
			g_string_append_printf(out, "\033[%sm",
					       ink_codes[ink] ? ink_codes[ink] : "0");
		text = mark + (ink < 0 || ink >= INK_COUNT ? 1 : 2);
	}
}

void ink_rule(GString *out, const struct report_style *style)
{
	g_autoptr(GString) line = g_string_new(NULL);

	for (unsigned i = 0; i < style->columns; i++)
		g_string_append(line, style->utf8 ? "\u2500" : "-");
	ink_append(out, style, INK_DIM, line->str, 0);
	g_string_append_c(out, '\n');
}

char *name_shortened(const char *name, guint width)
{
	guint length = (guint)strlen(name), head = (width - 1) / 2, tail = width - 1 - head;

	return length <= width ? g_strdup(name) :
				 g_strdup_printf("%.*s~%s", (int)head, name, name + length - tail);
}

enum ink cell_ink(const struct cell *c)
{
	if (!c->done)
		return INK_DIM;
	if (!c->as_expected)
		return INK_ALARM;
	return c->verdict == VERDICT_PASS ? INK_GOOD : INK_BAD;
}

const char *path_word(enum path_class path)
{
	return path_words[path];
}

const char *cell_word(const struct cell *c, char buf[static CELL_WORD_MAX])
{
	const char *word = "-";

	if (c->done)
		word = c->verdict == VERDICT_PASS ? path_words[c->path] :
		       c->verdict == VERDICT_FAIL ? "FAIL" :
						    "ERROR";
	g_snprintf(buf, CELL_WORD_MAX, "%s%s%s", word, c->done && !c->as_expected ? "!" : "",
		   c->done && c->measured > 1 ? "*" : "");
	return buf;
}
