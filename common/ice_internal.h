/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of an ICE session share: ice.c (theory of operation, events, states), ice_agent.c
 * (libnice's agents), ice_relays.c (when relays are asked), ice_checks.c (when checks begin). Only
 * these files include it.  Depends on GLib and libnice. */
#ifndef COMMON_ICE_INTERNAL_H
#define COMMON_ICE_INTERNAL_H

#include "common/ice.h"

#include <nice/agent.h>

#define ICE_COMPONENT 1
/* TURN over TCP: long enough for two lost SYNs (1 s and 3 s), and leaves time for checks before the
 * deadline. */
#define ICE_RELIABLE_TIMEOUT_MS 3800

enum ice_event_kind { ICE_EVENT_CANDIDATE, ICE_EVENT_GATHERED, ICE_EVENT_STATE };

struct ice_event {
	enum ice_event_kind kind;
	guint stream;
	enum ice_state state;
	struct ice_candidate candidate;
	char *sdp;
};

struct ice_stream {
	NiceAgent *agent;
	GPtrArray *held; /* char *: remote candidates until checks begin; NULL: checks have begun */
	bool may_check, has_credentials;
	guint hold; /* source: ends the wait after hold_ms */
	guint id;   /* libnice's stream id */
	enum ice_state state;
	bool gathered, remote_gathered;
	bool failed; /* libnice reported FAILED */
	guint n_relays_udp_asked, n_relays_udp_got;
	bool tcp_asked;	   /* Allocates over TCP were sent, or no relay offers TCP */
	guint relay_timer; /* source: the head start of UDP; then the limit for TCP alone */
	guint deadline;	   /* source */
	char *ufrag, *pwd;
};

struct ice {
	struct ice_handlers handlers;
	gpointer user_data;
	guint n_streams;
	struct ice_stream *streams;
	struct ice_relay *relays;
	guint n_relays;
	GPtrArray *texts; /* char *: owns the strings of `relays` */
	guint deadline_ms, hold_ms, udp_head_start_ms;
	struct ice_report report;
	GQueue events;	/* struct ice_event */
	guint dispatch; /* source */
	bool closed;
	guint n_open; /* agents whose close has not completed */
};

/* The argument of a stream's timer. */
struct ice_timer {
	ice *owner;
	guint stream;
};

/* --- ice.c ------------------------------------------------------------------------------------ */

/* Queues an event that the main loop passes to the handlers; takes over `e->sdp`. */
void ice_queue_event(ice *i, const struct ice_event *e);
/* Ignores a step back. */
void ice_set_state(ice *i, guint stream, enum ice_state state);
/* Sets FAILED when libnice has reported it and both ends have gathered. */
void ice_fail_if_gathered(ice *i, guint stream);
/* Calls `passed` once, with a struct ice_timer.  Returns the source's id. */
guint ice_timer_add(ice *i, guint stream, guint ms, GSourceFunc passed);
/* Starts the timer that fails a stream without a pair after deadline_ms. */
void ice_start_deadline(ice *i, guint stream);

/* --- ice_agent.c ------------------------------------------------------------------------------ */

/* The caller owns the agent, which signals to `i`. */
NiceAgent *ice_agent_new(const struct ice_config *config, ice *i);
/* Marks local gathering as complete, reports it, and lets checks begin if they only waited for it.
 */
void ice_end_gathering(ice *i, guint n);
/* Starts gathering for stream `n`, whose agent exists.  Errors as of ice_new. */
bool ice_agent_start(ice *i, guint n, const struct ice_config *config, GError **error);

/* --- ice_relays.c ----------------------------------------------------------------------------- */

/* Before gathering: asks for every relay of stream `n` over UDP. */
void ice_ask_relays(ice *i, guint n);
/* When gathering starts: starts the head start of UDP, after which relays are asked over TCP. */
void ice_start_head_start(ice *i, guint n);
/* A relay has answered over UDP.  Asks over TCP after the last one. */
void ice_relay_came_by_udp(ice *i, guint n);
/* libnice has gathered what it was asked for.  Asks over TCP, or ends gathering when it has been
 * asked. */
void ice_gathering_round_ended(ice *i, guint n);

/* --- ice_checks.c ----------------------------------------------------------------------------- */

/* Begins checks when both ends have gathered, else after hold_ms.  Call it after each event that
 * checks wait for. */
void ice_begin_checks_if_ready(ice *i, guint stream);

#endif
