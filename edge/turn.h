/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TURN server as a state machine: bytes and the time go in, calls of `turn_output` come out.
 *
 * No sockets, no clock, no randomness but its seed: the same calls give the same outputs, and ten
 * minutes pass in no time.  The A/V Edge (av_edge.h) puts sockets around it; tests and the fuzzer
 * use the same target.
 *
 * What it speaks: Binding (RFC 5389; RFC 3489 without cookie), Allocate, Refresh, CreatePermission,
 * ChannelBind, Send, Data, ChannelData (RFC 5766; REQUESTED-ADDRESS-FAMILY of RFC 8656).  EVEN-PORT
 * is understood without its reservation (508), RESERVATION-TOKEN and DONT-FRAGMENT are not (420).
 * Credentials: long-term, with the time-limited user names of common/mras.h.
 *
 * Relay to relay: a packet to an advertised relay address of this server does not go through the
 * kernel (nor through a 1:1 NAT's hairpin, which many firewalls lack): it is handed to that
 * allocation as coming from the sender's advertised address, and needs its permission like any
 * other.
 *
 * Amplification: what anybody can make us send, before credentials, is at most 1.5 times what he
 * sent, IP and UDP headers counted on both sides, for realms up to 12 characters.  Hence 401
 * without a reason phrase and a short nonce; a request too short to be an Allocate gets a bare 400.
 */
#ifndef EDGE_TURN_H
#define EDGE_TURN_H

#include "edge/allocation.h"
#include "edge/nonce.h"
#include "edge/policy.h"

#define TURN_LIFETIME_DEFAULT_S 600
#define TURN_LIFETIME_MAX_S 3600
#define TURN_DATAGRAM_MAX 65535
#define TURN_FAMILIES 2

typedef struct turn turn;

struct turn_config {
	const char *realm, *secret;
	struct nonce_source nonce;
	guint32 seed; /* of the choice of relay ports */
	/* Where relays are bound (port unused), and the same as the world sees it: one row a
	 * family, the second unset where there is but one; then by enum turn_transport of the
	 * client. */
	struct endpoint relay[TURN_FAMILIES][2], advertised[TURN_FAMILIES][2];
	/* What a client gets that names no family: an IPv4 relay, as RFC 8656 section 7.2 has it,
	 * or one of the family of the address that it asked.  Where there is no relay of that
	 * family: the first row's. */
	bool relay_family_same;
	guint16 relay_port_min, relay_port_max;
	const policy *policy; /* borrowed; must outlive the server */
	guint allocations_per_user, allocations_total;
	gint64 wall_offset_us; /* real time minus the `now_us` of all calls: credentials expire in
				  real time */
};

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
	enum reason reason;	     /* why it ended or failed; DENIED: the rule */
	const char *username;	     /* AUTH_FAILED, REFUSED: as given; NULL: not read */
	guint code;		     /* AUTH_FAILED, REFUSED: the answer's, RFC 5766 section 6.2 */
};

/* All are called from inside the functions below; none may call back into the server. */
struct turn_output {
	/* One datagram or frame to the client.  `media`: relayed data, which may be dropped. */
	void (*to_client)(gpointer client, const struct turn_tuple *tuple, const guint8 *data,
			  gsize length, bool media, gpointer user_data);
	/* Binds a->relay and sets a->socket.  0, EADDRINUSE (the next port is tried) or another
	 * errno. */
	int (*open_relay)(struct allocation *a, gpointer user_data);
	void (*close_relay)(struct allocation *a, gpointer user_data);
	void (*to_peer)(struct allocation *a, const struct endpoint *peer, const guint8 *data,
			gsize length, gpointer user_data);
	void (*event)(const struct turn_event *event, gpointer user_data);
};

/* Strings of `config` are copied. */
turn *turn_new(const struct turn_config *config, const struct turn_output *output,
	       gpointer user_data);
/* Ends all allocations (close_relay is called, with events). */
void turn_free(turn *t);

/* One datagram, or one frame of a stream, from a client.  `client` is handed back to to_client. */
void turn_from_client(turn *t, gint64 now_us, gpointer client, const struct turn_tuple *tuple,
		      const guint8 *data, gsize length);
/* The client's stream is closed. */
void turn_client_gone(turn *t, const struct turn_tuple *tuple);
/* A datagram at the relayed address of `a`. */
void turn_from_peer(turn *t, gint64 now_us, struct allocation *a, const struct endpoint *peer,
		    const guint8 *data, gsize length);

/* Ends what has expired. */
void turn_expire(turn *t, gint64 now_us);
/* Not later than this turn_expire wants to be called; G_MAXINT64: nothing to wait for. */
gint64 turn_next_expiry(const turn *t);

struct turn_counters {
	guint64 bindings, challenges, auth_failures, denied, malformed;
	guint64 allocations, no_permission, no_channel,
		no_relay; /* the last three: packets dropped */
	guint64 to_peers, to_clients, relay_to_relay;
};
const struct turn_counters *turn_counters_of(const turn *t);
guint turn_allocation_count(const turn *t);

#endif
