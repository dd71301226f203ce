/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ICE session of one call: one stream for each medium, one component for each stream (RTP and
 * RTCP multiplexed, RFC 5761). libnice does the work, in RFC 5245 mode with trickle (RFC 8838).
 *
 * Use: ice_new; then candidates are reported while the caller passes on what the peer sends
 * (ice_set_remote_credentials, ice_add_remote_candidate, ice_remote_gathered). A stream becomes
 * CONNECTED (media can be sent), then READY (the selected pair is final), or FAILED. A state never
 * goes back; the only way out of CONNECTED other than READY is FAILED.
 *
 * Depends on GLib and libnice.  All functions run on one thread, with its thread-default main
 * context. None blocks.
 */
#ifndef COMMON_ICE_H
#define COMMON_ICE_H

#include <glib.h>
#include <stdbool.h>

/* CONNECTED: a pair works, and media can be sent.  READY: the selected pair is final. */
enum ice_state { ICE_GATHERING, ICE_CHECKING, ICE_CONNECTED, ICE_READY, ICE_FAILED };
/* Own address, address seen by the relay, address seen by the peer, relayed address. */
enum ice_candidate_type { ICE_HOST, ICE_SRFLX, ICE_PRFLX, ICE_RELAY };
enum ice_transport { ICE_UDP, ICE_TCP };

struct ice_candidate {
	enum ice_candidate_type type;
	enum ice_transport transport;	    /* of the candidate itself */
	enum ice_transport relay_transport; /* of a local ICE_RELAY: how this end reaches it */
	char address[46];		    /* numeric, without port */
	guint16 port;
	guint32 priority;
};

struct ice_relay {
	const char *address;	    /* IP address of the A/V Edge as this client sees it */
	guint16 udp_port, tcp_port; /* 3478, 443; 0: not offered */
	const char *username, *password;
};

/* Timers, in milliseconds (docs/PROTOCOL.md).  "standard" is so long that a longer wait would not
 * connect more calls. */
struct ice_profile {
	const char *name;
	guint stun_initial_timeout_ms, stun_max_retransmissions, idle_timeout_ms, pacing_ms;
	guint udp_head_start_ms; /* Allocates over TCP are sent when UDP is silent for so long */
	guint hold_ms;		 /* checks wait at most this long until both ends have gathered */
	guint deadline_ms; /* from the peer's credentials to FAILED, when no pair was selected */
};
/* The profile "standard" or "fast"; static.  NULL: there is none of that name. */
const struct ice_profile *ice_profile_by_name(const char *name);

struct ice_config {
	bool controlling;	    /* the role of RFC 8445 section 6.1.1; the caller has it */
	const char *local_address;  /* gather on this address only; NULL: on all */
	const char *local_address6; /* with local_address: gather on this IPv6 address, too, and
				       prefer it (RFC 8421); NULL: none */
	bool all_addresses; /* with local_address: gather on all others of this machine, too, after
			       these */
	const struct ice_relay *relays; /* n_relays of them; usually one */
	guint n_relays;
	const struct ice_profile *profile;
	guint n_streams;	    /* at least 1 */
	guint16 port_min, port_max; /* of host candidates; both 0: any */
};

typedef struct ice ice;

struct ice_handlers {
	/* A local candidate to be sent to the peer.  `sdp` is the value of its a=candidate line ("1
	 * 1 UDP 2130706431 ..."). Both are borrowed. */
	void (*candidate)(ice *i, guint stream, const struct ice_candidate *c, const char *sdp,
			  gpointer user_data);
	/* No local candidate follows (a=end-of-candidates). */
	void (*gathered)(ice *i, guint stream, gpointer user_data);
	void (*state)(ice *i, guint stream, enum ice_state state, gpointer user_data);
	/* A packet that is no STUN message; `data` is borrowed. */
	void (*received)(ice *i, guint stream, const guint8 *data, gsize length,
			 gpointer user_data);
};

