/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the TURN server share: its state, and one request on its way through. */
#ifndef EDGE_TURN_PRIVATE_H
#define EDGE_TURN_PRIVATE_H

#include <stun/stunagent.h>

#include "edge/turn.h"

struct turn {
	struct turn_config config;
	struct turn_output output;
	gpointer user_data;
	allocation_table *allocations;
	GRand *random;
	StunAgent agent;	 /* messages with the cookie; long-term credentials */
	StunAgent classic_agent; /* Binding without it, RFC 3489 */
	struct turn_counters counters;
	gint64 next_expiry_us;
	guint8 scratch[TURN_DATAGRAM_MAX +
		       64]; /* the message being written: nothing is allocated per packet */
};

/* A request, from the first byte read to the answer.  `message` has a key once it is authenticated;
 * answers are then signed with it. */
struct turn_request {
	turn *t;
	gint64 now_us;
	gpointer client;
	const struct turn_tuple *tuple;
	const guint8 *data;
	gsize length;
	StunMessage message;
	char *username, *password;
};

/* turn_auth.c: true when the request carries good credentials; else it has been answered. */
bool turn_authenticate(struct turn_request *r);

/* turn_reply.c */
extern const guint16 turn_known_attributes[];
void turn_reply_begin(struct turn_request *r, StunClass class, StunMessage *reply);
void turn_reply_send(struct turn_request *r, StunMessage *reply);
void turn_reply_endpoint(StunMessage *reply, StunAttribute type, const struct endpoint *e);
void turn_reply_error(struct turn_request *r, guint code);
void turn_reply_challenge(struct turn_request *r, guint code); /* 401 or 438 with realm and nonce */
void turn_reply_unknown(struct turn_request *r); /* 420 with what was not understood */
bool turn_has_unknown(const struct turn_request *r);

/* turn_request.c: Binding and the four requests of TURN. */
void turn_handle_request(struct turn_request *r);

/* turn_relay.c */
void turn_handle_send(turn *t, gint64 now_us, const struct turn_tuple *tuple, const guint8 *data,
		      gsize length);
void turn_handle_channel_data(turn *t, gint64 now_us, const struct turn_tuple *tuple,
			      const guint8 *data, gsize length);

/* turn.c */
struct allocation *turn_find(turn *t, gint64 now_us, const struct turn_tuple *tuple);
void turn_end(turn *t, struct allocation *a, enum reason reason);
/* Refused by policy: counted and told. */
bool turn_denies(turn *t, const struct allocation *a, const struct endpoint *peer,
		 enum policy_scope scope);

#endif
