/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Permissions of an allocation: addresses, without port, that may send to it (RFC 8656 section 9).
 *
 * A permission lasts 300 s from its last grant; the next grant of another address can then take its
 * place.  Pure.
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

/* Installs or refreshes a permission; the peer's port is ignored.  False: there are PERMISSIONS_MAX
 * others. */
bool permission_grant(struct permission_set *set, const struct endpoint *peer, gint64 now_us);
bool permission_is_granted(const struct permission_set *set, const struct endpoint *peer,
			   gint64 now_us);
/* How many more can be granted. */
guint permissions_left(const struct permission_set *set, gint64 now_us);

#endif
