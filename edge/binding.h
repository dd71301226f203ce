/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Channels of an allocation: a number for a peer, four bytes of overhead (RFC 5766 section 11).
 *
 * state     | means              | leaves by
 * bound     | now < expires_us   | time (600 s); the same pair bound anew starts over
 * expired   | now >= expires_us  | number and peer may be bound otherwise
 * Pure.
 */
#ifndef EDGE_BINDING_H
#define EDGE_BINDING_H

#include "edge/endpoint.h"

#define BINDINGS_MAX 64
#define BINDING_LIFETIME_US ((gint64)600 * G_USEC_PER_SEC)

struct binding {
	struct endpoint peer;
	gint64 expires_us;
	guint16 number;
};

struct binding_set {
	struct binding items[BINDINGS_MAX];
	guint n;
};

enum binding_result {
	BINDING_DONE,
	BINDING_CONFLICT, /* number has another peer, or peer another number: 400 */
	BINDING_FULL,	  /* 508 */
};
/* What binding_bind would do; changes nothing. */
enum binding_result binding_test(const struct binding_set *set, guint16 number,
				 const struct endpoint *peer, gint64 now_us);
enum binding_result binding_bind(struct binding_set *set, guint16 number,
				 const struct endpoint *peer, gint64 now_us);
/* NULL: not bound now. */
const struct endpoint *binding_peer(const struct binding_set *set, guint16 number, gint64 now_us);
/* 0: none. */
guint16 binding_number(const struct binding_set *set, const struct endpoint *peer, gint64 now_us);

#endif
