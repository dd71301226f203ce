/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of JSON objects, as values.  Of what is no object, and of a member that is missing or of
 * another type, the value is NULL, 0 or false.  Texts live as long as the object.
 */
#ifndef COMMON_BASE_JSON_H
#define COMMON_BASE_JSON_H

#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>

/* No figure or count is larger: beyond it JSON's numbers are not exact (RFC 8259). */
#define MEMBER_NUMBER_MAX ((json_int_t)1 << 53)

static inline const char *member_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* A text, and this one; both NULL are equal. */
static inline bool member_is(const json_t *object, const char *key, const char *text)
{
	return g_strcmp0(member_text(object, key), text) == 0;
}

static inline bool member_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static inline json_int_t member_integer(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* A whole number that is at least 0; what is out of range is put at its end. */
static inline guint64 member_count(const json_t *object, const char *key)
{
	return (guint64)CLAMP(member_integer(object, key), 0, MEMBER_NUMBER_MAX);
}

static inline double member_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* NAN: not measured, or no figure that anything could have. */
static inline double member_figure(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) &&
			       fabs(json_number_value(value)) <= (double)MEMBER_NUMBER_MAX ?
		       json_number_value(value) :
		       (double)NAN;
}

/* When there is no memory the program ends, with GLib's line that says so, as for everything that
 * GLib allocates; jansson by itself would leave members out and go on.  For the beginning of main.
 */
void json_end_without_memory(void);

#endif
