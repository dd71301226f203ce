/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocations: a client's 5-tuple and its relayed address (RFC 5766 section 5), and the table of
 * them.
 *
 * state     | means                                       | leaves by
 * made      | in the table, its relay socket is open      | Refresh with lifetime 0, time, client
 * gone, server end gone      | out of the table, relay closed, memory freed | One owner: the table.
 * Pure.
 */
#ifndef EDGE_ALLOCATION_H
#define EDGE_ALLOCATION_H

#include "edge/binding.h"
#include "edge/endpoint.h"
#include "edge/permission.h"

enum turn_transport { TURN_UDP, TURN_TCP };

/* The 5-tuple between client and server. */
struct turn_tuple {
	struct endpoint client, server;
	enum turn_transport transport;
};

struct allocation {
	struct turn_tuple tuple;
	struct endpoint relay;	    /* the address its socket is bound to */
	struct endpoint advertised; /* the same as the world sees it */
	char *username;		    /* credentials it was made with; only those may change it */
	char *identity;		    /* who they were given to: quotas count these */
	guint8 transaction[12];	    /* of the Allocate: a retransmission gets the same answer */
	guint32 lifetime_s;	    /* as granted last */
	gint64 expires_us;
	struct permission_set permissions;
	struct binding_set bindings;
	guint64 sent, received, bytes_sent, bytes_received; /* client to peers, peers to client */
	gpointer client; /* the shell's: where to send to the client */
	gpointer socket; /* the shell's: the relay's socket */
};

typedef struct allocation_table allocation_table;

allocation_table *allocation_table_new(void);
void allocation_table_free(allocation_table *t); /* frees allocations as well */

/* Takes over `a`; its 5-tuple, advertised address and identity must not change any more. */
void allocation_table_add(allocation_table *t, struct allocation *a);
/* Removes and frees. */
void allocation_table_remove(allocation_table *t, struct allocation *a);
/* Borrowed; NULL: none. */
struct allocation *allocation_by_tuple(const allocation_table *t, const struct turn_tuple *tuple);
struct allocation *allocation_by_relay(const allocation_table *t,
				       const struct endpoint *advertised);
guint allocation_count(const allocation_table *t);
guint allocation_count_of(const allocation_table *t, const char *identity);
/* Those whose time is over at `now_us`; borrowed, the array is the caller's. */
GPtrArray *allocation_expired(const allocation_table *t, gint64 now_us);
/* When the next one expires; G_MAXINT64: there is none. */
gint64 allocation_next_expiry(const allocation_table *t);

void allocation_free(struct allocation *a);

/* "EXPIRY:IDENTITY" -> "IDENTITY" inside `username`; all of it without a colon. */
const char *allocation_identity(const char *username);

#endif
