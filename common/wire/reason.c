/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/wire/reason.h"
#include "common/wire/pack.h"

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

static const struct {
	int number;
	enum reason reason;
	bool is_public;
	const char *text;
} diagnostics[] = {
#define X(number, id, is_public, text) {number, REASON_##id, is_public, text},
	REASON_DIAGNOSTICS(X)
#undef X
};

enum reason reason_by_diagnostics(const char *header)
{
	guint64 number = header ? g_ascii_strtoull(header, NULL, 10) : 0;

	for (guint i = 0; i < G_N_ELEMENTS(diagnostics); i++)
		if ((guint64)diagnostics[i].number == number)
			return diagnostics[i].reason;
	return REASON_NONE;
}

int reason_diagnostics(enum reason r, bool *ret_public, const char **ret_text)
{
	for (guint i = 0; i < G_N_ELEMENTS(diagnostics); i++) {
		if (diagnostics[i].reason != r)
			continue;
		*ret_public = diagnostics[i].is_public;
		*ret_text = diagnostics[i].text;
		return diagnostics[i].number;
	}
	return 0;
}

json_t *reason_set(json_t *event, enum reason r, const char *words)
{
	json_object_set_new(event, "code", event_text(reason_code(r)));
	json_object_set_new(event, "reason", event_text(words ? words : reason_words(r)));
	return event;
}
