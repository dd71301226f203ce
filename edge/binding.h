/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Channel bindings of an allocation: a number stands for a peer, which reduces the overhead to four
 * bytes (RFC 8656 section 12).
 *
 * A binding lasts 600 s from its last ChannelBind.  Then its number and peer can be bound
 * otherwise. Pure.
 */
#ifndef EDGE_BINDING_H
#define EDGE_BINDING_H

#include "edge/endpoint.h"

#define BINDINGS_MAX 64
#define BINDING_LIFETIME_US ((gint64)600 * G_USEC_PER_SEC)

struct channel_binding {
	struct endpoint peer;
	gint64 expires_us;
	guint16 number;
};

struct binding_set {
	struct channel_binding items[BINDINGS_MAX];
	guint n;
};

enum binding_result {
	BINDING_DONE,
	BINDING_CONFLICT, /* the number has another peer, or the peer another number: status 400 */
	BINDING_FULL,	  /* there are BINDINGS_MAX others: status 508 */
};
/* Bind a number to a peer, or refresh that binding. binding_test only returns what binding_bind
 * would return, and changes nothing. */
enum binding_result binding_test(const struct binding_set *set, guint16 number,
				 const struct endpoint *peer, gint64 now_us);
enum binding_result binding_bind(struct binding_set *set, guint16 number,
				 const struct endpoint *peer, gint64 now_us);
/* The peer of a number, borrowed; NULL: the number is not bound at `now_us`. */
const struct endpoint *binding_peer(const struct binding_set *set, guint16 number, gint64 now_us);
/* The number of a peer; 0: the peer is not bound at `now_us`. */
guint16 binding_number(const struct binding_set *set, const struct endpoint *peer, gint64 now_us);

#endif
