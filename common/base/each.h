/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loops over GLib's arrays, as json_array_foreach is one over jansson's.
 *
 * `item` is declared by the loop: a pointer into a GArray, or the pointer that a GPtrArray has.  An
 * array that is NULL has no items.  The array must not get or lose items during the loop.
 *
 *	array_foreach(const struct kernel_link, link, node->links)
 *		if (link->up)
 *			...
 */
#ifndef COMMON_BASE_EACH_H
#define COMMON_BASE_EACH_H

#include <glib.h>
#include <stdbool.h>

#define array_foreach(type, item, array)                                                   \
	for (type *item = array_at(array, 0, sizeof(type)),                                \
		  *item##_end = array_at(array, (array) ? (array)->len : 0, sizeof(type)); \
	     item != item##_end; item++)

#define ptr_array_foreach(type, item, array)                                              \
	for (type * item, **item##_at = ptr_array_at(array, 0),                           \
			  **item##_end = ptr_array_at(array, (array) ? (array)->len : 0); \
	     item##_at != item##_end && (item = *item##_at, true); item##_at++)

/* For the loops alone: where item `i` is; NULL when there are no items. */
static inline gpointer array_at(const GArray *array, guint i, gsize item_bytes)
{
	return array && array->len > 0 ? array->data + i * item_bytes : NULL;
}

static inline gpointer ptr_array_at(const GPtrArray *array, guint i)
{
	return array && array->len > 0 ? array->pdata + i : NULL;
}

#endif
