/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TURN server as a state machine: bytes and times go in, calls of `turn_output` come out.
 *
 * It has no sockets, no clock and no randomness of its own: the same calls give the same output,
 * and a test of ten minutes takes no time.  The A/V Edge (av_edge.h) puts sockets around it; tests
 * and the fuzzer call the same functions.
 *
 * Protocol: Binding (RFC 8489; RFC 3489 without cookie), and Allocate, Refresh, CreatePermission,
 * ChannelBind, Send, Data and ChannelData (RFC 5766, with REQUESTED-ADDRESS-FAMILY of RFC 8656).
 * DONT-FRAGMENT is not supported (420).  Long-term credentials have the time-limited user names of
 * common/mras.h.
 *
 * A message takes this way: turn.c sorts it by its kind; turn_request.c handles requests after
 * turn_auth.c has checked their credentials, with responses from turn_reply.c; turn_relay.c relays
 * data.  Allocations, permissions and channel bindings have modules of their own.
 *
 * Relay to relay: a packet to an advertised relay address of this server does not go through the
 * kernel, nor through a 1:1 NAT's hairpin, which many firewalls lack.  It is passed to that
 * allocation, with the sender's advertised address as its source, and needs a permission there like
 * any other.
 *
 * Amplification: without credentials, a response has at most 1.75 times the bytes of its request
 * (IP and UDP headers included on both sides, realms up to 12 characters).  Therefore a 401 has a
 * short nonce, and a request too short for an Allocate gets a 400 without further attributes.
 *
 * Floods: of the clients of one source address that have no allocation, TURN_STRANGERS_PER_S
 * requests are answered in a second; the rest costs no more than looking at its address.  Sources
 * share TURN_SOURCES counters, so that forged addresses take no memory.
 */
#ifndef EDGE_TURN_H
#define EDGE_TURN_H

#include "edge/allocation.h"
#include "edge/nonce.h"
#include "edge/policy.h"

#define TURN_LIFETIME_DEFAULT_S 600
#define TURN_LIFETIME_MAX_S 3600
#define TURN_DATAGRAM_MAX 65535
#define TURN_ASSURED 16 /* a call takes 2 to 4 */
#define TURN_FAMILIES 2
#define TURN_STRANGERS_PER_S 512 /* a client that begins a call sends some ten */
#define TURN_SOURCES 4096

typedef struct turn turn;

struct turn_config {
	const char *realm, *secret;
	struct nonce_source nonce;
	/* Where relays are bound (port unused), and which addresses are advertised.  A row for each
	 * family, the second unset when there is only one; then by the client's enum
	 * turn_transport. */
	struct endpoint relay[TURN_FAMILIES][2], advertised[TURN_FAMILIES][2];
	/* The family of a relay when the client names none: that of the server address which the
	 * client used, or else IPv4 (RFC 8656 section 7.2).  Without a relay of that family: the
	 * first row. */
	bool relay_family_same;
	guint16 relay_port_min, relay_port_max;
	const policy *policy; /* borrowed; must outlive the server */
	/* How many allocations a user, a source address (endpoint_source), and all may have.  Of
	 * the latter two, half is for everybody; the other half only for users with fewer than
	 * TURN_ASSURED of them, so that those who share an address, or the server, with a greedy
	 * user still get theirs. */
	guint allocations_per_user, allocations_per_source, allocations_total;
	gint64 wall_offset_us; /* real time minus `now_us`, because credentials expire in real time
				*/
};

/* AUTH_FAILED: credentials were not accepted.  DENIED: the policy forbids a peer.  REFUSED: an
 * Allocate was refused for another reason. */
enum turn_event_kind {
	TURN_EVENT_ALLOCATION,
	TURN_EVENT_ALLOCATION_END,
	TURN_EVENT_DENIED,
	TURN_EVENT_AUTH_FAILED,
	TURN_EVENT_REFUSED
};

struct turn_event {
	enum turn_event_kind kind;
	const struct allocation *allocation; /* NULL for AUTH_FAILED and REFUSED */
	const struct endpoint *client;
	const struct endpoint *peer; /* DENIED */
	enum reason reason;	     /* of the end or failure; DENIED: the rule */
	const char *username;	     /* AUTH_FAILED, REFUSED: as received; NULL: not read */
	guint code;		     /* AUTH_FAILED, REFUSED: of the response */
};

/* Called from inside the functions below; must not call the server. */
struct turn_output {
	/* Sends one datagram or frame to the client.  `media`: relayed data, which may be dropped.
	 */
	void (*to_client)(gpointer client, const struct turn_tuple *tuple, const guint8 *data,
			  gsize length, bool media, gpointer user_data);
	/* Binds a->relay and sets a->socket.  Returns 0 or an errno; after EADDRINUSE the next port
	 * is tried. */
	int (*open_relay)(struct allocation *a, gpointer user_data);
	void (*close_relay)(struct allocation *a, gpointer user_data);
	/* Sends a datagram from the relay's socket. */
	void (*to_peer)(struct allocation *a, const struct endpoint *peer, const guint8 *data,
			gsize length, gpointer user_data);
	void (*event)(const struct turn_event *event, gpointer user_data);
	/* Fills in bytes that nobody can guess: relay ports and tokens are made of them. */
	void (*draw)(guint8 *bytes, gsize length, gpointer user_data);
};

/* Makes a server without allocations.  Copies `config` with its strings, and `output`. */
turn *turn_new(const struct turn_config *config, const struct turn_output *output,
	       gpointer user_data);
/* Ends all allocations, with close_relay and events.  Accepts NULL. */
void turn_free(turn *t);

/* Handles one datagram, or one frame of a stream, from a client.  `client` is passed to to_client.
 */
void turn_from_client(turn *t, gint64 now_us, gpointer client, const struct turn_tuple *tuple,
		      const guint8 *data, gsize length);
/* To be called when a client's stream was closed: ends its allocation. */
void turn_client_gone(turn *t, const struct turn_tuple *tuple);
/* Handles a datagram that came to the relayed address of `a`: sends it to the client, or drops it
 * if the peer has no permission. */
void turn_from_peer(turn *t, gint64 now_us, struct allocation *a, const struct endpoint *peer,
		    const guint8 *data, gsize length);

/* Ends the allocations that have expired at `now_us`, with events. */
void turn_expire(turn *t, gint64 now_us);
/* When turn_expire must be called at the latest; G_MAXINT64: there is no allocation. */
gint64 turn_next_expiry(const turn *t);

struct turn_counters {
	guint64 bindings, challenges, auth_failures, denied, malformed;
	guint64 flooded; /* requests that were not answered */
	guint64 allocations;
	guint64 no_permission, no_channel, no_relay; /* dropped packets */
	guint64 to_peers, to_clients, relay_to_relay;
};
const struct turn_counters *turn_counters_of(const turn *t); /* borrowed */
/* Number of open allocations. */
guint turn_allocation_count(const turn *t);

#endif
