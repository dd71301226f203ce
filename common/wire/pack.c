/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/wire/pack.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

json_t *event_text(const char *text)
{
	g_autoptr(GString) valid = NULL;
	const char *end;

	if (!text || g_utf8_validate(text, -1, &end))
		return text ? json_string(text) : json_null();
	valid = g_string_new(NULL);
	while (!g_utf8_validate(text, -1, &end)) {
		g_string_append_len(valid, text, end - text);
		g_string_append_printf(valid, "\\x%02x", (guint)(guchar)*end);
		text = end + 1;
	}
	g_string_append(valid, text);
	return json_string(valid->str);
}

json_t *event_text_printf(const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	return event_text(text);
}

/* What is left of a format, and its arguments. */
struct packing {
	const char *format;
	va_list args;
};

static char next_char(struct packing *p)
{
	p->format += strspn(p->format, " ,:");
	return *p->format ? *p->format++ : '\0';
}

static bool has_suffix(struct packing *p, char suffix)
{
	bool has = *p->format == suffix;

	p->format += has;
	return has;
}

static json_t *pack_value(struct packing *p, char what);

static json_t *pack_object(struct packing *p)
{
	json_t *object = json_object();

	while (next_char(p) == 's') {
		const char *key = va_arg(p->args, const char *);
		json_t *value = pack_value(p, next_char(p));

		if (!has_suffix(p, '*') || value)
			json_object_set_new(object, key, value);
	}
	return object;
}

static json_t *pack_array(struct packing *p)
{
	json_t *array = json_array();

	for (char what = next_char(p); what && what != ']'; what = next_char(p))
		json_array_append_new(array, pack_value(p, what));
	return array;
}

static json_t *pack_value(struct packing *p, char what)
{
	const char *text;

	switch (what) {
	case '{':
		return pack_object(p);
	case '[':
		return pack_array(p);
	case 's':
		text = va_arg(p->args, const char *);
		return has_suffix(p, '?') || text ? event_text(text) : NULL;
	case 'b':
		return json_boolean(va_arg(p->args, int));
	case 'i':
		return json_integer(va_arg(p->args, int));
	case 'I':
		return json_integer(va_arg(p->args, json_int_t));
	case 'f':
		return json_real(va_arg(p->args, double));
	case 'n':
		return json_null();
	case 'o':
		return va_arg(p->args, json_t *);
	default:
		g_assert_not_reached();
	}
}

json_t *event_pack(const char *format, ...)
{
	struct packing p = {.format = format};
	json_t *value;

	va_start(p.args, format);
	value = pack_value(&p, next_char(&p));
	va_end(p.args);
	return value;
}
