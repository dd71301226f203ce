/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of an ICE session share: ice.c (events, states, life), ice_agent.c (libnice's
 * agents), ice_relays.c (which relays are asked, and when), ice_checks.c (the peer's candidates,
 * and when checks begin). Private to these files.  Depends on GLib and libnice.
 */
#ifndef COMMON_ICE_INTERNAL_H
#define COMMON_ICE_INTERNAL_H

#include "common/ice.h"

#include <nice/agent.h>

#define ICE_COMPONENT 1
/* TURN over TCP: room for two lost SYNs (1 s and 3 s), and still time for checks before the
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
	GPtrArray *held; /* char *: remote candidates, until checks begin; NULL: they are taken at
			    once */
	bool may_check, has_credentials;
	guint hold; /* source: no longer than hold_ms */
	guint id;   /* libnice's */
	enum ice_state state;
	bool gathered, remote_gathered;
	bool failed; /* libnice says so */
	guint n_relays_udp_asked, n_relays_udp_got;
	bool tcp_asked;	   /* the relays have been asked by TCP, too, or need not be */
	guint relay_timer; /* source: the head start; then the limit for TCP alone */
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
	GPtrArray *texts; /* char *: what `relays` borrows */
	guint deadline_ms, hold_ms, udp_head_start_ms;
	struct ice_report report;
	GQueue events;	/* struct ice_event */
	guint dispatch; /* source */
	bool closed;
	guint n_open; /* agents that have still to be closed */
};

/* For a timer of one stream. */
struct ice_timer {
	ice *owner;
	guint stream;
};

/* --- ice.c ------------------------------------------------------------------------------------ */

/* For the main loop to hand on; takes over `e->sdp`. */
void ice_queue_event(ice *i, const struct ice_event *e);
/* Forward only: what would be a step back is ignored. */
void ice_set_state(ice *i, guint stream, enum ice_state state);
/* FAILED, when libnice says so and both ends have ended gathering. */
void ice_believe_failure(ice *i, guint stream);
/* The source's id; `passed` gets a struct ice_timer and is called once. */
guint ice_timer_add(ice *i, guint stream, guint ms, GSourceFunc passed);
/* A stream without a pair fails in deadline_ms. */
void ice_start_deadline(ice *i, guint stream);

/* --- ice_agent.c ------------------------------------------------------------------------------ */

/* The caller owns it; its signals are for `i`. */
NiceAgent *ice_agent_new(const struct ice_config *config, ice *i);
/* This end has all its candidates. */
void ice_end_gathering(ice *i, guint n);
/* Begins gathering for stream `n`, whose agent is there.  G_IO_ERROR: no address, or no socket on
 * it. */
bool ice_agent_start(ice *i, guint n, const struct ice_config *config, GError **error);

/* --- ice_relays.c ----------------------------------------------------------------------------- */

/* Before gathering begins: every relay of stream `n`, by UDP. */
void ice_ask_relays(ice *i, guint n);
/* With gathering: when this is over the relays are asked by TCP, however UDP fares. */
void ice_start_head_start(ice *i, guint n);
/* A relay has answered by UDP: after the last one TCP follows. */
void ice_relay_came_by_udp(ice *i, guint n);
/* libnice has ended gathering what it was asked for: either that was all, or TCP follows now. */
void ice_relays_asked_are_done(ice *i, guint n);
void ice_clear_relay_timer(struct ice_stream *s);

/* --- ice_checks.c ----------------------------------------------------------------------------- */

/* Checks begin now, or in hold_ms, or not yet: call it whenever something that they wait for has
 * happened. */
void ice_begin_checks_if_whole(ice *i, guint stream);
void ice_clear_hold(struct ice_stream *s);

#endif
