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

/* For the handler of the same name. */
enum ice_event_kind { ICE_EVENT_CANDIDATE, ICE_EVENT_GATHERED, ICE_EVENT_STATE };

struct ice_event {
	enum ice_event_kind kind;
	guint stream;
	enum ice_state state;		/* of ICE_EVENT_STATE */
	struct ice_candidate candidate; /* of ICE_EVENT_CANDIDATE, as is the next */
	char *sdp;
};

struct ice_stream {
	NiceAgent *agent;
	GPtrArray *held; /* char *: remote candidates until checks begin; NULL: checks have begun */
	bool may_check;	 /* ice_start_checks was called */
	char *remote_ufrag, *remote_pwd; /* the peer's; NULL: not known yet */
	bool reacts;			 /* libnice has them, and answers checks by checks */
	guint hold;			 /* source: ends the wait after hold_ms */
	guint n_unsent; /* ticks of pacing_ms until libnice has sent each check once */
	guint pacing;	/* source: the next tick */
	guint id;	/* libnice's stream id */
	enum ice_state state;
	bool gathered, remote_gathered;
	bool failed; /* libnice reported FAILED */
	guint n_relays_udp_asked, n_relays_udp_got;
	bool tcp_asked;	   /* Allocates over TCP were sent, or no relay offers TCP */
	guint relay_timer; /* source: the head start of UDP; then the limit for TCP alone */
	guint deadline;	   /* source: fails the stream */
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
	guint deadline_ms, hold_ms, udp_head_start_ms, pacing_ms;
	GMainContext *parked; /* never iterated: sockets attached to it are not read */
	struct ice_report report;
	GQueue events;	/* struct ice_event */
	guint dispatch; /* source: passes events on; 0: none is queued */
	bool closed;	/* ice_free was called: no handler may be called any more */
	guint n_open;	/* agents whose close has not completed */
};

/* --- ice.c ------------------------------------------------------------------------------------ */

/* Queues an event that the main loop passes to the handlers; takes over `e->sdp`. */
void ice_queue_event(ice *i, const struct ice_event *e);
/* Sets the state and queues an event; does nothing for a step back or after READY.  READY and
 * FAILED stop the deadline. */
void ice_set_state(ice *i, guint stream, enum ice_state state);
/* Sets FAILED if libnice has reported it and both ends have gathered; else does nothing. */
void ice_fail_if_gathered(ice *i, guint stream);
/* Sets `*id`, a member of the stream, to a timer that calls `passed` once after `ms`, with `*id` 0
 * again. */
void ice_timer_set(ice *i, guint stream, guint *id, guint ms, void (*passed)(ice *i, guint stream));
/* Starts the timer that fails a stream without a pair after deadline_ms. */
void ice_start_deadline(ice *i, guint stream);

/* --- ice_agent.c ------------------------------------------------------------------------------ */

/* A new agent that signals to `i`; the caller owns it. */
NiceAgent *ice_agent_new(const struct ice_config *config, ice *i);
/* Marks local gathering as complete and queues the event.  Begins checks, or fails the stream, if
 * either only waited for this. */
void ice_end_gathering(ice *i, guint n);
/* Whether libnice reads the sockets of stream `n`; until then packets wait in them. */
void ice_agent_read(ice *i, guint n, bool read);
/* How many pairs libnice makes of the candidates that it has, at most. */
guint ice_agent_count_pairs(const struct ice_stream *s);
/* Whether a check has arrived from an address that no candidate of the peer has. */
bool ice_agent_has_unknown_peer(const struct ice_stream *s);
/* Starts gathering for stream `n`, whose agent exists.  Returns false with an error as of
 * ice_new. */
bool ice_agent_start(ice *i, guint n, const struct ice_config *config, GError **error);

/* --- ice_relays.c ----------------------------------------------------------------------------- */

/* Before gathering: lets libnice ask every relay of stream `n` over UDP for an allocation, and
 * counts them for the report.  Sets tcp_asked if no relay offers TCP. */
void ice_ask_relays(ice *i, guint n);
/* When gathering starts: sets the timer after which relays are asked over TCP, unless none offers
 * it. */
void ice_start_head_start(ice *i, guint n);
/* To be called when a relay has answered over UDP.  Asks over TCP after the last answer. */
void ice_relay_came_by_udp(ice *i, guint n);
/* To be called when libnice has gathered what it was asked for.  Asks relays over TCP if that was
 * not done, else ends gathering. */
void ice_gathering_round_ended(ice *i, guint n);

/* --- ice_checks.c ----------------------------------------------------------------------------- */

/* Begins checks of the stream if both ends have gathered; else starts the timer of hold_ms.  Does
 * nothing while checks are not allowed, without the peer's credentials, or when they have begun.
 * Call it after each event that checks wait for. */
void ice_begin_checks_if_ready(ice *i, guint stream);

/* To be called when libnice has got further candidates of either end.  Until it has sent each check
 * once, or a pair works, no check of the peer causes one. */
void ice_pairs_added(ice *i, guint stream);

#endif
