/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One ICE session of a call: one stream with one component (RTP and RTCP multiplexed, RFC 5761) for
 * each medium.  A shell around libnice in RFC 5245 mode with trickle (RFC 8838).
 *
 * Depends on GLib and libnice.  One thread, default main context; nothing blocks.
 *
 * Life: ice_new -> (candidate)* and in parallel ice_set_remote_credentials,
 * ice_add_remote_candidate
 * -> CONNECTED (send media) -> READY (read the final pair), or FAILED.  States of a stream only
 * move forward except CONNECTED -> FAILED.
 */
#ifndef COMMON_ICE_H
#define COMMON_ICE_H

#include <glib.h>
#include <stdbool.h>

enum ice_state { ICE_GATHERING, ICE_CHECKING, ICE_CONNECTED, ICE_READY, ICE_FAILED };
enum ice_candidate_type { ICE_HOST, ICE_SRFLX, ICE_PRFLX, ICE_RELAY };
enum ice_transport { ICE_UDP, ICE_TCP };

struct ice_candidate {
	enum ice_candidate_type type;
	enum ice_transport transport;	    /* of the candidate itself */
	enum ice_transport relay_transport; /* ICE_RELAY, local side only: how we reach our relay */
	char address[46];
	guint16 port;
	guint32 priority;
};

struct ice_relay {
	const char *address;	    /* IP address of the A/V Edge as this client sees it */
	guint16 udp_port, tcp_port; /* 3478, 443; 0: not offered */
	const char *username, *password;
};

/* Timers by name; see docs/PROTOCOL.md.  "standard" must not fail a call that a longer wait would
 * have connected. */
struct ice_profile {
	const char *name;
	guint stun_initial_timeout_ms, stun_max_retransmissions, idle_timeout_ms, pacing_ms;
	guint udp_head_start_ms; /* a relay is asked by TCP only when it has been silent by UDP for
				    so long */
	guint hold_ms;		 /* checks wait this long for both ends to have gathered */
	guint deadline_ms; /* a stream without a pair fails this long after the peer's credentials
			      came */
};
const struct ice_profile *ice_profile_by_name(const char *name); /* NULL: unknown */

struct ice_config {
	bool controlling;
	const char *local_address;  /* the one address to gather on; NULL: all */
	const char *local_address6; /* with it: an IPv6 address, too, which is preferred (RFC 8421);
				       NULL: none */
	const struct ice_relay *relays; /* n_relays of them; usually one */
	guint n_relays;
	const struct ice_profile *profile;
	guint n_streams;	    /* at least 1 */
	guint16 port_min, port_max; /* 0: any */
};

typedef struct ice ice;

struct ice_handlers {
	/* A local candidate, with its SDP attribute value ("1 1 UDP 2130706431 ..."), to be
	 * trickled. */
	void (*candidate)(ice *i, guint stream, const struct ice_candidate *c, const char *sdp,
			  gpointer user_data);
	void (*gathered)(ice *i, guint stream, gpointer user_data); /* end-of-candidates */
	void (*state)(ice *i, guint stream, enum ice_state state, gpointer user_data);
	void (*received)(ice *i, guint stream, const guint8 *data, gsize length,
			 gpointer user_data);
};

/* Starts gathering at once; callbacks come from the main loop, never from inside ice_new. */
ice *ice_new(const struct ice_config *config, const struct ice_handlers *handlers,
	     gpointer user_data, GError **error);
/* Releases relays (sends Refresh with lifetime 0) and frees in the background within a second. */
void ice_free(ice *i);

/* Local ufrag and password; borrowed. */
void ice_local_credentials(ice *i, guint stream, const char **ret_ufrag, const char **ret_pwd);
void ice_set_remote_credentials(ice *i, guint stream, const char *ufrag, const char *pwd);
/* One "a=candidate" value from the peer; false: not understood or unusable here (a name, a
 * link-local address, TCP without type); such a candidate is skipped. */
bool ice_add_remote_candidate(ice *i, guint stream, const char *sdp);
/* Whether "foundation component transport priority address port typ TYPE ..." (RFC 8839
 * section 5.1) is one that libnice gets on with: it takes a TCP candidate without tcptype for
 * another kind and complains about names on standard error. */
bool ice_candidate_is_usable(const char *sdp);
/* What such a value says, for reports; false as above. */
bool ice_parse_candidate(const char *sdp, struct ice_candidate *ret);
void ice_remote_gathered(ice *i, guint stream);
/* Checks begin once both ends have gathered, at the latest hold_ms after they could begin: at the
 * controlling end that is when the credentials are known.  The controlled end keeps the peer's
 * candidates to itself, and so sends no check, until it is told that the peer knows this end's
 * credentials (it has acknowledged the answer, or trickled): libnice 0.1.21 does not take a check
 * that outran them for what it is, and the pair is lost for good: a call that could go direct went
 * over a relay. */
void ice_start_checks(ice *i);

/* A packet by the stream's selected pair, at once.  Bytes sent; below 0: no pair yet, or the socket
 * is full. */
gssize ice_send(ice *i, guint stream, const guint8 *data, gsize length);

enum ice_state ice_stream_state(const ice *i, guint stream);
/* The selected pair as this end sees it; false: none. */
bool ice_selected_pair(ice *i, guint stream, struct ice_candidate *ret_local,
		       struct ice_candidate *ret_remote);

/* What went wrong while gathering, for ICEWarn (docs/PROTOCOL.md): counts over all streams. */
struct ice_report {
	guint relays_udp_asked, relays_udp_got, relays_tcp_asked, relays_tcp_got;
	guint host, srflx, relay;		       /* local candidates found */
	guint remote_host, remote_srflx, remote_relay; /* candidates the peer gave */
};
void ice_get_report(const ice *i, struct ice_report *ret);

const char *ice_state_name(enum ice_state s);
const char *ice_candidate_type_name(
	enum ice_candidate_type t);		      /* "host", "srflx", "prflx", "relay" */
const char *ice_transport_name(enum ice_transport t); /* "udp", "tcp" */

#endif
