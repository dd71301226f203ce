/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/lines.h"

#include <string.h>

static void word_clear(gpointer data)
{
	g_free(((struct word *)data)->text);
}

static void line_clear(struct line *l)
{
	g_clear_pointer(&l->text, g_free);
	g_clear_pointer(&l->words, g_array_unref);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void split_words(struct line *l, const char *start, const char *end)
{
	const char *p = start;

	while (p < end) {
		const char *from;
		struct word w = {.loc = {l->file, l->number, 0}};

		while (p < end && is_space(*p))
			p++;
		from = p;
		while (p < end && !is_space(*p))
			p++;
		if (p == from)
			break;
		w.loc.col = (int)g_utf8_strlen(start, from - start) + 1;
		w.text = g_strndup(from, (gsize)(p - from));
		g_array_append_val(l->words, w);
	}
}

bool line_next(struct line *l)
{
	const char *end;

	line_clear(l);
	if (!*l->rest)
		return false;
	end = strchrnul(l->rest, '\n');
	l->number++;
	l->text = g_strstrip(g_strndup(l->rest, (gsize)(end - l->rest)));
	l->words = g_array_new(FALSE, TRUE, sizeof(struct word));
	g_array_set_clear_func(l->words, word_clear);
	split_words(l, l->rest, end);
	l->rest = *end ? end + 1 : end;
	return true;
}

const struct word *line_word(const struct line *l, guint index)
{
	return &g_array_index(l->words, struct word, index);
}

struct loc line_loc(const struct line *l)
{
	return l->words->len > 0 ? line_word(l, 0)->loc : (struct loc){l->file, l->number, 1};
}

bool lines_any(const char *file, const char *text, bool (*is)(const struct line *l))
{
	struct line l = {.file = file, .rest = text};
	bool found = false;

	while (line_next(&l))
		found = found || is(&l);
	return found;
}
