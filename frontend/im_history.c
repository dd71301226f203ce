/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/im_history.h"

#include "common/base/each.h"

struct im_histories {
	GPtrArray *list; /* im_history, borrowed */
	gsize bytes;
};

struct im_history {
	im_histories *all;
	GPtrArray *texts; /* struct im_text */
	gsize bytes;
};

static const struct object_shape im_text_shape =
	OBJECT_SHAPE(im_text, NULL, OWNS_TEXT(im_text, sender), OWNS_TEXT(im_text, type),
		     OWNS_TEXT(im_text, text));

static const struct object_shape im_histories_shape =
	OBJECT_SHAPE(im_histories, NULL, OWNS_LIST(im_histories, list, NULL));

static const struct object_shape im_history_shape =
	OBJECT_SHAPE(im_history, NULL, OWNS_LIST(im_history, texts, object_free));

struct im_text *im_text_new(const char *sender, const sip_msg *request)
{
	struct im_text *t = object_new(&im_text_shape);
	gsize length = 0;
	const char *text = sip_body(request, &length);

	t->sender = g_strdup(sender);
	t->type = g_strdup(sip_content_type(request) ? sip_content_type(request) :
						       "text/plain;charset=UTF-8");
	t->text = g_strndup(text ? text : "", length);
	t->length = length;
	return t;
}

im_histories *im_histories_new(void)
{
	im_histories *all = object_new(&im_histories_shape);

	all->list = g_ptr_array_new();
	return all;
}

gsize im_histories_bytes(const im_histories *all)
{
	return all->bytes;
}

im_history *im_history_new(im_histories *all)
{
	im_history *h = object_new(&im_history_shape);

	h->all = all;
	g_ptr_array_add(all->list, h);
	return h;
}

void im_history_free(im_history *h)
{
	if (!h)
		return;
	h->all->bytes -= h->bytes;
	g_ptr_array_remove_fast(h->all->list, h);
	object_free(h);
}

static gsize text_bytes(const struct im_text *t)
{
	return IM_TEXT_BYTES + t->length;
}

static void forget_oldest(im_history *h)
{
	gsize bytes = text_bytes(g_ptr_array_index(h->texts, 0));

	h->bytes -= bytes;
	h->all->bytes -= bytes;
	g_ptr_array_remove_index(h->texts, 0);
}

/* Of the history that takes most; false: all are empty. */
static bool forget_of_longest(const im_histories *all)
{
	im_history *longest = NULL;

	ptr_array_foreach(im_history, h, all->list)
		if (h->texts->len > 0 && (!longest || h->bytes > longest->bytes))
			longest = h;
	if (longest)
		forget_oldest(longest);
	return longest != NULL;
}

void im_history_keep(im_history *h, struct im_text *text)
{
	gsize bytes = text_bytes(text);

	while (h->texts->len > 0 &&
	       (h->texts->len == IM_HISTORY_MAX || h->bytes + bytes > IM_HISTORY_BYTES))
		forget_oldest(h);
	while (h->all->bytes + bytes > IM_HISTORIES_BYTES && forget_of_longest(h->all))
		;
	h->bytes += bytes;
	h->all->bytes += bytes;
	g_ptr_array_add(h->texts, text);
}

const GPtrArray *im_history_texts(const im_history *h)
{
	return h->texts;
}
