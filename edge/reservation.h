/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Relay ports that are kept for a client's next Allocate (EVEN-PORT with its R bit and
 * RESERVATION-TOKEN, RFC 5766 sections 6.2, 14.6 and 14.9).  Who asks for one must still be allowed
 * that many relays, so there are never more than relays (turn_request.c).  Pure. */
#ifndef EDGE_RESERVATION_H
#define EDGE_RESERVATION_H

#include "edge/endpoint.h"

#define RESERVATION_TOKEN_BYTES 8
#define RESERVATION_LIFE_US (30 * G_USEC_PER_SEC) /* RFC 5766 section 6.2: at least */

struct reservation {
	guint8 token[RESERVATION_TOKEN_BYTES];
	struct endpoint relay, advertised;
	char *identity; /* who may take it */
	gint64 expires_us;
};

typedef struct reservations reservations;

reservations *reservations_new(void);
void reservations_free(reservations *r); /* accepts NULL */

/* Keeps a copy of `one`. */
void reservations_add(reservations *r, const struct reservation *one);
/* Whether somebody else must not be given this advertised address at `now_us`. */
bool reservations_hold(const reservations *r, const struct endpoint *advertised, gint64 now_us);
/* How many ports are kept for a user at `now_us`. */
guint reservations_of(const reservations *r, const char *identity, gint64 now_us);
/* Removes the reservation with this token of this user, and copies its addresses.  false: there is
 * none at `now_us`. */
bool reservations_take(reservations *r, const guint8 token[RESERVATION_TOKEN_BYTES],
		       const char *identity, gint64 now_us, struct endpoint *ret_relay,
		       struct endpoint *ret_advertised);

#endif
