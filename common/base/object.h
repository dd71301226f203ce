/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects that know what they own, so that one function frees them all.
 *
 * The shape of an object is a table of the members that it owns.  object_new makes the lists among
 * them, empty, and object_free frees all of them with the object.
 */
#ifndef COMMON_BASE_OBJECT_H
#define COMMON_BASE_OBJECT_H

#include <glib.h>
#include <stddef.h>

/* One member that the object owns: a pointer, or, with one of the last two, a list. */
struct owned {
	size_t offset;		  /* of the pointer in the object */
	GDestroyNotify free;	  /* called by object_free unless the pointer is NULL */
	guint array_item_bytes;	  /* not 0: a GArray of such items, made empty */
	GDestroyNotify list_free; /* not NULL: a GPtrArray, made empty; frees its items */
};

struct object_shape {
	size_t bytes;
	const void *defaults;	   /* an object to begin as a copy of; NULL: all zero */
	const struct owned *owned; /* ends with an all-zero row */
};

#define OBJECT_SHAPE(type, defaults_, ...)                               \
	{                                                                \
		sizeof(struct type), (defaults_), (const struct owned[]) \
		{                                                        \
			__VA_ARGS__,                                     \
			{                                                \
				0                                        \
			}                                                \
		}                                                        \
	}
/* Rows for it.  A member of OWNS and OWNS_TEXT is NULL at first; the lists are made empty. */
#define OWNS(type, member, free_)                                                        \
	{                                                                                \
		.offset = offsetof(struct type, member), .free = (GDestroyNotify)(free_) \
	}
#define OWNS_TEXT(type, member) OWNS(type, member, g_free)
#define OWNS_TABLE(type, member) OWNS(type, member, g_hash_table_unref)
#define OWNS_ARRAY(type, member, item)                                                          \
	{                                                                                       \
		.offset = offsetof(struct type, member), .free = (GDestroyNotify)g_array_unref, \
		.array_item_bytes = sizeof(struct item)                                         \
	}
#define OWNS_LIST(type, member, item_free)                                          \
	{                                                                           \
		.offset = offsetof(struct type, member),                            \
		.free = (GDestroyNotify)g_ptr_array_unref, .list_free = (item_free) \
	}

/* Makes an object: a copy of the shape's defaults, with its lists made.  Never NULL.  Only
 * object_free may free it. */
void *object_new(const struct object_shape *shape);
/* Frees what the object owns, and the object.  Accepts NULL. */
void object_free(void *object);

#endif
