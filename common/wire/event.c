/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/wire/event.h"

#include <glib.h>
#include <stdbool.h>

#define X(id, name) const char id[] = name;
EVENTS(X)
STAGES(X)
#undef X

#define TEXT_SHORTEST_BYTES 64

/* A text cut to at most `limit` bytes, with how long it was. */
static json_t *cut_text(const json_t *text, size_t limit)
{
	const char *whole = json_string_value(text), *end;

	if (json_string_length(text) <= limit)
		return json_copy((json_t *)(guintptr)text);
	/* The text is valid UTF-8: the character that ends behind the limit goes. */
	end = g_utf8_find_prev_char(whole, whole + limit + 1);
	return json_sprintf("%.*s... (cut, %zu bytes)", end ? (int)(end - whole) : 0, whole,
			    json_string_length(text));
}

/* A copy of a value in which every text is cut. */
static json_t *cut_value(json_t *value, size_t limit)
{
	json_t *copy, *item;
	const char *key;
	size_t i;

	if (json_is_string(value))
		return cut_text(value, limit);
	if (json_is_array(value)) {
		copy = json_array();
		json_array_foreach(value, i, item)
			json_array_append_new(copy, cut_value(item, limit));
		return copy;
	}
	if (!json_is_object(value))
		return json_incref(value);
	copy = json_object();
	json_object_foreach(value, key, item)
		json_object_set_new_nocheck(copy, key, cut_value(item, limit));
	return copy;
}

/* What is left of an event whose texts are not what makes it long: which it is, and when. */
static json_t *bare_event(const json_t *event)
{
	static const char *const kept[] = {"event", "time_us", "call"};
	json_t *bare = json_object();

	for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
		json_t *value = json_object_get(event, kept[i]);

		if (value)
			json_object_set_new(bare, kept[i], cut_value(value, TEXT_SHORTEST_BYTES));
	}
	return bare;
}

static bool event_is_short(const json_t *event, size_t max_bytes)
{
	return json_dumpb(event, NULL, 0, JSON_COMPACT) <= max_bytes;
}

json_t *event_fit(json_t *event, size_t max_bytes)
{
	json_t *shorter = NULL;

	if (event_is_short(event, max_bytes))
		return event;
	for (size_t limit = EVENT_TEXT_CUT_BYTES; limit >= TEXT_SHORTEST_BYTES; limit /= 8) {
		json_decref(shorter);
		shorter = cut_value(event, limit);
		json_object_set_new(shorter, "cut", json_true());
		if (event_is_short(shorter, max_bytes))
			break;
	}
	if (!event_is_short(shorter, max_bytes)) {
		json_decref(shorter);
		shorter = bare_event(event);
		json_object_set_new(shorter, "cut", json_true());
	}
	json_decref(event);
	return shorter;
}
