/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json_scan: walks the text of a JSON document without building it.
 *
 * jansson makes an object of every value, which takes 30 s and 10 GB for a million cells.  Whoever
 * only needs to know where some values are, as `report --merge` does, walks the text once: objects
 * and arrays are gone through by callbacks, and what nobody asks for is passed over.  All of it is
 * checked against RFC 8259's grammar on the way, but for two things: that a text is UTF-8, and
 * that the keys of an object differ.
 *
 * Pure; the bytes are borrowed.
 */
#ifndef TESTBED_BASE_JSON_SCAN_H
#define TESTBED_BASE_JSON_SCAN_H

#include <glib.h>
#include <stdbool.h>

struct json_scan {
	const char *begin, *at, *end; /* the document, and how far it was walked */
	unsigned depth;		      /* of objects and arrays that are open */
	const char *wrong;	      /* what is wrong at `at`; NULL: nothing so far */
};

/* The text of a value, without what is around it. */
struct json_slice {
	const char *at;
	gsize length;
};

/* Walks one object member, which it has to walk to its end: by one of the functions below. */
typedef bool (*json_member_func)(struct json_scan *s, const struct json_slice *key,
				 gpointer user_data);
typedef bool (*json_item_func)(struct json_scan *s, gpointer user_data);

void json_scan_begin(struct json_scan *s, const char *bytes, gsize length);
/* Where in the document the next value begins. */
gsize json_scan_at(struct json_scan *s);
/* Whether nothing but space is left. */
bool json_scan_end(struct json_scan *s);

/* Walks one value and returns its text in *ret (NULL: it is not wanted).  False: it is wrong, or
 * nested deeper than 64. */
bool json_scan_value(struct json_scan *s, struct json_slice *ret);
/* Walk an object or an array.  False: it is none, is wrong, or a callback returned false. `key` has
 * no quotes, and its escapes as they stand. */
bool json_scan_object(struct json_scan *s, json_member_func member, gpointer user_data);
bool json_scan_array(struct json_scan *s, json_item_func item, gpointer user_data);

/* Whether the text of the slice is this one. */
bool json_slice_is(const struct json_slice *slice, const char *text);

#endif
