/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/object.h"

#include <string.h>

/* What stands in memory right before the object. */
struct header {
	const struct object_shape *shape;
	max_align_t object[];
};

/* Where in the object the pointer of this row is. */
static gpointer *member_of(void *object, const struct owned *o)
{
	return (gpointer *)(void *)((char *)object + o->offset);
}

void *object_new(const struct object_shape *shape)
{
	struct header *h = g_malloc0(sizeof *h + shape->bytes);

	h->shape = shape;
	if (shape->defaults)
		memcpy(h->object, shape->defaults, shape->bytes);
	for (const struct owned *o = shape->owned; o->free; o++) {
		if (o->array_item_bytes > 0)
			*member_of(h->object, o) = g_array_new(FALSE, TRUE, o->array_item_bytes);
		else if (o->list_free)
			*member_of(h->object, o) = g_ptr_array_new_with_free_func(o->list_free);
	}
	return h->object;
}

void object_free(void *object)
{
	struct header *h =
		object ? (void *)((char *)object - offsetof(struct header, object)) : NULL;

	for (const struct owned *o = h ? h->shape->owned : NULL; o && o->free; o++) {
		gpointer member = *member_of(object, o);

		if (member)
			o->free(member);
	}
	g_free(h);
}
