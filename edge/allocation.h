/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocations: a client's 5-tuple and its relayed address (RFC 8656 section 6), and their table,
 * which owns them.
 *
 * An allocation is in the table while its relay socket is open.  A Refresh with lifetime 0, its
 * expiry, the loss of the client's connection or the end of the server removes it.  Pure.
 */
#ifndef EDGE_ALLOCATION_H
#define EDGE_ALLOCATION_H

#include "common/base/object.h"
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
	struct endpoint advertised; /* the relayed address that clients and peers use */
	char *username;		    /* of the Allocate; other credentials cannot change it */
	char *identity;		    /* the user in `username`, for quotas */
	guint8 transaction[12];	    /* of the Allocate, to recognise a retransmission */
	guint8 token[8];	    /* of the port that is reserved with it */
	bool has_token;
	guint32 lifetime_s; /* granted last */
	gint64 expires_us;  /* on the clock of `now_us` */
	struct permission_set permissions;
	struct binding_set bindings;
	guint64 sent, received, bytes_sent, bytes_received; /* client to peers, peers to client */
	gpointer client; /* of the caller: how to send to the client */
	gpointer socket; /* of the caller: the relay's socket */
};

typedef struct allocation_table allocation_table;

/* object_free frees the allocations, too. */
allocation_table *allocation_table_new(void);

/* Takes over `a`, whose 5-tuple, advertised address and identity must not change any more. */
void allocation_table_add(allocation_table *t, struct allocation *a);
/* Removes and frees `a`. */
void allocation_table_remove(allocation_table *t, struct allocation *a);
/* The allocation of a client's 5-tuple, or at a relayed address; borrowed.  NULL: there is none. */
struct allocation *allocation_by_tuple(const allocation_table *t, const struct turn_tuple *tuple);
struct allocation *allocation_by_relay(const allocation_table *t,
				       const struct endpoint *advertised);
guint allocation_count(const allocation_table *t);
guint allocation_count_of(const allocation_table *t, const char *identity); /* of one user */
/* Of the clients of one source address (endpoint_source). */
guint allocation_count_from(const allocation_table *t, const struct endpoint *client);
/* The allocations that have expired at `now_us`, borrowed; the caller unrefs the array. */
GPtrArray *allocation_expired(const allocation_table *t, gint64 now_us);
/* The time of the next expiry; G_MAXINT64: there is no allocation. */
gint64 allocation_next_expiry(const allocation_table *t);

/* Frees an allocation that is not in a table.  Accepts NULL. */
void allocation_free(struct allocation *a);

/* The user in a user name of common/mras.h: the part after its first colon ("EXPIRY:IDENTITY"), or
 * all of it without a colon.  Borrowed. */
const char *allocation_identity(const char *username);

#endif
