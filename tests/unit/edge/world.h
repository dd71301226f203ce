/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TURN server whose surroundings are arrays: what it sends, opens and tells is kept for the test.
 *
 * Requests are written by libnice's codec, as a real client's are; answers are read with the cursor
 * of edge/stun_frame.h.  Time is `now_us`.
 */
#ifndef TESTS_UNIT_EDGE_WORLD_H
#define TESTS_UNIT_EDGE_WORLD_H

#include <stun/stunagent.h>

#include "edge/stun_frame.h"
#include "edge/turn.h"

#define WORLD_SECRET "s3cret"
#define WORLD_REALM "contoso.com"
#define WORLD_WALL_S ((gint64)1700000000)

struct world {
	turn *turn;
	policy *policy;
	GRand *random; /* seeded */
	gint64 now_us;
	/* the last thing said to a client */
	guint8 reply[TURN_DATAGRAM_MAX];
	gsize reply_length;
	guint replies, media;
	struct endpoint reply_to;
	/* the last thing sent to a peer */
	guint8 sent[TURN_DATAGRAM_MAX];
	gsize sent_length;
	guint sends;
	struct endpoint sent_to;
	/* relays */
	guint open_relays;
	int open_failure;  /* what open_relay answers */
	guint16 busy_port; /* EADDRINUSE for this one */
	struct allocation *last;
	/* events */
	guint ends, denials, auth_failures;
	char rule[32], reason[64];
};

struct world_options {
	guint16 port_min, port_max;	   /* 0: 50000-59999 */
	guint per_user, per_source, total; /* 0: 8, 16 and 16 */
	const char *const *relay_to;
	bool ipv6;		/* has relays of both families */
	bool relay_family_same; /* struct turn_config */
};
struct world *world_new(const struct world_options *options);
struct world *plain_world(void); /* without options */
void world_free(struct world *w);

struct tester {
	struct turn_tuple tuple;
	char *user, *password;
	char nonce[NONCE_LENGTH + 1];
	const char *realm;
};
/* A client at 198.51.100.N:4000 on the external UDP listener, with credentials for an hour. */
struct tester *tester_new(guint n, const char *identity);
/* The same over IPv6: at [2001:db8:c::N]:4000. */
struct tester *tester_new6(guint n, const char *identity);
void tester_free(struct tester *c);

/* Peers are given as text; NULL entries end the list. */
struct ask {
	StunMethod method;
	bool no_credentials;
	const char *const *peers;
	guint16 channel;
	gint64 lifetime_s;	   /* -1: no attribute */
	int transport;		   /* protocol of REQUESTED-TRANSPORT, 0: none */
	guint16 extra;		   /* an empty attribute of this type, 0: none */
	int even_port;		   /* value of EVEN-PORT plus 1, 0: none */
	const guint8 *token;	   /* RESERVATION-TOKEN, 8 bytes; NULL: none */
	int family;		   /* REQUESTED-ADDRESS-FAMILY, 0: none */
	const guint8 *transaction; /* 16 bytes; NULL: a new one */
};
/* Writes the request; returns its length. */
gsize tester_write(struct tester *c, const struct ask *ask, guint8 *buffer, gsize size);
/* Sends it; returns the error code, 0: success, -1: no answer. */
int tester_ask(struct world *w, struct tester *c, const struct ask *ask);
/* Gets a nonce and allocates; returns the error code. */
int tester_allocate(struct world *w, struct tester *c);
int tester_permit(struct world *w, struct tester *c, const char *peer);
int tester_bind(struct world *w, struct tester *c, guint16 channel, const char *peer, guint16 port);
/* A Send indication with the text as data. */
void tester_send(struct world *w, struct tester *c, const char *peer, guint16 port,
		 const char *text);
void tester_channel(struct world *w, struct tester *c, guint16 channel, const char *text);

int reply_code(const struct world *w);
/* The value of an attribute of the last reply; NULL: none. */
const guint8 *reply_attribute(const struct world *w, guint16 type, gsize *ret_length);
bool reply_endpoint(const struct world *w, guint16 type, struct endpoint *ret);

#endif
