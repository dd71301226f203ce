/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the TURN server: its state, and a request in progress. */
#ifndef EDGE_TURN_PRIVATE_H
#define EDGE_TURN_PRIVATE_H

#include <stun/stunagent.h>

#include "edge/reservation.h"
#include "edge/turn.h"

struct turn {
	struct turn_config config;
	struct turn_output output;
	gpointer user_data;
	allocation_table *allocations;
	reservations *reservations;
	StunAgent agent;	 /* messages with the cookie; long-term credentials */
	StunAgent classic_agent; /* Binding without it, RFC 3489 */
	struct turn_counters counters;
	/* Requests of strangers in this second, by source; which sources share a counter depends on
	 * a number that nobody can guess. */
	guint16 strangers[TURN_SOURCES];
	gint64 strangers_second;
	guint32 source_key;
	gint64 next_expiry_us;
	/* The message that is being written, so that no packet needs an allocation of memory. */
	guint8 scratch[TURN_DATAGRAM_MAX + 64];
};

/* A request in progress.  Once it is authenticated, `message` has the key that signs the response.
 */
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

/* turn_auth.c: whether the request has valid credentials; if not, it has been answered.  Sets
 * username, password and message. */
bool turn_authenticate(struct turn_request *r);

/* turn_reply.c: _begin starts a response in t->scratch, _endpoint appends an address, _send signs
 * and sends it; the others send a whole response. */
extern const guint16 turn_known_attributes[];
void turn_reply_begin(struct turn_request *r, StunClass class, StunMessage *reply);
void turn_reply_send(struct turn_request *r, StunMessage *reply);
void turn_reply_endpoint(StunMessage *reply, StunAttribute type, const struct endpoint *e);
void turn_reply_error(struct turn_request *r, guint code);
void turn_reply_challenge(struct turn_request *r, guint code); /* 401, 438 */
void turn_reply_unknown(struct turn_request *r);	       /* 420 with the unknown attributes */
/* Whether the request has an unknown attribute of the kind that must be understood. */
bool turn_has_unknown(const struct turn_request *r);

/* turn_request.c: handles Binding and the requests of TURN. */
void turn_handle_request(struct turn_request *r);

/* turn_relay.c: relay the data of a Send indication or of ChannelData to its peer, or drop it. */
void turn_handle_send(turn *t, gint64 now_us, const struct turn_tuple *tuple, const guint8 *data,
		      gsize length);
void turn_handle_channel_data(turn *t, gint64 now_us, const struct turn_tuple *tuple,
			      const guint8 *data, gsize length);

/* turn.c: the allocation of a 5-tuple; NULL: there is none.  One that has expired is ended. */
struct allocation *turn_find(turn *t, gint64 now_us, const struct turn_tuple *tuple);
/* Ends an allocation with its event, and frees it. */
void turn_end(turn *t, struct allocation *a, enum reason reason);
/* Whether the policy refuses `peer`; if so, that is counted and reported. */
bool turn_denies(turn *t, const struct allocation *a, const struct endpoint *peer,
		 enum policy_scope scope);

#endif
