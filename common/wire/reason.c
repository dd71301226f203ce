/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/wire/reason.h"

#include <glib.h>

static const struct {
	const char *code, *words;
} rows[REASON_COUNT] = {
#define X(id, code, words) [REASON_##id] = {code, words},
	REASONS(X)
#undef X
};

const char *reason_code(enum reason r)
{
	return rows[r].code;
}

const char *reason_words(enum reason r)
{
	return rows[r].words;
}

enum reason reason_by_code(const char *code)
{
	for (guint i = 0; code && i < G_N_ELEMENTS(rows); i++)
		if (g_strcmp0(code, rows[i].code) == 0)
			return (enum reason)i;
	return REASON_NONE;
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

void reason_set(json_t *event, enum reason r, const char *words)
{
	json_object_set_new(event, "code", text_or_null(reason_code(r)));
	json_object_set_new(event, "reason", text_or_null(words ? words : reason_words(r)));
}
