/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects that know what they own, so that one function frees them all.
 *
 * The shape of an object is a table of the members that it owns.  object_new makes the lists among
 * them, empty, and object_free frees all of them with the object.
 */
#ifndef TESTBED_BASE_OBJECT_H
#define TESTBED_BASE_OBJECT_H

#include <glib.h>
#include <stddef.h>

/* One member that is owned: a pointer, or with one of the last two a list that is made empty. */
struct owned {
	size_t offset;
	GDestroyNotify free;
	guint array_item_bytes;	  /* GArray */
	GDestroyNotify list_free; /* GPtrArray: of its items */
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
/* Rows for it; what OWNS frees is NULL at first. */
#define OWNS(type, member, free_)                                        \
	{                                                                \
		.offset = offsetof(struct type, member), .free = (free_) \
	}
#define OWNS_TEXT(type, member) OWNS(type, member, g_free)
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

/* Never NULL; for object_free alone to free. */
void *object_new(const struct object_shape *shape);
/* Accepts NULL. */
void object_free(void *object);

#endif
