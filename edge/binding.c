/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/binding.h"

enum binding_result binding_test(const struct binding_set *set, guint16 number,
				 const struct endpoint *peer, gint64 now_us)
{
	bool has_room = set->n < BINDINGS_MAX;

	for (guint i = 0; i < set->n; i++) {
		const struct channel_binding *b = &set->items[i];
		bool same_number = b->number == number, same_peer = endpoint_equal(&b->peer, peer);

		if (b->expires_us <= now_us || (same_number && same_peer))
			has_room = true;
		else if (same_number || same_peer)
			return BINDING_CONFLICT;
	}
	return has_room ? BINDING_DONE : BINDING_FULL;
}

/* Where the binding of a number goes: its old place, an expired one's, or a new one, which must be
 * free. */
static struct channel_binding *binding_slot(struct binding_set *set, guint16 number, gint64 now_us)
{
	struct channel_binding *expired = NULL;

	for (guint i = 0; i < set->n; i++) {
		if (set->items[i].number == number)
			return &set->items[i];
		if (set->items[i].expires_us <= now_us)
			expired = &set->items[i];
	}
	return expired ? expired : &set->items[set->n++];
}

enum binding_result binding_bind(struct binding_set *set, guint16 number,
				 const struct endpoint *peer, gint64 now_us)
{
	enum binding_result result = binding_test(set, number, peer, now_us);

	if (result == BINDING_DONE)
		*binding_slot(set, number, now_us) =
			(struct channel_binding){.peer = *peer,
						 .number = number,
						 .expires_us = now_us + BINDING_LIFETIME_US};
	return result;
}

const struct endpoint *binding_peer(const struct binding_set *set, guint16 number, gint64 now_us)
{
	for (guint i = 0; i < set->n; i++)
		if (set->items[i].number == number)
			return now_us < set->items[i].expires_us ? &set->items[i].peer : NULL;
	return NULL;
}

guint16 binding_number(const struct binding_set *set, const struct endpoint *peer, gint64 now_us)
{
	for (guint i = 0; i < set->n; i++)
		if (now_us < set->items[i].expires_us && endpoint_equal(&set->items[i].peer, peer))
			return set->items[i].number;
	return 0;
}
