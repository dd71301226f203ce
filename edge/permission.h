/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Permissions of an allocation: addresses (without port) that may send to it (RFC 5766 section 8).
 *
 * state     | means                       | leaves by
 * granted   | now < expires_us            | time (300 s), or granted anew
 * expired   | now >= expires_us           | its place is taken by the next grant
 * Pure.
 */
#ifndef EDGE_PERMISSION_H
#define EDGE_PERMISSION_H

#include "edge/endpoint.h"

#define PERMISSIONS_MAX 64
#define PERMISSION_LIFETIME_US ((gint64)300 * G_USEC_PER_SEC)

struct permission {
	struct endpoint peer;
	gint64 expires_us;
};

struct permission_set {
	struct permission items[PERMISSIONS_MAX];
	guint n;
};

/* Installs or refreshes; false: PERMISSIONS_MAX others are in force. */
bool permission_grant(struct permission_set *set, const struct endpoint *peer, gint64 now_us);
bool permission_is_granted(const struct permission_set *set, const struct endpoint *peer,
			   gint64 now_us);
/* How many more could be granted. */
guint permission_room(const struct permission_set *set, gint64 now_us);

#endif
