/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of a call: call.c (life, SIP), call_invite.c (how it begins), call_media.c
 * (ICE, trickle, media) and call_report.c (results). */
#ifndef CLIENTS_CALL_INTERNAL_H
#define CLIENTS_CALL_INTERNAL_H

#include "clients/call.h"
#include "clients/call_machine.h"
#include "clients/participants.h"
#include "common/call_sdp.h"
#include "common/media.h"

#define CALL_SETUP_MS 30000
#define CALL_ANSWER_MS 15000
#define CALL_BYE_MS 2000
#define CALL_SOURCES_MAX 32 /* whose media a call hears, in a conference */

struct call;

/* One medium of a call. */
struct call_stream {
	struct call *call;
	guint index;
	guint line; /* index of its m= line, which differs where a line before it was rejected */
	const struct media_profile *profile;
	guint payload_type, crypto_tag;
	guint8 local_key[MEDIA_KEY_BYTES];
	media_stream *media; /* NULL: the peer's key is unknown */
	bool sending;
	GPtrArray *candidates; /* char *: ours, as SDP values */
	guint announced;       /* how many of them were sent to the peer */
	bool gathered, end_announced;
	GPtrArray *early; /* char *: of the peer, until its credentials are known; then NULL */
	bool early_end;
	/* the first of each, for diagnostics */
	struct ice_candidate local_host, local_relay, remote_host, remote_relay;
	bool has_pair;
	struct ice_candidate local, remote; /* the selected pair */
};

struct call {
	struct client_session base;
	struct call_machine machine;
	char *peer;
	guint n_streams;
	struct call_stream streams[CALL_STREAMS_MAX];
	ice *ice;
	participants *members;	    /* of the conference; NULL: a call between two users */
	sip_msg *invite, *reinvite; /* not answered yet */
	call_sdp *offer;	    /* callee: what was offered; NULL: caller */
	bool peer_gathers_first;    /* it does not trickle: the peer wants all candidates at once */
	bool offer_waits;	    /* the offer, or the answer, waits for our own candidates */
	bool can_trickle, peer_remote_user, time_up;
	bool keep, reported; /* keep: it lasts beyond its result */
	bool stand;	     /* it lasts until it is hung up */
	bool talking;	     /* that it stands was reported */
	bool paused;	     /* media waits for the final pairs */
	bool drained;	     /* late media was waited for */
	guint media_ms;
	/* Sources: the limit of the call's time; the peer's checks, then media_ms; INFO; INVITE or
	 * answer; early media; reports of what was heard */
	guint deadline, clock, trickle, start, pause, watch;
	gint64 invite_us, first_media_us, last_media_us; /* 0: not yet */
	int sip_status;
	enum reason code;	/* more precise than the machine's; REASON_NONE: none */
	char *reason;		/* its words; NULL: those of the table */
	guint32 warn;		/* bits of enum ice_warn */
	int diagnostics_id;	/* 0: none */
	char *diagnostics_text; /* sent or received */
};

extern const struct client_session_ops call_session_ops;
/* call.c: executes a set of enum call_action; gives the machine an input and executes what it
 * says. */
void call_do(struct call *c, guint actions);
void call_input(struct call *c, enum call_input what);
/* Sets the limit of the call's time. */
void call_limit(struct call *c, guint limit_ms);
/* Adds our session description to a message; `final`: with the selected pair only. */
void call_add_description(struct call *c, sip_msg *m, bool final);
/* All participants of a conference may have been heard: then it ends when its time is over, or it
 * stands. */
void call_check_heard(struct call *c);

/* call_invite.c: own candidates, which the offer or answer waited for, are known: sends it soon. */
void call_go_on(struct call *c);
/* The peer's media has come, which it awaits. */
void call_heard(struct call *c);

/* call_media.c: makes the streams and starts ICE for the kinds; false with an error as of
 * ice_new. */
bool call_media_open(struct call *c, bool controlling, const char *const *kinds, guint n_kinds,
		     GError **error);
void call_media_close(struct call *c); /* frees them; a second call does nothing */
/* The SDP of an offer or answer; `final`: with the selected pair.  The caller frees. */
char *call_media_describe(struct call *c, bool final);
/* The streams that an offer can have, as lines of it and their kinds; returns their number. */
guint call_media_choose(const call_sdp *offer, guint *ret_lines, const char **ret_kinds);
/* Takes keys, credentials and candidates from the description in a message.  Returns false when it
 * does not match our media. */
bool call_media_take(struct call *c, const sip_msg *m);
/* Whether all own candidates are known. */
bool call_media_gathered(const struct call *c);
/* Takes trickled candidates from an INFO, and starts checks; ignores a malformed one. */
void call_media_take_fragment(struct call *c, const sip_msg *info);
/* To be called when the peer knows the dialog: candidates are sent in INFO from now on. */
void call_media_start_trickle(struct call *c);
/* Sends RTCP BYE and stops sending. */
void call_media_bye(struct call *c);
/* Stops sending, until call_media_resume. */
void call_media_pause(struct call *c);
/* To be called when ICE has its final pairs: continues paused media. */
void call_media_resume(struct call *c);

/* call_report.c: judges the media and sends the result event. */
void call_report(struct call *c);
/* Sends a media event: what was heard so far. */
void call_report_media(struct call *c);
/* Sets warn and diagnostics_id, and diagnostics_text unless the peer has sent one. */
void call_diagnose(struct call *c);
/* A candidate as events have it; the caller owns it. */
json_t *call_candidate_json(const struct ice_candidate *c, bool local);

#endif
