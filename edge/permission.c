/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/permission.h"

/* Where the permission of a peer goes: its old place, an expired one's, or a new one; NULL: there
 * is none. */
static struct permission *permission_slot(struct permission_set *set, const struct endpoint *peer,
					  gint64 now_us)
{
	struct permission *expired = NULL;

	for (guint i = 0; i < set->n; i++) {
		if (endpoint_same_ip(&set->items[i].peer, peer))
			return &set->items[i];
		if (set->items[i].expires_us <= now_us)
			expired = &set->items[i];
	}
	if (expired)
		return expired;
	return set->n < PERMISSIONS_MAX ? &set->items[set->n++] : NULL;
}

bool permission_grant(struct permission_set *set, const struct endpoint *peer, gint64 now_us)
{
	struct permission *p = permission_slot(set, peer, now_us);

	if (!p)
		return false;
	p->peer = endpoint_with_port(peer, 0);
	p->expires_us = now_us + PERMISSION_LIFETIME_US;
	return true;
}

bool permission_is_granted(const struct permission_set *set, const struct endpoint *peer,
			   gint64 now_us)
{
	for (guint i = 0; i < set->n; i++)
		if (endpoint_same_ip(&set->items[i].peer, peer))
			return now_us < set->items[i].expires_us;
	return false;
}

guint permissions_left(const struct permission_set *set, gint64 now_us)
{
	guint granted = 0;

	for (guint i = 0; i < set->n; i++)
		granted += now_us < set->items[i].expires_us;
	return PERMISSIONS_MAX - granted;
}