/* Creates the session and starts gathering.  `config` and `handlers` are copied.  The main loop
 * calls the handlers; no function of this module does.  NULL with G_IO_ERROR_INVALID_ARGUMENT (no
 * usable local address), G_IO_ERROR_FAILED (no socket on it) or G_IO_ERROR_TOO_MANY_OPEN_FILES. */
ice *ice_new(const struct ice_config *config, const struct ice_handlers *handlers,
	     gpointer user_data, GError **error);
/* No handler is called any more.  Sends a Refresh with lifetime 0 to each relay (RFC 8656
 * section 7.1) and frees the memory when it was answered or timed out, within a second.  Accepts
 * NULL. */
void ice_free(ice *i);

/* Local ufrag and password; borrowed until ice_free. */
void ice_local_credentials(ice *i, guint stream, const char **ret_ufrag, const char **ret_pwd);
/* Takes the peer's ufrag and password (copied).  The first call starts the stream's deadline. */
void ice_set_remote_credentials(ice *i, guint stream, const char *ufrag, const char *pwd);
/* The peer may be another program, which nominates a pair only when each of its checks has ended,
 * also those that nothing answers: the deadline becomes three times the 7.9 s that such a check may
 * take (RFC 5389 section 7.2.1 with RFC 5245's shortest RTO of 100 ms).  To be called before
 * ice_set_remote_credentials. */
void ice_be_patient(ice *i);
/* Takes the value of one a=candidate line of the peer; it is checked when checks begin.  Returns
 * false when it can't be used (see ice_candidate_is_usable) and was skipped. */
bool ice_add_remote_candidate(ice *i, guint stream, const char *sdp);
/* Whether libnice can use a candidate ("foundation component transport priority address port typ
 * TYPE ...", RFC 8839 section 5.1): UDP, component 1, and a numeric address that is not link-local,
 * multicast or unspecified.  libnice would take a TCP candidate without tcptype for a UDP one, and
 * writes to standard error about a host name. */
bool ice_candidate_is_usable(const char *sdp);
/* Parses a usable candidate, for reports.  Returns false for one that is not usable; *ret is
 * unchanged then. */
bool ice_parse_candidate(const char *sdp, struct ice_candidate *ret);
/* Takes note that the peer will send no further candidates (a=end-of-candidates). */
void ice_remote_gathered(ice *i, guint stream);
/* Allows the checks of the controlled end.  Call it once the peer knows this end's credentials: it
 * has acknowledged the answer, or it has trickled.  libnice 0.1.21 mishandles a check that arrives
 * before the answer and never uses its pair: a call that could go directly would go over a relay.
 * At the controlling end checks are allowed from the start. */
void ice_start_checks(ice *i);

/* Sends one packet on the selected pair, without waiting.  Returns the bytes sent; below 0: no pair
 * is selected yet, or the socket's buffer is full. */
gssize ice_send(ice *i, guint stream, const guint8 *data, gsize length);

enum ice_state ice_stream_state(const ice *i, guint stream);
/* Writes the selected pair as this end sees it; false: there is none, nothing is written. */
bool ice_selected_pair(ice *i, guint stream, struct ice_candidate *ret_local,
		       struct ice_candidate *ret_remote);

/* Counts over all streams, from which the ICEWarn bits are made (docs/PROTOCOL.md). */
struct ice_report {
	/* Allocates sent, and relayed candidates got */
	guint relays_udp_asked, relays_udp_got, relays_tcp_asked, relays_tcp_got;
	guint host, srflx, relay;		       /* local candidates found */
	guint remote_host, remote_srflx, remote_relay; /* candidates the peer gave */
};
void ice_get_report(const ice *i, struct ice_report *ret);

/* Names as events and SDP have them; static. */
const char *ice_state_name(enum ice_state s);			/* "gathering", ... */
const char *ice_candidate_type_name(enum ice_candidate_type t); /* "host", "srflx", ... */
const char *ice_transport_name(enum ice_transport t);		/* "udp", "tcp" */

#endif
